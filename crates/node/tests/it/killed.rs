//! Killed: a node that is killed while clients add objects.
//! In: four clients that add as fast as they can; `kill -9` at some moment. Out: what the store holds afterwards.
//! Invariant: what was answered is there, whole and once; a request is there as a whole or not at all; `date_added` is unique.
//! Not here: the release path (`kill.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use stillwatch_track::exchange::{Asked, Pick, collections, page};
use stillwatch_track::{Missing, Place, Store};

use crate::lab::{Tested, envelope, id, object};
use crate::places::block_on;
use crate::served::node;

const CLIENTS: usize = 4;
/// Objects in a request.
const BATCH: usize = 25;
const ROUNDS: usize = 4;

#[test]
fn what_was_answered_is_there_and_nothing_by_halves() -> Tested {
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        let Some((mut node, address, token, store)) = node(folder.path())? else {
            eprintln!("skipped: needs 12,500 file handles a process (`ulimit -n`)");
            return Ok(());
        };
        let (tell, told) = channel();
        let writers: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (token, tell) = (token.clone(), tell.clone());
                std::thread::spawn(move || write_on(address, &token, client, &tell))
            })
            .collect();
        drop(tell);
        // In each round behind another answer, and some moment later.
        let mut answered = BTreeSet::new();
        for _ in 0..=round * 3 {
            answered.insert(told.recv_timeout(Duration::from_secs(120)).map_err(|_| "nothing was answered")?);
        }
        let nanoseconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.subsec_nanos();
        std::thread::sleep(Duration::from_micros(u64::from(nanoseconds / 1_000) % 20_000));
        node.kill()?;
        for writer in writers {
            writer.join().map_err(|_| "a client panicked")?;
        }
        answered.extend(told.try_iter());
        look(&store, &answered)?;
    }
    Ok(())
}

/// Adds batch after batch until nobody answers; says which were answered.
fn write_on(address: SocketAddr, token: &str, client: usize, tell: &Sender<(usize, usize)>) {
    for batch in 0.. {
        if add(address, token, client, batch).is_none() || tell.send((client, batch)).is_err() {
            return;
        }
    }
}

fn number(client: usize, batch: usize, n: usize) -> usize {
    client * 1_000_000 + batch * BATCH + n
}

fn add(address: SocketAddr, token: &str, client: usize, batch: usize) -> Option<()> {
    let objects: Vec<String> =
        (0..BATCH).map(|n| object("tool", number(client, batch, n), "2020-01-02T00:00:00.000Z")).collect();
    let body = envelope(&objects);
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "POST /trust/collections/shared/objects/ HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\ncontent-type: application/taxii+json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    text.starts_with("HTTP/1.1 202").then_some(())
}

fn look(folder: &Path, answered: &BTreeSet<(usize, usize)>) -> Tested {
    block_on(async {
        let store = Store::open(&Place::Folder(folder.into()), Missing::Refuse).await?;
        let all = collections(&store).await?;
        let shared = all.iter().find(|c| c.alias.as_deref() == Some("shared")).ok_or("no collection")?;
        let (mut held, mut after): (BTreeMap<String, usize>, Option<i64>) = (BTreeMap::new(), None);
        loop {
            let pick = Pick::default();
            let asked = Asked { pick: &pick, after, limit: 1_000, bytes: usize::MAX, texts: true };
            let page = page(&store, shared, &asked).await?;
            for entry in &page.entries {
                assert!(after < Some(entry.date_added), "`date_added` counts up");
                after = Some(entry.date_added);
                let whole: serde_json::Value = serde_json::from_str(&entry.json)?;
                assert_eq!(whole["id"], entry.id);
                *held.entry(entry.id.clone()).or_default() += 1;
            }
            if !page.more {
                break;
            }
        }
        assert!(held.values().all(|count| *count == 1));
        for &(client, batch) in answered {
            for n in 0..BATCH {
                assert!(held.contains_key(&id("tool", number(client, batch, n))), "{client} {batch} {n} was answered");
            }
        }
        assert_eq!(held.len() % BATCH, 0, "a request is there as a whole or not at all");
        assert!(held.len() / BATCH <= answered.len() + CLIENTS, "there is more than was sent");
        Ok(())
    })
}
