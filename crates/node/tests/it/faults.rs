//! Faults: what others, the disk and the clock may do to a node.
//! In: drips, bombs, half-closed connections, a full disk, a clock that goes back. Out: what holds all the same.
//! Invariant: who behaves is answered meanwhile; what was refused left nothing behind.
//! Not here: many connections (`idle.rs`), a node that is killed (`killed.rs`), silence (`wire.rs`).

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use stillwatch_node::config::Tls;
use stillwatch_node::serve::tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::lab::{Lab, TAXII, Tested, config, envelope, object, some};
use crate::wire::{Open, ask};

const OBJECTS: &str = "/trust/collections/shared/objects/";

/// Sends bytes one by one until the other side has enough; what it said to that.
async fn drip(stream: TcpStream, bytes: &[u8]) -> Tested<String> {
    let (mut from, mut into) = stream.into_split();
    let mut said = Vec::new();
    let all = async {
        for byte in bytes.iter().cycle() {
            if into.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let heard = async {
        // Ends when the other side ends it, which it does though we never stop.
        let _ = from.read_to_end(&mut said).await;
    };
    let ended = async {
        tokio::select! { () = all => {}, () = heard => {} }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.map_err(|_| "it listens for ever")?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn who_drips_is_not_waited_for_and_holds_up_nobody() -> Tested {
    let folder = tempfile::tempdir()?;
    let (certificate, key) = tls::trial()?;
    let (at, with) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&at, certificate)?;
    std::fs::write(&with, key)?;
    let files = Tls { certificate: at, key: with, client_ca: None, client_crl: None };
    for is_tls in [false, true] {
        let mut config = config();
        config.limits.idle_milliseconds = 500;
        config.limits.seconds = 1;
        let open = Open::new(config, is_tls.then_some(&files)).await?;
        let token = open.lab.token("both").to_owned();
        let slow = async {
            let drips = (0..20).map(|_| async {
                let stream = TcpStream::connect(open.address).await?;
                // A header that never ends; over TLS, a handshake that never does.
                drip(stream, b"GET / HTTP/1.1\r\nx: y\r\n").await
            });
            futures_util::future::try_join_all(drips).await
        };
        let others = async {
            for _ in 0..20 {
                if !is_tls {
                    let mut stream = TcpStream::connect(open.address).await?;
                    let said = ask(&mut stream, OBJECTS, &token).await?;
                    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
                }
            }
            Tested::Ok(())
        };
        let (slow, others) = tokio::join!(slow, others);
        others?;
        assert!(slow?.iter().all(|said| !said.contains(" 200 ")));
        open.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_body_that_drips_is_refused_and_adds_nothing() -> Tested {
    let mut config = config();
    config.limits.seconds = 1;
    let open = Open::new(config, None).await?;
    let head = format!(
        "POST {OBJECTS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/taxii+json\r\n",
        open.lab.token("both")
    );
    for how in ["content-length: 100000\r\n\r\n{\"objects\":[", "transfer-encoding: chunked\r\n\r\n"] {
        let mut stream = TcpStream::connect(open.address).await?;
        stream.write_all(format!("{head}{how}").as_bytes()).await?;
        let piece = if how.starts_with("transfer") { "1\r\n \r\n" } else { " " };
        let said = drip(stream, piece.as_bytes()).await?;
        assert!(said.starts_with("HTTP/1.1 503"), "{said}");
    }
    // The places that they held are free again.
    assert_eq!(open.lab.post("both", "shared", &envelope(&some(1))).await?.status, 202);
    assert_eq!(open.lab.shared("objects/").await?.ids().len(), 1);
    open.end().await
}

#[tokio::test]
async fn a_client_whose_bodies_drip_keeps_no_other_out() -> Tested {
    let mut config = config();
    (config.limits.bodies, config.limits.seconds) = (2, 4);
    let open = Open::new(config, None).await?;
    let head = format!(
        "POST {OBJECTS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/taxii+json\r\ncontent-length: 100000\r\n\r\n",
        open.lab.token("both")
    );
    let slow = async {
        let drips = (0..6).map(|_| async {
            let mut stream = TcpStream::connect(open.address).await?;
            stream.write_all(head.as_bytes()).await?;
            drip(stream, b" ").await
        });
        futures_util::future::try_join_all(drips).await
    };
    let other = async {
        // Behind all six: without a share of its own it would wait until its own time is over.
        while !open.lab.node.counts.text().contains("stillwatch_connections 6") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        open.lab.post("analyst", "shared", &envelope(&some(1))).await
    };
    let (slow, other) = tokio::join!(slow, other);
    assert_eq!(other?.status, 202);
    assert!(slow?.iter().all(|said| said.is_empty() || said.starts_with("HTTP/1.1 503")));
    open.end().await
}

#[tokio::test]
async fn half_closed_connections_end_and_a_half_body_adds_nothing() -> Tested {
    let open = Open::new(config(), None).await?;
    let token = open.lab.token("both");
    let body = envelope(&some(3));
    let post = format!(
        "POST {OBJECTS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/taxii+json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let half = &body[..body.len() / 2];
    for (begun, is_whole) in [
        (String::new(), false),
        ("GET / HTT".to_owned(), false),
        (format!("{post}{half}"), false),
        (format!("GET {OBJECTS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n"), true),
    ] {
        let mut stream = TcpStream::connect(open.address).await?;
        stream.write_all(begun.as_bytes()).await?;
        stream.shutdown().await?;
        let mut said = Vec::new();
        let read = stream.read_to_end(&mut said);
        tokio::time::timeout(Duration::from_secs(60), read).await.map_err(|_| begun.clone())?.ok();
        let said = String::from_utf8_lossy(&said);
        // An answer is whole, or there is none.
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 "), "{said}");
        assert!(is_whole || !said.contains(" 202 "), "{said}");
    }
    assert_eq!(open.lab.shared("objects/").await?.ids().len(), 0);
    // Over the network they are gone.
    let gone = async {
        while !open.lab.node.counts.text().contains("stillwatch_connections 0") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await?;
    open.end().await
}

/// The most memory that this process ever had, in KiB.
fn peak() -> Tested<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[tokio::test]
async fn a_bomb_costs_no_more_than_the_limit() -> Tested {
    let lab = Lab::new().await?;
    let most = lab.node.config.limits.body_bytes;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&vec![b' '; 8 << 20])?;
    let one = gzip.finish()?;
    // Two GiB in several hundred KiB: members of one stream follow each other (RFC 1952, section 2.2).
    let bomb = one.repeat(256);
    assert!(bomb.len() < most, "{}", bomb.len());
    let before = peak()?;
    let mut again = GzEncoder::new(Vec::new(), Compression::fast());
    again.write_all(&bomb)?;
    let nested = again.finish()?;
    for (encoding, bytes, expected) in
        [("gzip", bomb.clone(), 413), ("gzip", nested, 400), ("gzip, gzip", bomb.clone(), 415), ("br", bomb, 415)]
    {
        let headers = [("accept", TAXII), ("content-type", TAXII), ("content-encoding", encoding)];
        let request = lab.request("both", "POST", OBJECTS, &headers, "")?.map(|_| Body::from(bytes));
        assert_eq!(lab.send(request).await?.status, expected, "{encoding}");
    }
    let grown = peak()?.saturating_sub(before);
    // What comes, and what comes out of it, with the room that a growing list takes.
    assert!(grown < 6 * (most as u64 >> 10), "{grown} KiB");
    Ok(())
}

#[tokio::test]
async fn a_clock_that_goes_back_keeps_the_order() -> Tested {
    let lab = Lab::new().await?;
    lab.put(&some(1)).await?;
    let first =
        lab.shared("manifest/").await?.json()["objects"][0]["date_added"].as_str().unwrap_or_default().to_owned();
    // As if the last object had been added a day later than our clock says now.
    let file = format!("sqlite://{}", lab.folder.path().join("data/stillwatch.sqlite").display());
    let raw = sqlx::sqlite::SqlitePool::connect(&file).await?;
    let day = 86_400_000_000i64;
    sqlx::query("UPDATE exchange_clock SET last = last + ?").bind(day).execute(&raw).await?;
    raw.close().await;
    let objects: Vec<String> = (1..30).map(|n| object("tool", n, "2020-01-02T00:00:00.000Z")).collect();
    for one in objects.chunks(10) {
        lab.put(one).await?;
    }
    let all = lab.shared("manifest/").await?.json();
    let added: Vec<_> =
        all["objects"].as_array().into_iter().flatten().map(|o| o["date_added"].as_str().unwrap_or_default()).collect();
    assert_eq!(added.len(), 30);
    assert!(added.is_sorted() && added.windows(2).all(|two| two[0] != two[1]), "{added:?}");
    let later = |text: &str| text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_microsecond);
    assert!(later(added[1])? > later(&first)? + day);
    // Who reads on from the last one that it knows misses nothing.
    assert_eq!(lab.shared(&format!("objects/?added_after={first}")).await?.ids().len(), 29);
    assert_eq!(lab.shared(&format!("objects/?added_after={}", added[20])).await?.ids().len(), 9);
    Ok(())
}

/// A disk of a few MiB, as long as it is held; `None` where none may be mounted.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Tested<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(folder.path()).output();
        Ok(mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder)))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a connection to the store may still be open.
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_what_comes_and_keeps_what_came() -> Tested {
    let Some(disk) = SmallDisk::mount()? else {
        eprintln!("skipped: needs the right to mount a small disk");
        return Ok(());
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0u8; 1 << 20])?;
    let lab = Lab::within(config(), tempfile::tempdir_in(disk.path())?).await?;
    let pad = "x".repeat(2_000);
    let batch = |n: usize| {
        let objects = (n * 20..n * 20 + 20).map(|n| object("tool", n, "2020-01-02T00:00:00.000Z"));
        envelope(
            &objects.map(|text| text.replacen("\"name\"", &format!("\"x\":\"{pad}\",\"name\""), 1)).collect::<Vec<_>>(),
        )
    };
    let post = async |n: usize| -> Tested<(u16, String)> {
        let headers = [("accept", TAXII), ("content-type", TAXII)];
        let response = lab.app.clone().oneshot(lab.request("both", "POST", OBJECTS, &headers, &batch(n))?).await?;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    };
    let mut taken = 0;
    let refused = loop {
        let (status, text) = post(taken).await?;
        if status != 202 {
            break (status, text);
        }
        taken += 1;
        assert!(taken < 1_000, "the disk is never full");
    };
    // It isn't the client's fault, it may come again, and nothing of what happened inside is told.
    assert_eq!(refused.0, 503, "{}", refused.1);
    assert!(!refused.1.contains("disk") && !refused.1.contains("SQL"), "{}", refused.1);
    assert!(taken > 5, "{taken}");
    let count = async || -> Tested<usize> {
        let (mut ids, mut next) = (std::collections::BTreeSet::new(), String::new());
        loop {
            let said = lab.shared(&format!("manifest/?limit=1000{next}")).await?;
            assert_eq!(said.status, 200);
            ids.extend(said.ids());
            match said.json()["next"].as_str() {
                Some(text) => next = format!("&next={text}"),
                None => return Ok(ids.len()),
            }
        }
    };
    // It reads on while nothing can be written, and what was refused isn't there.
    assert_eq!(count().await?, taken * 20);
    assert_eq!(post(taken).await?.0, 503);
    assert_eq!(count().await?, taken * 20);
    // With room again it takes what it refused, in order.
    std::fs::remove_file(&ballast)?;
    assert_eq!(post(taken).await?.0, 202);
    assert_eq!(count().await?, (taken + 1) * 20);
    let Lab { node, app, .. } = lab;
    drop(app);
    node.store.clone().close().await;
    Ok(())
}
