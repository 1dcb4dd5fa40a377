//! Matched: two labs match sets over HTTP, alone and through a hub that keeps all it sees.
//! In: sets in files, agreements. Out: what is common, in both stores.
//! Invariant: each learns exactly what is common and what the other's profile lets be attached; nobody else learns anything.
//! Not here: the protocol's own attacks (`matching`).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::Request;
use sha2::{Digest, Sha256};
use stillwatch_matching::{Namespace, normalise};
use stillwatch_node::config::Part;
use stillwatch_node::matching::agreed::{Dates, May};
use stillwatch_node::matching::pair::{At, match_with};
use stillwatch_node::matching::{Place as Side, audit, make_key, public};
use stillwatch_track::By;
use stillwatch_track::matches::{self, Agreement, Common, Member, Round};
use stillwatch_track::profiles::{Adopted, adopt};
use tempfile::TempDir;

use crate::handing::peer;
use crate::lab::{Lab, Tested, config};
use crate::wire::Open;

/// A node that listens, with a key for matching.
pub(crate) struct Node {
    pub(crate) open: Open,
    pub(crate) name: &'static str,
    pub(crate) folder: TempDir,
}

pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

pub(crate) fn by(author: &str) -> By {
    By { author: author.into(), at: now() }
}

impl Node {
    pub(crate) async fn new(name: &'static str, role: Part) -> Tested<Self> {
        let folder = tempfile::tempdir()?;
        let key = folder.path().join("matching.key");
        make_key(&key)?;
        let mut config = config();
        config.name = name.into();
        config.role = role;
        config.matching_key = Some(key);
        config.matching_transcript = Some(folder.path().join("transcript"));
        let open = Open::of(Lab::with(config).await?, None).await?;
        Ok(Self { open, name, folder })
    }

    pub(crate) fn side(&self) -> Tested<&Side> {
        Ok(self.open.lab.node.matching.as_ref().ok_or("no matching")?)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets another node be known here; asked at `server`, of whose clients we are `token`.
    pub(crate) async fn knows(&self, other: &Node, server: &Node, token: &str) -> Tested {
        let store = &self.open.lab.node.store;
        let file = self.path(&format!("{}.token", server.name));
        std::fs::write(&file, server.open.lab.token(token))?;
        let url = format!("http://{}/trust/", server.open.address);
        // The same peer may be known already.
        let _ =
            stillwatch_track::peers::add(store, &peer(server.name, url, file.display().to_string()), &by("ada")).await;
        let key = public(&other.side()?.key)?;
        let relayed = other.name != server.name;
        let member = Member { name: other.name.into(), key, peer: server.name.into(), relayed, made: 0 };
        Ok(matches::add(store, &member, &by("ada")).await?)
    }

    /// What is agreed on with a member: a file's addresses, under a profile that lets all be told.
    pub(crate) async fn agrees(&self, member: &str, lines: &[String], budget: u64, both: bool) -> Tested {
        let file = self.path("addresses.csv");
        std::fs::write(&file, format!("value,first_seen,last_seen,confidence,count\n{}\n", lines.join("\n")))?;
        self.agreed(member, "address", &file.display().to_string(), budget, both).await
    }

    pub(crate) async fn agreed(&self, member: &str, namespace: &str, source: &str, budget: u64, both: bool) -> Tested {
        let store = &self.open.lab.node.store;
        let profile = Adopted {
            name: "all".into(),
            version: 1,
            digest: "0".repeat(64),
            files: Default::default(),
            adopted: now(),
            author: "ada".into(),
        };
        adopt(store, &profile, &by("ada"), &|_| Ok("{}".into())).await?;
        let agreement = Agreement {
            member: member.into(),
            namespace: namespace.into(),
            source: source.into(),
            both,
            budget,
            profile: "all".into(),
            version: 1,
            digest: "0".repeat(64),
            may: serde_json::to_string(&all())?,
            needed: 0,
            approved: Vec::new(),
            until: now() + 3_600_000_000,
            state: String::new(),
            made: now(),
            author: "ada".into(),
        };
        Ok(matches::agree(store, &agreement, "{}").await?)
    }

    pub(crate) async fn matches(&self, member: &str, both: bool) -> Tested<(Round, Vec<Common>)> {
        Ok(match_with(self.side()?, member, Namespace::Address, both, &by("ada"), &|_| ()).await?)
    }

    pub(crate) async fn last(&self) -> Tested<(Round, Vec<Common>)> {
        let store = &self.open.lab.node.store;
        let round = matches::rounds(store, 1).await?.pop().ok_or("no round")?;
        let common = matches::common(store, &round.id).await?;
        Ok((round, common))
    }
}

/// A profile that lets all be told, times as days.
fn all() -> May {
    May {
        dates: Dates::Day,
        confidence: (0..=100).map(Some).collect(),
        magnitude: (0..64).map(Some).collect(),
        sketch: true,
        approvals: 0,
    }
}

pub(crate) fn address(n: usize) -> String {
    format!("11.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255)
}

/// Lines of a file: addresses with what is known of them.
pub(crate) fn lines(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers
        .map(|n| format!("{},2026-11-0{}T12:00:00Z,2026-11-20T12:00:00Z,{},{}", address(n), 1 + n % 9, n % 100, n + 1))
        .collect()
}

fn elements(common: &[Common]) -> BTreeSet<String> {
    common.iter().map(|one| one.element.clone()).collect()
}

/// 200 addresses of which the first ten are everyone's.
fn set(lab: usize) -> Vec<usize> {
    (0..10).chain(1_000 * (lab + 1)..1_000 * (lab + 1) + 190).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_labs_learn_what_they_have_in_common_and_no_more() -> Tested {
    let (one, two) = (Node::new("lab-one", Part::Member).await?, Node::new("lab-two", Part::Member).await?);
    one.knows(&two, &two, "both").await?;
    two.knows(&one, &one, "both").await?;
    one.agrees("lab-two", &lines(set(0).into_iter()), 1_000, true).await?;
    two.agrees("lab-one", &lines(set(1).into_iter()), 1_000, true).await?;
    let (round, common) = one.matches("lab-two", true).await?;
    let expected: BTreeSet<String> = (0..10).map(address).collect();
    assert_eq!((round.state.as_str(), round.found), ("done", Some(10)));
    assert_eq!(elements(&common), expected);
    // What the other attached: days, a power of two.
    let seventh = common.iter().find(|one| one.element == address(7)).ok_or("address 7")?;
    assert_eq!((seventh.confidence, seventh.magnitude, seventh.campaign.as_str()), (Some(7), Some(3), ""));
    assert_eq!(seventh.first_seen.map(stillwatch_track::instant), Some("2026-11-08T00:00:00Z".to_owned()));
    // The other side learned the same, a moment later.
    for _ in 0..200 {
        if two.last().await?.0.state == "done" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (round, common) = two.last().await?;
    assert_eq!((round.side.as_str(), round.state.as_str(), round.own, round.theirs), ("asks", "done", 208, 208));
    assert_eq!(elements(&common), expected);
    // Of the rounds only the sets stay on the disk, for audits; and no element in what the ledgers are owed.
    for node in [&one, &two] {
        for round in std::fs::read_dir(&node.side()?.folder)? {
            let kept: Vec<_> =
                std::fs::read_dir(round?.path())?.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
            assert_eq!(kept, ["set"]);
        }
        for owed in stillwatch_track::owed::open(&node.open.lab.node.store, 0, 1_000).await? {
            assert!(!owed.body.contains("11.0."), "{}", owed.body);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_carries_all_of_it_can_test_no_guess() -> Tested {
    let hub = Node::new("hub", Part::Hub).await?;
    let (one, two) = (Node::new("lab-one", Part::Member).await?, Node::new("lab-two", Part::Member).await?);
    one.knows(&two, &hub, "both").await?;
    hub.knows(&two, &two, "both").await?;
    two.knows(&one, &hub, "both").await?;
    one.agrees("lab-two", &lines(set(0).into_iter()), 1_000, false).await?;
    two.agrees("lab-one", &lines(set(1).into_iter()), 1_000, false).await?;
    let (_, common) = one.matches("lab-two", false).await?;
    assert_eq!(common.len(), 10);
    let transcript = std::fs::read_to_string(hub.path("transcript"))?;
    let told: Vec<(&str, Vec<u8>)> = transcript
        .lines()
        .filter_map(|line| line.split_once(' ').and_then(|(who, bytes)| Some((who, hex::decode(bytes).ok()?))))
        .collect();
    nothing_comes_twice(&two, &told).await?;
    let seen: Vec<u8> = told.into_iter().flat_map(|(_, bytes)| bytes).collect();
    assert!(seen.len() > 10_000, "{}", seen.len());
    for n in set(0).into_iter().chain(set(1)) {
        let element = normalise(Namespace::Address, &address(n))?;
        let guesses = [
            address(n).into_bytes(),
            element.as_bytes().to_vec(),
            Sha256::digest(element.as_bytes()).to_vec(),
            Sha256::digest(address(n)).to_vec(),
        ];
        for guess in guesses {
            assert!(!seen.windows(guess.len()).any(|window| window == guess), "{n}");
        }
    }
    Ok(())
}

/// Whoever carried messages sends each again, in its line and in others' order: none is answered, and nothing is charged.
async fn nothing_comes_twice(two: &Node, told: &[(&str, Vec<u8>)]) -> Tested {
    let store = &two.open.lab.node.store;
    let charged = matches::hours(store, "lab-one", "address", now()).await?;
    // The first reply is the line's number, and the second message of its handshake.
    let number =
        told.iter().find(|(who, _)| *who == "lab-two").and_then(|(_, bytes)| bytes.get(..16)).ok_or("a line")?;
    let path = format!("/api/v1/matching/lines/{}", hex::encode(number));
    let calls: Vec<&Vec<u8>> = told.iter().filter(|(who, _)| *who == "both").skip(1).map(|(_, bytes)| bytes).collect();
    assert!(calls.len() >= 4, "{}", calls.len());
    let altered = |call: &[u8], at: usize| {
        let mut call = call.to_vec();
        call[at] ^= 1;
        call
    };
    let mut again: Vec<Vec<u8>> = calls.iter().map(|call| (*call).clone()).collect();
    again.extend(calls.iter().rev().map(|call| (*call).clone()));
    again.extend(calls.iter().map(|call| altered(call, call.len() / 2)));
    again.extend(calls.iter().map(|call| call[..call.len() - 1].to_vec()));
    again.push(Vec::new());
    for call in again {
        let request = Request::builder()
            .method("POST")
            .uri(&path)
            .header("authorization", format!("Bearer {}", two.open.lab.token("both")))
            .body(Body::from(call))?;
        let said = two.open.lab.send(request).await?;
        assert!(said.status == 403 && said.text.contains("the channel refuses"), "{said:?}");
    }
    assert_eq!(matches::hours(store, "lab-one", "address", now()).await?, charged);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_agreed_on_is_not_matched() -> Tested {
    let (one, two) = (Node::new("lab-one", Part::Member).await?, Node::new("lab-two", Part::Member).await?);
    let refused = |done: Tested<(Round, Vec<Common>)>, part: &str| match done {
        Err(error) => assert!(error.to_string().contains(part), "{error}: {part}"),
        Ok(_) => panic!("matched: {part}"),
    };
    one.knows(&two, &two, "both").await?;
    refused(one.matches("lab-two", false).await, "nothing is agreed on");
    one.agrees("lab-two", &lines(0..100), 1_000, true).await?;
    // Not known there: nobody.
    refused(one.matches("lab-two", false).await, "nobody is known here");
    two.knows(&one, &one, "both").await?;
    refused(one.matches("lab-two", false).await, "nothing is agreed on");
    // One side only; too much for a week; ended.
    two.agrees("lab-one", &lines(50..150), 127, false).await?;
    refused(one.matches("lab-two", true).await, "only one side");
    let (round, common) = one.matches("lab-two", false).await?;
    assert_eq!((round.own, common.len()), (104, 50));
    refused(one.matches("lab-two", false).await, "23 left of 127");
    matches::end(&two.open.lab.node.store, "lab-one", "address", "{}").await?;
    refused(one.matches("lab-two", false).await, "it was ended");
    // Another key than the one that is known: nobody, whatever the name.
    let key = "ab".repeat(32);
    let member = Member { name: "lab-one".into(), key, peer: String::new(), relayed: false, made: 0 };
    matches::add(&two.open.lab.node.store, &member, &by("ada")).await?;
    refused(one.matches("lab-two", false).await, "nobody is known here");
    // Of what failed nothing stays on the disk.
    assert_eq!(std::fs::read_dir(&one.side()?.folder)?.count(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_goes_on_after_the_line_or_a_side_broke() -> Tested {
    let (one, two) = (Node::new("lab-one", Part::Member).await?, Node::new("lab-two", Part::Member).await?);
    one.knows(&two, &two, "both").await?;
    two.knows(&one, &one, "both").await?;
    one.agrees("lab-two", &lines(0..9_000), 20_000, true).await?;
    two.agrees("lab-one", &lines(8_900..17_900), 20_000, true).await?;
    // This side is broken off, each time a frame later, until it comes through.
    let mut cuts = 0;
    let mut evaluated = Vec::new();
    loop {
        let left = Mutex::new(cuts + 1);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stop = Mutex::new(Some(stop));
        let told = |at: At<'_>| {
            if let At::Goes(..) = at
                && let Ok(mut left) = left.lock()
            {
                *left -= 1;
                if *left == 0
                    && cuts < 6
                    && let Ok(mut stop) = stop.lock()
                {
                    stop.take().map(|stop| stop.send(()));
                }
            }
        };
        let by = by("ada");
        let work = match_with(one.side()?, "lab-two", Namespace::Address, true, &by, &told);
        tokio::select! {
            biased;
            Ok(()) = stopped => {
                cuts += 1;
                evaluated.push(matches::hours(&two.open.lab.node.store, "lab-one", "address", now()).await?);
            }
            done = work => {
                let (round, common) = done?;
                assert_eq!((round.found, common.len()), (Some(100), 100));
                break;
            }
        }
    }
    assert!(cuts >= 4, "{cuts}");
    // One round, charged once.
    let used: u64 = evaluated.last().ok_or("no cut")?.iter().map(|hour| hour.asked).sum();
    assert_eq!(used, 9_216);
    assert_eq!(matches::rounds(&one.open.lab.node.store, 10).await?.len(), 2);
    for _ in 0..500 {
        if two.last().await?.0.state == "done" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(two.last().await?.1.len(), 100);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_was_matched_can_be_audited_and_no_other() -> Tested {
    let (one, two) = (Node::new("lab-one", Part::Member).await?, Node::new("lab-two", Part::Member).await?);
    one.knows(&two, &two, "both").await?;
    two.knows(&one, &one, "both").await?;
    one.agrees("lab-two", &lines(0..100), 1_000, false).await?;
    two.agrees("lab-one", &lines(50..150), 1_000, false).await?;
    let (round, _) = one.matches("lab-two", false).await?;
    let opened = audit::open(one.side()?, &round.id, &[3, 99, 50]).await?;
    assert_eq!((opened.count, opened.leaves[1].element.as_str()), (100, "11.0.0.99"));
    assert_eq!(audit::verify(two.side()?, &opened).await?, audit::Verified { leaves: 3, dense: None });
    // Many that lie together are told.
    let many = audit::open(one.side()?, &round.id, &(0..60).collect::<Vec<_>>()).await?;
    assert_eq!(audit::verify(two.side()?, &many).await?.dense, Some(1.0));
    // Another element, place, label, size or name than what was committed to.
    let forged = |change: fn(&mut audit::Opened)| {
        let mut forged = opened.clone();
        change(&mut forged);
        forged
    };
    for forged in [
        forged(|opened| opened.leaves[0].bytes = opened.leaves[1].bytes.clone()),
        forged(|opened| opened.leaves[0].index = 4),
        forged(|opened| opened.leaves[0].attached = "00".repeat(10)),
        forged(|opened| opened.leaves[0].path.truncate(64)),
        forged(|opened| opened.leaves[0].salt.clear()),
        forged(|opened| opened.count = 101),
        forged(|opened| opened.count = 1_000),
        forged(|opened| opened.member = "lab-two".into()),
    ] {
        assert!(audit::verify(two.side()?, &forged).await.is_err(), "{forged:?}");
    }
    assert!(audit::open(one.side()?, &round.id, &[100]).await.is_err());
    Ok(())
}
