//! Certificates: clients that are known by one, over real connections.
//! In: certificates that are good, revoked, run out, unknown, another authority's. Out: an answer, 401, or no connection.
//! Invariant: what an authority took back opens nothing; who shows two things shows two of the same client.
//! Not here: reading files anew (`reload.rs`).

use stillwatch_node::access::end;
use stillwatch_track::By;
use stillwatch_track::exchange::{tie, untie};

use crate::authority::{Authority, Identity, connect, files, status};
use crate::lab::{Tested, config};
use crate::wire::Open;

const PATH: &str = "/trust/collections/shared/";

#[tokio::test]
async fn a_certificate_is_a_clients_or_opens_nothing() -> Tested {
    let folder = tempfile::tempdir()?;
    let (server, clients, foreign) = (Authority::new("server")?, Authority::new("lab")?, Authority::new("foreign")?);
    let files = files(folder.path(), &server, &clients, &clients.revoked(&[13], 2090)?)?;
    let good = clients.issue(10, "lab-two", 2090)?;
    let unknown = clients.issue(11, "lab-two", 2090)?;
    let late = clients.issue(12, "lab-two", 2021)?;
    let revoked = clients.issue(13, "lab-two", 2090)?;
    let others = foreign.issue(10, "lab-two", 2090)?;
    let open = Open::new(config(), Some(&files)).await?;
    let node = &open.lab.node;
    // All but one are tied to a client: being tied is not enough.
    for one in [&good, &late, &revoked, &others] {
        tie(&node.store, "both", &one.hash(), 5).await?;
    }
    node.refresh().await?;
    let (both, reader) = (open.lab.token("both"), open.lab.token("reader"));
    let all: [(&str, Option<&Identity>, &str, u16); 15] = [
        ("good", Some(&good), "", 200),
        ("good, its own token", Some(&good), both, 200),
        ("good, another's token", Some(&good), reader, 401),
        ("good, no token at all", Some(&good), "nonsense", 401),
        ("nothing", None, "", 401),
        ("a token", None, both, 200),
        ("unknown", Some(&unknown), "", 401),
        ("unknown, a token", Some(&unknown), both, 401),
        ("run out", Some(&late), "", 0),
        ("run out, a token", Some(&late), both, 0),
        ("revoked", Some(&revoked), "", 0),
        ("revoked, a token", Some(&revoked), both, 0),
        ("foreign", Some(&others), "", 0),
        ("foreign, a token", Some(&others), both, 0),
        ("good again", Some(&good), "", 200),
    ];
    for (what, shown, token, expected) in all {
        let told = match connect(open.address, &server, shown).await {
            Ok(mut stream) => status(&mut stream, PATH, token).await,
            Err(_) => 0,
        };
        assert_eq!(told, expected, "{what}");
    }
    // What isn't tied any more, on a connection that is there already.
    let mut stream = connect(open.address, &server, Some(&good)).await?;
    assert_eq!(status(&mut stream, PATH, "").await, 200);
    untie(&node.store, "both", &good.hash()).await?;
    node.refresh().await?;
    assert_eq!(status(&mut stream, PATH, "").await, 401);
    tie(&node.store, "both", &good.hash(), 6).await?;
    node.refresh().await?;
    assert_eq!(status(&mut stream, PATH, "").await, 200);
    end(&node.store, "both", &By { author: "ada".into(), at: 7 }).await?;
    node.refresh().await?;
    assert_eq!(status(&mut stream, PATH, "").await, 401);
    drop(stream);
    open.end().await
}

#[tokio::test]
async fn a_list_that_is_too_old_lets_no_certificate_in_and_no_session_is_taken_up_again() -> Tested {
    let folder = tempfile::tempdir()?;
    let (server, clients) = (Authority::new("server")?, Authority::new("lab")?);
    let files = files(folder.path(), &server, &clients, &clients.revoked(&[], 2022)?)?;
    let good = clients.issue(10, "lab-two", 2090)?;
    let open = Open::new(config(), Some(&files)).await?;
    tie(&open.lab.node.store, "both", &good.hash(), 5).await?;
    open.lab.node.refresh().await?;
    let told = match connect(open.address, &server, Some(&good)).await {
        Ok(mut stream) => status(&mut stream, PATH, "").await,
        Err(_) => 0,
    };
    assert_eq!(told, 0);
    // Tokens open it as before.
    let mut stream = connect(open.address, &server, None).await?;
    assert_eq!(status(&mut stream, PATH, open.lab.token("both")).await, 200);
    assert_eq!(stream.get_ref().1.tls13_tickets_received(), 0);
    drop(stream);
    open.end().await
}

#[tokio::test]
async fn a_certificate_is_one_clients_only() -> Tested {
    let lab = crate::lab::Lab::new().await?;
    let store = &lab.node.store;
    let one = Authority::new("lab")?.issue(1, "lab-two", 2090)?.hash();
    tie(store, "both", &one, 5).await?;
    tie(store, "both", &one, 6).await?;
    assert!(tie(store, "reader", &one, 5).await.is_err_and(|e| e.to_string().contains("`both`")));
    assert!(tie(store, "nobody-at-all", &one, 5).await.is_err());
    assert!(tie(store, "reader", "sha", 5).await.is_err());
    assert!(untie(store, "reader", &one).await.is_err());
    // Who is revoked has none; another may have it.
    end(store, "both", &By { author: "ada".into(), at: 7 }).await?;
    tie(store, "reader", &one, 8).await?;
    let all = stillwatch_track::exchange::clients(store).await?;
    let held: Vec<_> = all.iter().filter(|c| !c.certificates.is_empty()).map(|c| c.name.as_str()).collect();
    assert_eq!(held, ["reader"]);
    Ok(())
}
