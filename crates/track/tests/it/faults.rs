//! Faults: programs that are killed while they write, and disks that are full.
//! In: a child process that says what was acknowledged. Out: what the store holds afterwards.
//! Invariant: all that was acknowledged is there, and nothing half done shows.
//! Not here: faults of files given (`keeping.rs`).

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use stillwatch_model::tracked::Status;
use stillwatch_track::{Filter, Missing, Place, Store, change, history, list, members, merge, save, show};

use crate::fixture::{by, day, found};
use crate::places::{Tested, block_on, on_both, open};

on_both![killed_while_saving, killed_while_merging, killed_while_labelling];

/// How often a child is killed for each kind of write and each database.
const ROUNDS: usize = 12;

/// The child: writes until it is killed, and says on stdout what was acknowledged.
#[test]
#[ignore = "run by the tests that kill it"]
fn child() -> Tested {
    let place = std::env::var_os("STILLWATCH_FAULT_PLACE").ok_or("no place was given")?;
    let work = std::env::var("STILLWATCH_FAULT_WORK")?;
    let from: i64 = std::env::var("STILLWATCH_FAULT_FROM")?.parse()?;
    block_on(async {
        let store = Store::open(&Place::parse(&place), Missing::Refuse).await?;
        for n in from.. {
            match work.as_str() {
                "save" => {
                    save(&store, &pair(n), &by(n)).await?;
                }
                "merge" => {
                    let kept = save(&store, &pair(n), &by(n)).await?.kept;
                    merge(&store, &kept[0].campaign, std::slice::from_ref(&kept[1].campaign), "", &by(n)).await?;
                }
                _ => {
                    let id = list(&store, &Filter::default(), 1, None).await?.campaigns[0].id.clone();
                    let to = if n % 2 == 0 { Status::UnderReview } else { Status::Confirmed };
                    change::label(&store, &id, to, None, &format!("step {n}"), &by(n)).await?;
                    change::note(&store, &id, &format!("note {n}"), &by(n)).await?;
                }
            }
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nack {n}")?;
            out.flush()?;
        }
        Ok(())
    })
}

/// A run that finds two campaigns of its own.
fn pair(n: i64) -> stillwatch_model::Saved {
    let text = u32::try_from(n).unwrap_or(0) * 2 + 10;
    day(n, &[found(&format!("left-{n}"), 0..40, text), found(&format!("right-{n}"), 0..30, text + 1)])
}

/// Starts the child, kills it at some moment; returns the last number that it acknowledged, `from - 1` for none.
fn killed(place: &Place, work: &str, from: i64) -> Result<i64, Box<dyn std::error::Error>> {
    let data: OsString = match place {
        Place::Folder(folder) => folder.into(),
        Place::Server(url) => url.into(),
    };
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "faults::child", "--ignored", "--nocapture", "--test-threads", "1"])
        .env("STILLWATCH_FAULT_PLACE", data)
        .env("STILLWATCH_FAULT_WORK", work)
        .env("STILLWATCH_FAULT_FROM", from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let out = child.stdout.take().ok_or("the child has no stdout")?;
    let (tell, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut last = from - 1;
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if let Some(n) = line.strip_prefix("ack ").and_then(|n| n.parse().ok()) {
                last = n;
                // Nobody waits any more once the first has come.
                let _ = tell.send(());
            }
        }
        last
    });
    // Any moment after the first write, in the middle of others.
    told.recv_timeout(Duration::from_secs(60)).map_err(|_| "the child acknowledged nothing")?;
    let nanoseconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.subsec_nanos();
    std::thread::sleep(Duration::from_micros(u64::from(nanoseconds / 1000 % 60_000)));
    child.kill()?;
    child.wait()?;
    reader.join().map_err(|_| "the reader panicked".into())
}

async fn killed_while_saving(place: Place) -> Tested {
    open(&place).await?.close().await;
    let mut from = 0;
    for _ in 0..ROUNDS {
        let last = killed(&place, "save", from)?;
        let store = Store::open(&place, Missing::Refuse).await?;
        let campaigns = list(&store, &Filter::default(), 10_000, None).await?.campaigns;
        let there = campaigns.len() as i64 / 2;
        assert!(campaigns.len().is_multiple_of(2), "half a run shows");
        assert!(there == last + 1 || there == last + 2, "{there} runs are there, {last} was acknowledged");
        for n in 0..there {
            assert!(save(&store, &pair(n), &by(n)).await?.already, "run {n} is not there");
        }
        for one in &campaigns {
            let course = show(&store, &one.id).await?;
            let accounts = members(&store, &one.id).await?.len() as u64;
            assert_eq!((one.accounts, one.exchanges), (accounts, accounts * 24));
            assert_eq!((course.periods.len(), course.campaign.evidence.len()), (1, 4));
            assert_eq!(history(&store, &one.id).await?.len(), 1);
        }
        store.close().await;
        from = there;
    }
    Ok(())
}

async fn killed_while_merging(place: Place) -> Tested {
    open(&place).await?.close().await;
    let mut from = 0;
    for _ in 0..ROUNDS {
        let last = killed(&place, "merge", from)?;
        let store = Store::open(&place, Missing::Refuse).await?;
        let campaigns = list(&store, &Filter::default(), 10_000, None).await?.campaigns;
        let mut whole = BTreeSet::new();
        let mut open_ends = 0;
        for one in &campaigns {
            let accounts = members(&store, &one.id).await?;
            let name = accounts[0].account.clone();
            match accounts.len() {
                70 => assert!(whole.insert(name)),
                40 | 30 => open_ends += 1,
                other => return Err(format!("a campaign has {other} accounts").into()),
            }
            assert_eq!(one.exchanges, accounts.len() as u64 * 24);
        }
        assert!(whole.len() as i64 > last - from, "what was acknowledged is merged");
        assert!(whole.len() as i64 <= last + 2 && open_ends % 2 == 0, "{open_ends} campaigns are half merged");
        store.close().await;
        // A run that was saved and not merged stays so: the next child goes on behind it.
        from = last + 2;
    }
    Ok(())
}

async fn killed_while_labelling(place: Place) -> Tested {
    let store = open(&place).await?;
    let id = save(&store, &pair(0), &by(0)).await?.kept[0].campaign.clone();
    let labelled = list(&store, &Filter::default(), 1, None).await?.campaigns[0].id.clone();
    store.close().await;
    let (mut from, mut acknowledged) = (0, 0);
    for _ in 0..ROUNDS {
        let last = killed(&place, "label", from)?;
        acknowledged += last + 1 - from;
        let store = Store::open(&place, Missing::Refuse).await?;
        let course = show(&store, &labelled).await?;
        let changes = history(&store, &labelled).await?;
        let steps: Vec<_> = changes.iter().filter(|c| c.what == "status").collect();
        let notes = changes.iter().filter(|c| c.what == "note").count();
        let there = steps.len() as i64;
        assert!(there == last + 1 || there == last + 2, "{there} steps are there, {last} was acknowledged");
        assert_eq!(notes, course.campaign.notes.len());
        assert!((acknowledged..=there).contains(&(notes as i64)), "{notes} notes, {acknowledged} acknowledged");
        assert_eq!(
            steps.last().map(|c| c.after.as_str()),
            Some(course.campaign.status.name()),
            "status and history agree"
        );
        assert!(steps.windows(2).all(|two| two[0].after == two[1].before));
        store.close().await;
        from = there;
    }
    let store = open(&place).await?;
    assert_eq!(show(&store, &id).await?.campaign.accounts, 40);
    Ok(())
}

/// A disk of two megabytes, which a run fills.
#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_done() -> Tested {
    let folder = tempfile::tempdir()?;
    let mount = ["-t", "tmpfs", "-o", "size=2m", "none"];
    let mounted = Command::new("mount").args(mount).arg(folder.path()).stderr(Stdio::null()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        if std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_some_and(|v| v == "1") {
            return Err("a small disk is required, and none could be mounted".into());
        }
        eprintln!("skipped: needs a small disk, which only root can mount");
        return Ok(());
    }
    let place = Place::Folder(folder.path().join("data"));
    let tested = block_on(fill_the_disk(&place));
    Command::new("umount").arg(folder.path()).status()?;
    tested
}

async fn fill_the_disk(place: &Place) -> Tested {
    let store = open(place).await?;
    let id = save(&store, &day(0, &[found("a", 0..20, 1)]), &by(1)).await?.kept[0].campaign.clone();
    let mut error = None;
    let mut saved = 1;
    for n in 1..200 {
        match save(&store, &day(n, &[found(&format!("pool-{n}"), 0..400, 100)]), &by(n)).await {
            Ok(_) => saved += 1,
            Err(e) => {
                error = Some(e);
                break;
            }
        }
    }
    let error = error.ok_or("the disk was never full")?;
    assert!(error.to_string().starts_with("the store's disk is full"), "{error}");
    assert_eq!(error.hint(), Some("free some space, then do it again"));
    store.close().await;
    let store = Store::open(place, Missing::Refuse).await?;
    assert_eq!(show(&store, &id).await?.campaign.accounts, 20);
    let periods: usize = {
        let mut sum = 0;
        for one in list(&store, &Filter::default(), 1000, None).await?.campaigns {
            let course = show(&store, &one.id).await?;
            let members = members(&store, &one.id).await?;
            assert_eq!(course.campaign.accounts, members.len() as u64);
            sum += course.periods.len();
        }
        sum
    };
    assert_eq!(periods, saved, "the runs that were acknowledged, and no other");
    Ok(())
}
