//! Matches: what the store keeps of two labs' rounds: who, what was agreed on, what was charged, what was found.
//! In: members, agreements, rounds, questions at once. Out: what holds; sums that never cross a limit.
//! Invariant: the same on both databases; each step is owed to the ledger once.
//! Not here: protocols and lines (`node`).

use stillwatch_track::matches::{self, Agreement, Common, Member, Round};
use stillwatch_track::{By, Place, owed};

use crate::places::{Tested, on_both, open};

const HOUR: i64 = 3_600_000_000;

fn by(author: &str, at: i64) -> By {
    By { author: author.into(), at }
}

fn member(key: &str) -> Member {
    Member { name: "lab-two".into(), key: key.into(), peer: String::new(), relayed: false, made: 1 }
}

fn agreement(needed: u32) -> Agreement {
    Agreement {
        member: "lab-two".into(),
        namespace: "address".into(),
        source: "campaigns".into(),
        both: true,
        budget: 100,
        profile: "conservative".into(),
        version: 1,
        digest: "d".into(),
        may: "{}".into(),
        needed,
        approved: Vec::new(),
        until: 100 * HOUR,
        state: String::new(),
        made: 2,
        author: "ada".into(),
    }
}

fn round(id: &str) -> Round {
    Round {
        id: id.into(),
        member: "lab-two".into(),
        namespace: "address".into(),
        side: "asks".into(),
        terms: "{}".into(),
        own: 64,
        theirs: 64,
        profile: "conservative 1".into(),
        state: String::new(),
        because: String::new(),
        begun: 5,
        ended: None,
        found: None,
    }
}

fn common(campaign: &str) -> Common {
    Common {
        round: "ab01".into(),
        element: "11.2.0.1".into(),
        value: "11.2.0.1".into(),
        campaign: campaign.into(),
        first_seen: Some(1),
        last_seen: None,
        confidence: Some(80),
        magnitude: None,
        likeness: Some(0.5),
    }
}

async fn a_key_is_a_persons_word(place: Place) -> Tested {
    let store = open(&place).await?;
    let key = "ab".repeat(32);
    for wrong in ["", "AB", &key.to_uppercase(), &format!("{key}0")] {
        assert!(matches::add(&store, &member(wrong), &by("ada", 1)).await.is_err(), "{wrong}");
    }
    assert!(matches::agree(&store, &agreement(0), "{}").await.is_err(), "with a member that isn't known");
    matches::add(&store, &member(&key), &by("ada", 1)).await?;
    matches::add(&store, &member(&"cd".repeat(32)), &by("ada", 2)).await?;
    assert_eq!(matches::members(&store).await?.len(), 1);
    assert_eq!(matches::member(&store, "lab-two").await?.key, "cd".repeat(32));
    let no_peer = Member { peer: "nowhere".into(), ..member(&key) };
    assert!(matches::add(&store, &no_peer, &by("ada", 3)).await.is_err());
    // With a member goes what was agreed on.
    matches::agree(&store, &agreement(0), "{}").await?;
    matches::remove(&store, "lab-two").await?;
    assert!(matches::agreements(&store).await?.is_empty());
    assert!(matches::remove(&store, "lab-two").await.is_err());
    Ok(())
}

async fn nobody_approves_alone(place: Place) -> Tested {
    let store = open(&place).await?;
    matches::add(&store, &member(&"ab".repeat(32)), &by("ada", 1)).await?;
    matches::agree(&store, &agreement(2), "{}").await?;
    let refused = matches::approve(&store, "lab-two", "address", &by("ada", 3), "{}").await;
    assert!(refused.is_err(), "its author");
    let state = |one: &Agreement| (one.state.clone(), one.approved.len());
    assert_eq!(
        state(&matches::approve(&store, "lab-two", "address", &by("ben", 3), "{}").await?),
        ("proposed".into(), 1)
    );
    assert!(matches::approve(&store, "lab-two", "address", &by("ben", 4), "{}").await.is_err(), "twice");
    assert_eq!(
        state(&matches::approve(&store, "lab-two", "address", &by("cleo", 4), "{}").await?),
        ("agreed".into(), 2)
    );
    assert!(matches::approve(&store, "lab-two", "address", &by("dan", 5), "{}").await.is_err(), "it waits for nobody");
    // What is proposed anew needs its approvals anew; what was ended stays so.
    matches::agree(&store, &agreement(1), "{}").await?;
    assert_eq!(state(&matches::agreement(&store, "lab-two", "address").await?), ("proposed".into(), 0));
    matches::end(&store, "lab-two", "address", "{}").await?;
    assert!(matches::end(&store, "lab-two", "address", "{}").await.is_err());
    assert!(matches::approve(&store, "lab-two", "address", &by("ben", 6), "{}").await.is_err());
    // Proposed, approved twice, proposed, ended.
    assert_eq!(owed::count(&store).await?, 5);
    Ok(())
}

async fn a_budget_is_a_weeks(place: Place) -> Tested {
    let store = open(&place).await?;
    let charge = |asked: u64, at: i64| {
        let store = &store;
        async move { matches::charge(store, "lab-two", "address", (asked, 100), at).await }
    };
    assert_eq!(charge(60, 1_000 * HOUR).await?, Ok(()));
    assert_eq!(charge(41, 1_001 * HOUR).await?, Err(40));
    assert_eq!(charge(40, 1_001 * HOUR).await?, Ok(()));
    // A clock that was moved back, or far back, makes nothing new.
    assert_eq!(charge(1, 900 * HOUR).await?, Err(0));
    assert_eq!(charge(1, 0).await?, Err(0));
    // A week after the first hour its part is free again, and only that.
    assert_eq!(charge(61, 1_168 * HOUR).await?, Err(60));
    assert_eq!(charge(60, 1_168 * HOUR).await?, Ok(()));
    // Others, and other namespaces, have their own.
    assert_eq!(matches::charge(&store, "lab-two", "domain", (100, 100), HOUR).await?, Ok(()));
    assert_eq!(matches::charge(&store, "lab-six", "address", (100, 100), HOUR).await?, Ok(()));
    let hours = matches::hours(&store, "lab-two", "address", 1_168 * HOUR).await?;
    assert_eq!(hours.iter().map(|hour| hour.asked).sum::<u64>(), 100);
    // Of two that want the last at once, one gets it.
    let (one, other) = tokio::join!(charge(60, 1_400 * HOUR), charge(60, 1_400 * HOUR));
    assert_eq!([one?, other?].iter().filter(|done| done.is_ok()).count(), 1);
    Ok(())
}

async fn a_round_ends_once(place: Place) -> Tested {
    let store = open(&place).await?;
    matches::begin(&store, &round("ab01"), "{}").await?;
    matches::begin(&store, &round("ab01"), "{}").await?;
    matches::begin(&store, &round("ab02"), "{}").await?;
    assert_eq!(owed::count(&store).await?, 2);
    let found = [common("campaign--a"), common("campaign--b")];
    matches::finish(&store, "ab01", Ok(Some(&found)), &by("ada", 9), "{}").await?;
    matches::finish(&store, "ab01", Err("too late"), &by("ada", 10), "{}").await?;
    matches::finish(&store, "ab02", Err("refused"), &by("ada", 10), "{}").await?;
    assert_eq!(owed::count(&store).await?, 4);
    let one = matches::round(&store, "ab01").await?;
    // One element of two campaigns is one element.
    assert_eq!((one.state.as_str(), one.found, one.ended), ("done", Some(1), Some(9)));
    assert_eq!(matches::round(&store, "ab02").await?.because, "refused");
    assert!(matches::round(&store, "ab").await.is_err() && matches::round(&store, "").await.is_err());
    assert_eq!(matches::common(&store, "ab01").await?, found);
    assert_eq!(matches::of_campaign(&store, "campaign--b").await?, found[1..]);
    assert_eq!(matches::rounds(&store, 1).await?.len(), 1);
    Ok(())
}

on_both!(a_key_is_a_persons_word, nobody_approves_alone, a_budget_is_a_weeks, a_round_ends_once);
