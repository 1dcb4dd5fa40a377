//! Watched: the ledger of a peer that grows, is rewritten, rolled back, signed by somebody else, or isn't shown.
//! In: real ledgers; a peer that shows of them what it is told to. Out: what was observed, what is held, which checkpoint is kept.
//! Invariant: a checkpoint is replaced only by one that was proven to continue it; what comes from a liar is held, and not even asked for.
//! Not here: proofs (`ledger/tests`).

use std::path::Path;

use serde_json::json;
use stillwatch_ledger::{Consistency, Entry, Key, Log, Outcome, PublicKey, Reader, What};
use stillwatch_node::access::Role;
use stillwatch_node::config::Config;
use stillwatch_node::peer::{Asker, Watched, Way, watch};
use stillwatch_track::peers;
use tempfile::TempDir;

use crate::following::{Answer, Follower, Scripted, page};
use crate::lab::{CLIENTS, Lab, Tested, config, some};

const NAME: &str = "lab-two.example/ledger";

/// Whoever keeps ledgers of one key: also two that contradict each other.
struct Keeper {
    folder: TempDir,
    public: PublicKey,
}

impl Keeper {
    fn new() -> Tested<Self> {
        let folder = tempfile::tempdir()?;
        let key = Key::generate(NAME)?;
        key.write(&folder.path().join("key"))?;
        Ok(Self { public: key.public(), folder })
    }

    /// A ledger of these entries.
    fn ledger(&self, called: &str, entries: &[u32]) -> Tested<Reader> {
        let folder = self.folder.path().join(called);
        let mut log = Log::create(&folder, Key::read(&self.folder.path().join("key"))?)?;
        log.append(&entries.iter().map(|n| entry(*n)).collect::<Vec<_>>())?;
        Ok(Reader::open(&folder, &self.public, &[])?)
    }
}

fn entry(n: u32) -> Entry {
    let what = What::Decision { about: format!("campaign--{n:08}"), outcome: Outcome::Approved, reason: "T-1".into() };
    Entry { at: jiff::Timestamp::UNIX_EPOCH, by: "ben".into(), what }
}

fn proof(of: &Reader, old: u64) -> Tested<Answer> {
    Ok(shown(&of.consistency(old)?))
}

fn shown(proof: &Consistency) -> Answer {
    text(&proof.to_text())
}

fn text(proof: &str) -> Answer {
    (200, Vec::new(), json!({ "consistency": proof }).to_string())
}

fn status(status: u16) -> Answer {
    (status, Vec::new(), "{}".into())
}

async fn look(follower: &Follower, key: &PublicKey) -> Tested<Watched> {
    let mut peer = peers::peer(&follower.store, &follower.peer.name).await?;
    peer.ledger = Some(key.to_line());
    Ok(watch(&follower.store, &peer, &Asker::of(&peer)?).await?)
}

async fn kept(follower: &Follower) -> Tested<Option<String>> {
    Ok(peers::peer(&follower.store, &follower.peer.name).await?.checkpoint)
}

#[tokio::test]
async fn growth_is_followed_and_lies_stop_what_comes() -> Tested {
    let (keeper, other) = (Keeper::new()?, Keeper::new()?);
    let three = keeper.ledger("three", &[1, 2, 3])?;
    let five = keeper.ledger("five", &[1, 2, 3, 4, 5])?;
    let six = keeper.ledger("six", &[1, 2, 3, 4, 5, 6])?;
    let four = keeper.ledger("four", &[1, 2, 3, 4])?;
    // Something else stands in them where entry 3 was.
    let fork_of_five = keeper.ledger("fork-five", &[1, 2, 9, 4, 5])?;
    let fork_of_seven = keeper.ledger("fork-seven", &[1, 2, 9, 4, 5, 6, 7])?;
    let foreign = other.ledger("foreign", &[1, 2, 3, 4, 5, 6])?;
    let back = Consistency { old: 5, hashes: Vec::new(), checkpoint: four.signed().note().to_owned() };
    let lies = [
        ("rewritten, and longer", vec![proof(&fork_of_seven, 5)?], "doesn't continue"),
        ("rewritten, as long", vec![proof(&fork_of_five, 5)?], "doesn't continue"),
        ("rewritten, and not proven", vec![status(404), proof(&fork_of_seven, 0)?], "doesn't prove"),
        ("rolled back", vec![status(404), proof(&four, 0)?], "has 4 entries; it had 5"),
        ("rolled back, and passed off as proven", vec![shown(&back)], "doesn't continue"),
        ("signed by another key", vec![proof(&foreign, 5)?], ""),
        ("rolled back, signed by another key", vec![status(404), proof(&foreign, 0)?], ""),
        ("signed by nobody", vec![text("old 5\n\nx")], "malformed"),
        ("an old proof again", vec![proof(&five, 3)?], "something else than was asked for"),
    ];
    let away = [
        ("not shown", vec![status(404), status(404)]),
        ("failing", vec![status(503)]),
        ("no proof", vec![status(200)]),
        ("no JSON", vec![(200, Vec::new(), "<html>".into())]),
        ("a proof that can't be read", vec![text("old five\n\nx")]),
    ];
    for (how, answers, part) in lies {
        let scripted = Scripted::new([proof(&three, 0)?, proof(&five, 3)?, proof(&five, 5)?]).await?;
        let follower = Follower::scripted(&scripted).await?;
        assert_eq!(look(&follower, &keeper.public).await?, Watched::Good(3));
        assert_eq!(look(&follower, &keeper.public).await?, Watched::Good(5));
        assert_eq!(look(&follower, &keeper.public).await?, Watched::Good(5));
        let asked: Vec<String> = scripted.asked();
        assert_eq!(asked, ["0", "3", "5"].map(|n| format!("/api/v1/ledger/consistency/{n}")));
        let before = kept(&follower).await?;
        assert_eq!(before.as_deref().map(str::as_bytes), Some(five.signed().note()));
        scripted.then(answers);
        let seen = look(&follower, &keeper.public).await?;
        assert!(matches!(&seen, Watched::Lies(because) if because.contains(part)), "{how}: {seen:?}");
        assert_eq!(kept(&follower).await?, before, "{how}");
        // What it sends isn't asked for any more, until a person has looked.
        let count = scripted.asked().len();
        let way = follower.walk().await?.way;
        assert!(matches!(&way, Way::Held(because) if because.contains("isn't to be trusted")), "{how}: {way:?}");
        assert_eq!(scripted.asked().len(), count, "{how}");
        // A lie stays one; what continues what was seen before the lie is believed.
        peers::unhold(&follower.store, "lab-two", "shared").await?;
        scripted.then([proof(&fork_of_seven, 5)?, proof(&six, 5)?, page(&some(1), None, "2026-01-01T00:00:00Z")]);
        assert!(matches!(look(&follower, &keeper.public).await?, Watched::Lies(_)), "{how}");
        assert_eq!(look(&follower, &keeper.public).await?, Watched::Good(6), "{how}");
        peers::unhold(&follower.store, "lab-two", "shared").await?;
        assert_eq!(follower.walk().await?.taken.new, 1, "{how}");
    }
    for (how, answers) in away {
        let scripted = Scripted::new([proof(&five, 0)?]).await?;
        let follower = Follower::scripted(&scripted).await?;
        assert_eq!(look(&follower, &keeper.public).await?, Watched::Good(5));
        let before = kept(&follower).await?;
        scripted.then(answers);
        let seen = look(&follower, &keeper.public).await?;
        assert!(matches!(seen, Watched::Away(_)), "{how}: {seen:?}");
        assert_eq!(kept(&follower).await?, before, "{how}");
        // Nothing is known against it: what it sends is taken.
        scripted.then([page(&some(1), None, "2026-01-01T00:00:00Z")]);
        assert_eq!(follower.walk().await?.taken.new, 1, "{how}");
    }
    Ok(())
}

#[tokio::test]
async fn whose_key_is_unknown_is_not_asked() -> Tested {
    let scripted = Scripted::new([]).await?;
    let follower = Follower::scripted(&scripted).await?;
    let asker = Asker::of(&follower.peer)?;
    assert_eq!(watch(&follower.store, &follower.peer, &asker).await?, Watched::Not);
    assert!(scripted.asked().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_node_proves_to_those_who_may_ask() -> Tested {
    let keeper = Keeper::new()?;
    let five = keeper.ledger("record", &[1, 2, 3, 4, 5])?;
    let path = |called: &str| Some(Path::new(keeper.folder.path()).join(called));
    let lab = Lab::with(Config { ledger: path("record"), ledger_key: path("key"), ..config() }).await?;
    for (name, role, _) in CLIENTS {
        let may = matches!(role, Role::Member | Role::Hub | Role::Auditor | Role::Admin);
        for (size, expected) in [("0", 200), ("3", 200), ("5", 200), ("6", 404), ("x", 400), ("-1", 400)] {
            let said = lab.get(name, &format!("/api/v1/ledger/consistency/{size}")).await?;
            assert_eq!(said.status, if may { expected } else { 404 }, "{name} {size}");
            if said.status == 200 {
                let text = said.json()["consistency"].as_str().unwrap_or_default().to_owned();
                let root = five.root_at(size.parse()?)?;
                assert_eq!(Consistency::parse(&text)?.check(root, &keeper.public, &[])?.size, 5);
            }
        }
    }
    Ok(())
}
