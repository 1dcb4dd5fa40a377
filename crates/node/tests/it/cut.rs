//! Cut: following that is killed anywhere.
//! In: a peer of two hundred pages; a child that follows it, `kill -9` at some moment. Out: what the store holds afterwards.
//! Invariant: objects, journal, quarantine and cursor agree after every cut; in the end all of it is there, once.
//! Not here: handing over (`kill.rs`), adding to a node (`killed.rs`).

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::extract::RawQuery;
use stillwatch_node::peer::{Asker, Way, With, walk};
use stillwatch_track::objects::{self, Which};
use stillwatch_track::peers::{self, Feed, Taken, follow, source};
use stillwatch_track::{Place, Store};

use crate::handing::peer;
use crate::intel::url;
use crate::lab::{TAXII, envelope, object};
use crate::places::{Tested, block_on, on_both, open};
use crate::world::{NOW, who};

on_both![killed_while_it_follows];

/// Pages of the peer.
const PAGES: usize = 200;
/// Objects on each that are taken; one more isn't.
const TAKEN: usize = 20;
/// How often a child is killed on each database.
const ROUNDS: usize = 12;

/// A page, always the same under the same `next`.
async fn page(RawQuery(query): RawQuery) -> ([(&'static str, String); 2], String) {
    let query = query.unwrap_or_default();
    let n: usize = query.split_once("next=n").and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
    let version = "2020-01-02T00:00:00.000Z";
    let mut objects: Vec<String> = (0..TAKEN).map(|k| object("tool", n * TAKEN + k, version)).collect();
    // One that contradicts the first.
    objects.push(object("tool", n * TAKEN, version).replace("\"name\":\"é", "\"name\":\"è"));
    let mut body = envelope(&objects);
    if n + 1 < PAGES {
        body.insert_str(1, &format!("\"more\":true,\"next\":\"n{}\",", n + 1));
    }
    // Whoever asks from a time on has seen everything.
    if query.contains("added_after=") {
        body = "{}".into();
    }
    let last = stillwatch_track::instant(NOW - 1_000_000 + n as i64);
    ([("content-type", TAXII.into()), ("x-taxii-date-added-last", last)], body)
}

fn serve() -> Result<SocketAddr, Box<dyn std::error::Error>> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    // It ends with the process.
    std::thread::spawn(move || {
        block_on(async {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                let _ = axum::serve(listener, Router::new().fallback(page)).await;
            }
        });
    });
    Ok(address)
}

/// The child: follows to the end, and says each page that was taken.
#[test]
#[ignore = "run by the test that kills it"]
fn child() -> Tested {
    let place = Place::parse(&std::env::var_os("STILLWATCH_FAULT_PLACE").ok_or("no place was given")?);
    block_on(async {
        let store = open(&place).await?;
        let said = on(&store, &|_: &Feed, _: &Taken| {
            let mut out = std::io::stdout().lock();
            // Nobody may read it any more.
            let _ = writeln!(out, "\npage").and_then(|()| out.flush());
        })
        .await?;
        Err(format!("it came to its end before it was killed: {said:?}").into())
    })
}

async fn on(store: &Store, told: &(dyn Fn(&Feed, &Taken) + Sync)) -> Result<Way, Box<dyn std::error::Error>> {
    let there = peers::peer(store, "lab-two").await?;
    let feed = peers::feeds(store, None).await?.pop().ok_or("no feed")?;
    let with = With { clock: || NOW, identity: None, told };
    Ok(walk(store, &there, &Asker::of(&there)?, feed, &with).await?.way)
}

/// Runs a child until it has said some pages, and a moment longer; how many it said.
fn killed(place: &Place, round: usize) -> Result<usize, Box<dyn std::error::Error>> {
    let data: OsString = match place {
        Place::Folder(folder) => folder.into(),
        Place::Server(url) => url.into(),
    };
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "cut::child", "--ignored", "--nocapture", "--test-threads", "1"])
        .env("STILLWATCH_FAULT_PLACE", data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let out = child.stdout.take().ok_or("the child has no stdout")?;
    let mut lines = BufReader::new(out).lines();
    let mut seen = 0;
    // In each round behind another page, and some moment later.
    while seen <= round % 5 {
        let line = lines.next().ok_or("the child ended")??;
        seen += usize::from(line == "page");
    }
    let nanoseconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.subsec_nanos();
    std::thread::sleep(Duration::from_micros(u64::from(nanoseconds / 1_000) % 20_000));
    child.kill()?;
    child.wait()?;
    Ok(seen + lines.map_while(Result::ok).filter(|line| line == "page").count())
}

/// How many pages are in the store, by everything that says so.
async fn pages(place: &Place, store: &Store) -> Result<usize, Box<dyn std::error::Error>> {
    // Whoever writes to the feed waits until what the child had begun is done or undone.
    let feed = peers::feeds(store, None).await?.pop().ok_or("no feed")?;
    peers::seen(store, &feed, NOW).await?;
    let which = Which { source: Some(source("lab-two")), ..Which::default() };
    let there = objects::page(store, &which, 100_000, None).await?;
    let ids: BTreeSet<&str> = there.iter().map(|object| object.id.as_str()).collect();
    assert_eq!(ids.len(), there.len(), "something is there twice");
    assert_eq!(there.len() % TAKEN, 0, "a page is there by halves");
    let pages = there.len() / TAKEN;
    assert!((0..there.len()).all(|n| ids.contains(crate::lab::id("tool", n).as_str())), "something is missing");
    assert_eq!(peers::open(store, None, 0, 10_000).await?.len(), pages, "what was held doesn't agree");
    let pool = sqlx::AnyPool::connect(&url(place)).await?;
    let sql = "SELECT what, COUNT(*), COUNT(DISTINCT id) FROM received GROUP BY what ORDER BY what";
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(sql).fetch_all(&pool).await?;
    pool.close().await;
    let taken = (pages * TAKEN) as i64;
    let wanted: Vec<_> = (pages > 0).then(|| ("came".to_owned(), taken, taken)).into_iter().collect();
    assert_eq!(rows, wanted, "the journal doesn't agree");
    let cursor = peers::feeds(store, None).await?.pop().ok_or("no feed")?.cursor;
    let next = if pages == 0 || pages == PAGES { String::new() } else { format!("n{pages}") };
    assert_eq!(cursor.next, next, "the cursor doesn't agree");
    assert_eq!(cursor.added_after.is_empty(), pages < PAGES, "the cursor doesn't agree");
    Ok(pages)
}

async fn killed_while_it_follows(place: Place) -> Tested {
    let address = serve()?;
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    std::fs::write(&token, "secret")?;
    let store = open(&place).await?;
    let mut there = peer("lab-two", format!("http://{address}/trust/"), token.display().to_string());
    there.acknowledges = false;
    peers::add(&store, &there, &who("ada", 0)).await?;
    follow(&store, "lab-two", "shared").await?;
    let mut before = 0;
    for round in 0..ROUNDS {
        let said = killed(&place, round)?;
        let now = pages(&place, &store).await?;
        // Everything that was said is there; what was under way may be.
        assert!(now == before + said || now == before + said + 1, "{said} pages after {before}, and there are {now}");
        before = now;
    }
    assert!(before < PAGES, "it was never cut");
    assert_eq!(on(&store, &|_, _| ()).await?, Way::Whole);
    assert_eq!(pages(&place, &store).await?, PAGES);
    // And no more.
    assert_eq!(on(&store, &|_, _| ()).await?, Way::Whole);
    assert_eq!(pages(&place, &store).await?, PAGES);
    Ok(())
}
