//! Servers: TAXII 2.1 servers by others: medallion (OASIS) and OpenTAXII (EclecticIQ), each followed and handed things to.
//! In: their programs. Out: a release there; the same, fetched by another node.
//! Invariant: skipped, and told so, where the programs aren't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: installing them (`cargo xtask test` does, from `xtask/requirements.txt`).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use stillwatch_node::peer::{Asker, Way, look, push, walk};
use stillwatch_track::objects::{self, Which};
use stillwatch_track::peers::{self, Peer, follow, route, source};
use stillwatch_track::releases::{self, Fate};
use stillwatch_track::{Missing, Place, Store};

use crate::following::WITH;
use crate::handing::{ONE, peer, ready, way};
use crate::lab::Tested;
use crate::peers::python;
use crate::world::{World, who};

/// A program that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn port() -> Tested<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn medallion_takes_a_release_and_is_followed() -> Tested {
    // Its manifest takes an object's `version`, here `1.0.0`, for an instant, and every page fails from then on.
    both_ways("medallion", &["extension-definition"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opentaxii_takes_a_release_and_is_followed() -> Tested {
    // It fails over objects without `modified`.
    both_ways("opentaxii", &["unversioned"]).await
}

async fn both_ways(kind: &str, leaves_out: &[&str]) -> Tested {
    let Some(python) = python(kind)? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/servers.py");
    let port = port()?;
    let child = Command::new(python)
        .arg(script)
        .args([kind, &folder.path().display().to_string(), &port.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut server = Server(child);
    let mut line = String::new();
    let mut out = BufReader::new(server.0.stdout.take().ok_or("no stdout")?);
    out.read_line(&mut line)?;
    // What else it says has to go somewhere.
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    let said: Value = serde_json::from_str(&line)?;
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    let token = folder.path().join("token");
    std::fs::write(&token, "secret")?;
    let mut there = Peer {
        username: Some("ada".into()),
        acknowledges: false,
        leaves_out: leaves_out.iter().map(|s| (*s).to_owned()).collect(),
        ..peer("others", text("url"), token.display().to_string())
    };
    // It says where it is before it listens.
    let mut found = Err("it never listened".to_owned());
    for _ in 0..100 {
        found = look(&there).await.map_err(|e| e.to_string());
        if found.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (root, offers) = found?;
    there.url = root;
    assert!(offers.iter().any(|o| o.id == text("collection") && o.can_read && o.can_write), "{offers:?}");

    let world = World::new(&Place::Folder(folder.path().join("harbor"))).await?;
    let release = ready(&world).await?;
    peers::add(&world.store, &there, &who("ada", 6)).await?;
    route(&world.store, &way(ONE, Some("others"), &text("collection"))).await?;
    let pushed = push(&world.store, &world.record, "harbor", None, &who("ada", 7)).await?;
    assert_eq!((pushed.len(), pushed[0].because.as_deref()), (1, None), "{pushed:?}");

    let other = Store::open(&Place::Folder(folder.path().join("other")), Missing::Make).await?;
    peers::add(&other, &there, &who("zoe", 8)).await?;
    follow(&other, "others", &text("collection")).await?;
    let feed = peers::feeds(&other, None).await?.pop().ok_or("no feed")?;
    let walked = walk(&other, &there, &Asker::of(&there)?, feed, &WITH).await?;
    assert_eq!(walked.way, Way::Whole, "{walked:?}");
    // medallion has five objects on a page.
    assert!(walked.pages > 1 || kind != "medallion", "{walked:?}");
    let which = Which { source: Some(source("others")), ..Which::default() };
    let stays = |id: &str, json: &str| {
        leaves_out
            .iter()
            .any(|out| id.starts_with(&format!("{out}--")) || (*out == "unversioned" && !json.contains("\"modified\"")))
    };
    let came: BTreeSet<String> =
        objects::page(&other, &which, 100_000, None).await?.into_iter().map(|object| object.id).collect();
    let items = releases::items(&world.store, &release).await?;
    let leaves = items.iter().filter(|item| item.recipient == ONE && item.fate == Fate::Leaves);
    let (stay, sent): (Vec<_>, Vec<_>) = leaves.partition(|item| stays(&item.object, &item.body));
    assert!(!stay.is_empty());
    assert_eq!(pushed[0].left_out, stay.len());
    let sent: BTreeSet<String> = sent.iter().map(|item| item.object.clone()).collect();
    let held = peers::open(&other, None, 0, 1_000).await?;
    if kind == "opentaxii" {
        // Version 0.9.3 gives back every object's type as its `spec_version`: it is held, each with that reason.
        let ids: BTreeSet<String> = held.iter().map(|kept| kept.id.clone()).collect();
        assert_eq!((came.len(), ids), (0, sent), "{walked:?}");
        assert!(held.iter().all(|kept| kept.because.contains("spec_version")), "{held:?}");
    } else {
        assert_eq!(came, sent, "{walked:?} {held:?}");
    }
    // Handed over again, after a cut say, everything is there already, whatever the server calls that.
    cut_off(&folder.path().join("harbor")).await?;
    let pushed = push(&world.store, &world.record, "harbor", None, &who("ada", 9)).await?;
    assert_eq!((pushed.len(), pushed[0].because.as_deref()), (1, None), "{pushed:?}");
    // From its end on there is nothing; what is read again is known.
    let feed = peers::feeds(&other, None).await?.pop().ok_or("no feed")?;
    let again = walk(&other, &there, &Asker::of(&there)?, feed, &WITH).await?;
    assert_eq!((again.way, again.taken.new, again.taken.held), (Way::Whole, 0, 0));
    Ok(())
}

/// As if the program had been cut off before it wrote down that it was done.
async fn cut_off(folder: &Path) -> Tested {
    sqlx::any::install_default_drivers();
    let file =
        std::fs::read_dir(folder)?.flatten().map(|e| e.path()).find(|p| p.extension().is_some_and(|e| e == "sqlite"));
    let url = format!("sqlite://{}", file.ok_or("no store")?.display());
    let pool = sqlx::AnyPool::connect(&url).await?;
    sqlx::query("UPDATE deliveries SET state = 'waiting' WHERE state = 'delivered'").execute(&pool).await?;
    pool.close().await;
    Ok(())
}
