//! Slow: peers that answer byte by byte, or page after page without end.
//! In: a server that never comes to an end; little patience. Out: the walk ends by itself, and the peer is asked again later.
//! Invariant: whoever is slow costs bounded time; what was taken until then stays, and the walk goes on there.
//! Not here: peers that lie (`following.rs`, `watched.rs`).

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::RawQuery;
use stillwatch_node::peer::{Asker, Walked, Watched, Way, walk, watch};
use stillwatch_track::peers;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::following::{Follower, WITH};
use crate::lab::{TAXII, Tested, object};

/// Far more than any of these tests takes: whoever waits without end fails here.
const NEVER: Duration = Duration::from_secs(100);

/// A server that says the beginning at once, and then a byte now and then, for ever.
async fn dripping(beginning: &'static str) -> Tested<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let runs = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0u8; 4_096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(beginning.as_bytes()).await;
                // It ends when the other side has gone.
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
    });
    Ok((address, runs))
}

async fn walked(follower: &Follower, (answer, whole): (Duration, Duration)) -> Tested<Walked> {
    let feed = peers::feeds(&follower.store, None).await?.pop().ok_or("no feed")?;
    let asker = Asker::of(&follower.peer)?.patient(answer, whole);
    Ok(tokio::time::timeout(NEVER, walk(&follower.store, &follower.peer, &asker, feed, &WITH)).await??)
}

#[tokio::test]
async fn a_peer_that_drips_is_given_up_on() -> Tested {
    let patience = Duration::from_millis(400);
    for (how, beginning) in [
        ("nothing but spaces", ""),
        ("a header that never ends", "HTTP/1.1 200 OK\r\nx-long:"),
        ("a body", "HTTP/1.1 200 OK\r\ncontent-type: application/taxii+json\r\ncontent-length: 1000000\r\n\r\n{"),
        ("a body without a length", "HTTP/1.1 200 OK\r\ncontent-type: application/taxii+json\r\n\r\n{"),
        ("a refusal", "HTTP/1.1 503 Busy\r\ncontent-length: 1000000\r\n\r\n{"),
    ] {
        let (address, runs) = dripping(beginning).await?;
        let follower = Follower::of(format!("http://{address}/trust/"), "secret", "shared").await?;
        let walked = walked(&follower, (patience, NEVER)).await?;
        assert!(
            matches!(&walked.way, Way::Failed(because, _) if because.contains("can't be reached")),
            "{how}: {walked:?}"
        );
        // Neither does its ledger take longer.
        let mut peer = follower.peer.clone();
        peer.ledger = Some(stillwatch_ledger::Key::generate("lab-two.example/ledger")?.public().to_line());
        let asker = Asker::of(&peer)?.patient(patience, NEVER);
        let seen = tokio::time::timeout(NEVER, watch(&follower.store, &peer, &asker)).await??;
        assert!(matches!(seen, Watched::Away(_)), "{how}: {seen:?}");
        runs.abort();
    }
    Ok(())
}

/// An object in each answer, and always more to come.
async fn endless(RawQuery(query): RawQuery) -> ([(&'static str, &'static str); 2], String) {
    let next = query.unwrap_or_default();
    let n: usize = next.split_once("next=n").and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let object = object("tool", n, "2020-01-02T00:00:00.000Z");
    let body = format!("{{\"more\":true,\"next\":\"n{}\",\"objects\":[{object}]}}", n + 1);
    ([("content-type", TAXII), ("x-taxii-date-added-last", "2026-01-01T00:00:00.000000Z")], body)
}

#[tokio::test]
async fn a_peer_that_never_ends_keeps_nobody_waiting() -> Tested {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let runs = tokio::spawn(async move {
        // Until the test ends it.
        let _ = axum::serve(listener, Router::new().fallback(endless)).await;
    });
    let follower = Follower::of(format!("http://{address}/trust/"), "secret", "shared").await?;
    // Each answer comes well in time; all of them together don't.
    let patience = (NEVER, Duration::from_millis(300));
    let first = walked(&follower, patience).await?;
    assert!(matches!(first.way, Way::Later(_)) && first.pages > 0, "{first:?}");
    // It goes on where it was: nothing twice, nothing left out.
    let second = walked(&follower, patience).await?;
    assert!(matches!(second.way, Way::Later(_)) && second.pages > 0, "{second:?}");
    assert_eq!((first.taken.known, second.taken.known), (0, 0));
    let all = first.pages + second.pages;
    assert_eq!(follower.texts().await?.len(), all);
    assert_eq!(follower.cursor().await?.next, format!("n{all}"));
    runs.abort();
    Ok(())
}
