//! Kill: a program that is killed anywhere on the release path.
//! In: a child that proposes, approves, records and sends, and says what was acknowledged. Out: what store, ledger and outbox hold.
//! Invariant: nothing unrecorded was sent, nothing approved is lost, nothing was sent twice under two ids.
//! Not here: single writes of the store (`track/tests`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use stillwatch_node::release::{approve, settle, to_folder, withdraw};
use stillwatch_stix::{Bundle, Limits};
use stillwatch_track::releases::{self, State, Way, Which};
use stillwatch_track::{Place, Store};

use crate::places::{Tested, block_on, on_both};
use crate::world::{World, trusted, who};

on_both![killed_on_the_release_path];

/// How often a child is killed on each database.
const ROUNDS: usize = 16;

/// The child: releases one campaign after the other until it is killed; every fourth is taken back.
#[test]
#[ignore = "run by the test that kills it"]
fn child() -> Tested {
    let place = Place::parse(&std::env::var_os("STILLWATCH_FAULT_PLACE").ok_or("no place was given")?);
    let folder = std::env::var_os("STILLWATCH_FAULT_FOLDER").ok_or("no folder was given")?;
    let from: u32 = std::env::var("STILLWATCH_FAULT_FROM")?.parse()?;
    let say = |text: String| -> Tested {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{text}")?;
        Ok(out.flush()?)
    };
    block_on(async {
        let world = World::again(&place, Path::new(&folder)).await?;
        for n in from.. {
            let later = i64::from(n) * 1000;
            let release = world.propose(&world.campaign(n).await?, &who("ana", later)).await?.id;
            say(format!("at {n}"))?;
            approve(&world.store, &release, &trusted(), &who("ben", later + 1)).await?;
            say(format!("approved {release}"))?;
            settle(&world.store, &world.record, &who("ben", later + 2)).await?;
            to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", later + 3)).await?;
            say(format!("sent {release}"))?;
            if n % 4 == 0 {
                withdraw(&world.store, &release, "T-1", &who("cleo", later + 4)).await?;
                say(format!("withdrawn {release}"))?;
            }
            settle(&world.store, &world.record, &who("ben", later + 5)).await?;
        }
        Ok(())
    })
}

/// What the child acknowledged.
#[derive(Default)]
struct Acknowledged {
    at: u32,
    approved: BTreeSet<String>,
    sent: BTreeSet<String>,
    withdrawn: BTreeSet<String>,
}

fn killed(place: &Place, folder: &Path, from: u32, round: usize) -> Result<Acknowledged, Box<dyn std::error::Error>> {
    let data: OsString = match place {
        Place::Folder(folder) => folder.into(),
        Place::Server(url) => url.into(),
    };
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "kill::child", "--ignored", "--nocapture", "--test-threads", "1"])
        .env("STILLWATCH_FAULT_PLACE", data)
        .env("STILLWATCH_FAULT_FOLDER", folder)
        .env("STILLWATCH_FAULT_FROM", from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let out = child.stdout.take().ok_or("the child has no stdout")?;
    let (tell, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut seen = Acknowledged { at: from, ..Acknowledged::default() };
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("at", n)) => seen.at = n.parse().unwrap_or(seen.at),
                Some(("approved", id)) => drop(seen.approved.insert(id.to_owned())),
                Some(("sent", id)) => drop(seen.sent.insert(id.to_owned())),
                Some(("withdrawn", id)) => drop(seen.withdrawn.insert(id.to_owned())),
                _ => continue,
            }
            // Nobody waits any more once enough have come.
            let _ = tell.send(());
        }
        seen
    });
    // Some moment behind an acknowledgement, in each round behind another one, however fast the machine is.
    for _ in 0..=round % 8 {
        told.recv_timeout(Duration::from_secs(120)).map_err(|_| "the child acknowledged too little")?;
    }
    let nanoseconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.subsec_nanos();
    std::thread::sleep(Duration::from_micros(u64::from(nanoseconds / 1000) % 60_000));
    child.kill()?;
    child.wait()?;
    reader.join().map_err(|_| "the reader panicked".into())
}

async fn killed_on_the_release_path(place: Place) -> Tested {
    let world = World::new(&place).await?;
    let mut all = Acknowledged::default();
    let mut from = 1;
    for round in 0..ROUNDS {
        let seen = killed(&place, &world.folder, from, round)?;
        // Before anything is mended: what is out there was recorded.
        nothing_unrecorded(&world)?;
        all.approved.extend(seen.approved);
        all.sent.extend(seen.sent);
        all.withdrawn.extend(seen.withdrawn);
        from = seen.at + 2;
    }
    // What was interrupted goes on where it was.
    let later = i64::from(from) * 1000;
    settle(&world.store, &world.record, &who("ben", later)).await?;
    to_folder(&world.store, &world.record, &world.outbox, None, &who("cron", later + 1)).await?;
    settle(&world.store, &world.record, &who("ben", later + 2)).await?;
    nothing_unrecorded(&world)?;
    nothing_twice(&world).await?;
    for id in &all.approved {
        let release = releases::release(&world.store, id).await?;
        let ways = releases::deliveries(&world.store, id).await?;
        match release.state {
            State::Recorded => assert!(ways.iter().all(|one| one.state == Way::Delivered) && !ways.is_empty()),
            State::Withdrawn => {}
            other => return Err(format!("{id} was approved and is {}", other.name()).into()),
        }
    }
    for id in &all.sent {
        assert!(releases::deliveries(&world.store, id).await?.iter().all(|one| one.state == Way::Delivered));
    }
    for id in &all.withdrawn {
        assert_eq!(releases::release(&world.store, id).await?.state, State::Withdrawn);
    }
    assert!(all.approved.len() >= ROUNDS / 3, "the child got nowhere");
    Ok(())
}

/// A file of the outbox: recipient, delivery, and (object, hash) of each object.
type Handed = (String, String, Vec<(String, String)>);

/// The files of the outbox.
fn out(world: &World) -> Result<Vec<Handed>, Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    let Ok(folders) = std::fs::read_dir(&world.outbox) else { return Ok(all) };
    for folder in folders {
        let folder = folder?.path();
        for file in std::fs::read_dir(&folder)? {
            let file = file?.path();
            // A file that isn't whole has another name, which nobody picks up.
            if file.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let name =
                |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let bytes = std::fs::read(&file)?;
            let bundle = Bundle::read(&bytes, &Limits::default())?;
            let hash = |text: &str| format!("sha256:{}", hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text)));
            let objects = bundle.objects.iter().map(|o| (o.head.id.to_string(), hash(o.raw()))).collect();
            let recipient = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            all.push((recipient, name(&file), objects));
        }
    }
    Ok(all)
}

fn nothing_unrecorded(world: &World) -> Tested {
    let recorded: BTreeSet<(String, String, String)> = world.released()?.into_iter().collect();
    for (recipient, delivery, objects) in out(world)? {
        for (object, hash) in objects {
            let entry = (object, hash, recipient.clone());
            assert!(recorded.contains(&entry), "{entry:?} of {delivery} is out and not in the ledger");
        }
    }
    Ok(())
}

async fn nothing_twice(world: &World) -> Tested {
    let recorded = world.released()?;
    let unique: BTreeSet<_> = recorded.iter().collect();
    assert_eq!(unique.len(), recorded.len(), "an object is in the ledger twice for one recipient");
    let mut sent: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for (recipient, delivery, objects) in out(world)? {
        for (object, hash) in objects {
            let before = sent.insert((recipient.clone(), object, hash), delivery.clone());
            assert!(before.is_none(), "sent twice, as {before:?} and {delivery}");
        }
    }
    let mut known = BTreeSet::new();
    for release in all_releases(&world.store).await? {
        for one in releases::deliveries(&world.store, &release).await? {
            known.insert(one.id.rsplit("--").next().unwrap_or_default().to_owned());
        }
    }
    assert!(sent.values().all(|delivery| known.contains(delivery)), "a file is out that the store doesn't know");
    Ok(())
}

async fn all_releases(store: &Store) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    Ok(releases::list(store, &Which::default(), 10_000, None).await?.0.into_iter().map(|release| release.id).collect())
}
