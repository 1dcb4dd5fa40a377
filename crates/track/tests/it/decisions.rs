//! Decisions as they are kept: whole, in order, with histories that only grow.
//! In: decisions as JSON. Out: what the store says of them, before and after it is opened anew.
//! Invariant: what wasn't kept as a whole isn't there at all.
//! Not here: what a decision means (`gate`), decisions of rules and people (`node`).

use stillwatch_track::decisions::{
    self, After, Change, Filter, Happened, Kept, Pick, change, changes, clock, find, list, seen, standing,
};
use stillwatch_track::retention::Kept as Kind;
use stillwatch_track::{Error, Place, Store, backup, expire, subjects};

use crate::fixture::{DAY, START, by, day, found};
use crate::places::{Tested, on_both, open};

on_both![
    what_is_kept_is_read_back,
    a_history_is_only_added_to,
    changes_are_numbered_without_gaps,
    nothing_is_kept_of_a_change_that_fails,
    those_that_are_meant_are_picked,
    only_what_holds_stands,
    time_that_was_seen_never_goes_back,
    members_are_those_of_campaigns_that_stand,
    a_backup_has_them,
    what_ended_is_kept_for_a_while,
];

fn decision(id: i64, value: &str) -> Kept {
    Kept {
        id,
        kind: "account".into(),
        value: value.into(),
        made_by: "rule".into(),
        author: "rule-one".into(),
        campaign: Some("campaign--1".into()),
        state: "in-force".into(),
        expires: Some(START + DAY),
        body: format!("{{\"id\":{id}}}"),
        history: vec![event("made")],
    }
}

fn event(what: &str) -> Happened {
    Happened { at: START, by: "rule-one".into(), what: what.into(), because: "it's \"meant\" \\ so".into() }
}

fn told(number: i64, decision: i64, done: &str) -> Change {
    Change { number, decision, done: done.into(), at: START }
}

/// Keeps decisions that are new, each with its change.
async fn put(store: &Store, all: &[Kept]) -> Result<(), Error> {
    change(store, &[], START, |before| {
        let numbers = before.clock.changed + 1..;
        let changes = all.iter().zip(numbers).map(|(one, number)| told(number, one.id, "made")).collect();
        Ok((After { decisions: all.to_vec(), changes, aside: Vec::new() }, ()))
    })
    .await
}

async fn what_is_kept_is_read_back(place: Place) -> Tested {
    let store = open(&place).await?;
    let odd = Kept { campaign: None, expires: None, made_by: "allow-list".into(), ..decision(2, "a/\"b\" ü,{}\\") };
    put(&store, &[decision(1, "acct-1"), odd.clone()]).await?;
    store.close().await;
    let store = open(&place).await?;
    assert_eq!(find(&store, 1).await?, decision(1, "acct-1"));
    assert_eq!(find(&store, 2).await?, odd);
    assert!(find(&store, 3).await.is_err_and(|e| e.hint().is_some()));
    let all = list(&store, &Filter::default(), 10, None).await?;
    assert_eq!(all, [odd, decision(1, "acct-1")], "newest first");
    assert_eq!(list(&store, &Filter::default(), 1, Some(2)).await?, [decision(1, "acct-1")]);
    assert_eq!((clock(&store).await?.last, clock(&store).await?.changed), (2, 2));
    Ok(())
}

async fn a_history_is_only_added_to(place: Place) -> Tested {
    let store = open(&place).await?;
    put(&store, &[decision(1, "acct-1")]).await?;
    let rewritten = Happened { because: "it never was".into(), ..event("withdrawn") };
    let later =
        Kept { state: "withdrawn".into(), history: vec![rewritten, event("withdrawn")], ..decision(1, "other") };
    let after = After { decisions: vec![later], changes: vec![told(2, 1, "taken-back")], aside: Vec::new() };
    change::<(), Error>(&store, &[], START, |_| Ok((after, ()))).await?;
    let read = find(&store, 1).await?;
    assert_eq!(read.history, [event("made"), event("withdrawn")], "what stood there stays");
    assert_eq!((read.state.as_str(), read.value.as_str()), ("withdrawn", "acct-1"), "about whom it is never changes");
    Ok(())
}

async fn changes_are_numbered_without_gaps(place: Place) -> Tested {
    let store = open(&place).await?;
    put(&store, &[decision(1, "acct-1"), decision(2, "acct-2")]).await?;
    for number in [1, 2, 4] {
        let after = After { decisions: Vec::new(), changes: vec![told(number, 1, "renewed")], aside: Vec::new() };
        let done = change::<(), Error>(&store, &[], START, |_| Ok((after, ()))).await;
        assert!(done.is_err(), "{number} doesn't follow on 2");
    }
    let all = changes(&store, 0, 10).await?;
    assert_eq!(all.iter().map(|(change, kept)| (change.number, kept.id)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
    assert_eq!(changes(&store, 1, 10).await?.len(), 1);
    assert_eq!(decisions::oldest_change(&store).await?, Some(1));
    Ok(())
}

async fn nothing_is_kept_of_a_change_that_fails(place: Place) -> Tested {
    let store = open(&place).await?;
    put(&store, &[decision(1, "acct-1")]).await?;
    let aside = vec![("meter".to_owned(), Some("{}".to_owned()))];
    // The change's number is one that is there: everything before it in the same transaction goes too.
    let after = After { decisions: vec![decision(2, "acct-2")], changes: vec![told(1, 2, "made")], aside };
    assert!(change::<(), Error>(&store, &[], START, |_| Ok((after, ()))).await.is_err());
    let refused = change::<(), Error>(&store, &[], START, |_| Err(Error::from(sqlx::Error::RowNotFound))).await;
    assert!(refused.is_err());
    assert!(find(&store, 2).await.is_err());
    assert!(decisions::aside(&store).await?.is_empty());
    assert_eq!(clock(&store).await?.changed, 1);
    let aside = vec![("meter".to_owned(), Some("1".to_owned())), ("other".to_owned(), Some("2".to_owned()))];
    change::<(), Error>(&store, &[], START, |_| Ok((After { aside, ..After::default() }, ()))).await?;
    let aside = vec![("meter".to_owned(), Some("3".to_owned())), ("other".to_owned(), None)];
    change::<(), Error>(&store, &[], START, |_| Ok((After { aside, ..After::default() }, ()))).await?;
    assert_eq!(decisions::aside(&store).await?.into_iter().collect::<Vec<_>>(), [("meter".into(), "3".into())]);
    Ok(())
}

async fn those_that_are_meant_are_picked(place: Place) -> Tested {
    let store = open(&place).await?;
    let by_hand = Kept { made_by: "person".into(), campaign: None, ..decision(2, "acct-1") };
    let over = Kept { expires: Some(START), ..decision(3, "acct-3") };
    let listed = Kept { made_by: "allow-list".into(), author: "legal".into(), expires: None, ..decision(4, "acct-4") };
    let back = Kept { state: "reversed".into(), ..decision(5, "acct-1") };
    put(&store, &[decision(1, "acct-1"), by_hand, over, listed, back]).await?;
    let picked = async |picks: &[Pick]| {
        let mut found = Vec::new();
        change::<(), Error>(&store, picks, START, |before| {
            assert!(before.decisions.iter().all(|one| !one.history.is_empty()));
            found = before.decisions.iter().map(|one| one.id).collect();
            Ok((After::default(), ()))
        })
        .await?;
        Ok::<_, Error>(found)
    };
    let about = |value: &str| Pick::About(vec![("account".into(), value.into()), ("ja4".into(), value.into())]);
    assert_eq!(picked(&[about("acct-1")]).await?, [1, 2, 5], "whatever became of them");
    assert_eq!(picked(&[Pick::Rule("rule-one".into())]).await?, [1], "that hold, of a rule");
    assert_eq!(picked(&[Pick::Campaign("campaign--1".into())]).await?, [1, 4]);
    assert_eq!(picked(&[Pick::Listed, Pick::Numbers(vec![3, 9])]).await?, [3, 4]);
    assert!(picked(&[about("' OR 1=1 --")]).await?.is_empty());
    let filter = Filter { rule: Some("rule-one".into()), holds: Some(START), ..Filter::default() };
    assert_eq!(list(&store, &filter, 10, None).await?.iter().map(|one| one.id).collect::<Vec<_>>(), [1]);
    let filter = Filter { state: Some("reversed".into()), kind: Some("account".into()), ..Filter::default() };
    assert_eq!(list(&store, &filter, 10, None).await?.len(), 1);
    Ok(())
}

async fn only_what_holds_stands(place: Place) -> Tested {
    let store = open(&place).await?;
    let all: Vec<Kept> = (1..=7)
        .map(|id| Kept { expires: (id != 7).then_some(START + id * DAY), ..decision(id, &format!("acct-{id}")) })
        .collect();
    put(&store, &all).await?;
    let there = standing(&store, START + 4 * DAY, 0, 2).await?;
    assert_eq!(there.iter().map(|one| one.id).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(standing(&store, START + 4 * DAY, 6, 2).await?.len(), 1);
    Ok(())
}

async fn time_that_was_seen_never_goes_back(place: Place) -> Tested {
    let store = open(&place).await?;
    for (at, kept) in [(START, START), (START + 5, START + 5), (START - DAY, START + 5)] {
        seen(&store, at).await?;
        assert_eq!(clock(&store).await?.seen, kept);
    }
    put(&store, &[decision(1, "acct-1")]).await?;
    assert_eq!((clock(&store).await?.seen, clock(&store).await?.last), (START + 5, 1));
    Ok(())
}

async fn members_are_those_of_campaigns_that_stand(place: Place) -> Tested {
    use stillwatch_model::Verdict;
    use stillwatch_model::tracked::Status;
    use stillwatch_track::{change, save};
    let store = open(&place).await?;
    let kept = save(&store, &day(0, &[found("a", 0..3, 1), found("b", 0..2, 2)]), &by(1)).await?.kept;
    let late = save(&store, &day(9, &[found("c", 0..2, 3)]), &by(10)).await?.kept;
    change::label(&store, &kept[0].campaign, Status::Confirmed, None, "", &by(2)).await?;
    change::judge(&store, &kept[0].campaign, "a-001", Some(Verdict::Benign), "", &by(2)).await?;
    let (members, campaigns) = subjects::members(&store, 0).await?;
    assert_eq!((members.len(), campaigns.len()), (7, 3));
    let confirmed = &campaigns[&kept[0].campaign];
    assert_eq!((confirmed.status, confirmed.actionable, confirmed.signals.len()), (Status::Confirmed, true, 2));
    let of: Vec<_> = members.iter().filter(|one| one.campaign == kept[0].campaign).collect();
    assert_eq!(of.iter().map(|one| one.verdict).collect::<Vec<_>>(), [None, Some(Verdict::Benign), None]);
    let (members, _) = subjects::members(&store, START + 5 * DAY).await?;
    assert!(members.iter().all(|one| one.campaign == late[0].campaign) && members.len() == 2);
    change::label(&store, &late[0].campaign, Status::UnderReview, None, "", &by(11)).await?;
    change::label(&store, &late[0].campaign, Status::Closed, None, "", &by(11)).await?;
    assert_eq!(subjects::members(&store, 0).await?.0.len(), 5, "a closed campaign has nobody to act on");
    Ok(())
}

async fn a_backup_has_them(place: Place) -> Tested {
    let store = open(&place).await?;
    put(&store, &[decision(1, "acct-1")]).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("backup");
    backup::backup(&store, &file).await?;
    backup::restore(&store, &file, true).await?;
    assert_eq!(find(&store, 1).await?, decision(1, "acct-1"));
    assert_eq!(clock(&store).await?.changed, 1);
    let empty = open(&Place::Folder(folder.path().join("other"))).await?;
    backup::restore(&empty, &file, false).await?;
    assert_eq!(find(&empty, 1).await?, decision(1, "acct-1"));
    Ok(())
}

async fn what_ended_is_kept_for_a_while(place: Place) -> Tested {
    let store = open(&place).await?;
    let holds = Kept { expires: None, ..decision(2, "acct-2") };
    let long = Kept { expires: Some(START + 50 * DAY), ..decision(3, "acct-3") };
    put(&store, &[decision(1, "acct-1"), holds, long]).await?;
    assert!(expire::keep(&store, Kind::Decisions, Some(30)).await.is_err(), "protection lasts a month");
    expire::keep(&store, Kind::Decisions, Some(40)).await?;
    assert!(expire::expire(&store, false, &by(40)).await?.is_empty(), "not yet");
    assert_eq!(expire::expire(&store, true, &by(42)).await?.get(&Kind::Decisions), Some(&1));
    assert!(find(&store, 1).await.is_ok(), "a rehearsal");
    assert_eq!(expire::expire(&store, false, &by(42)).await?.get(&Kind::Decisions), Some(&1));
    assert!(find(&store, 1).await.is_err() && find(&store, 2).await.is_ok() && find(&store, 3).await.is_ok());
    assert_eq!(decisions::oldest_change(&store).await?, None, "points that were away so long ask for everything");
    assert_eq!(clock(&store).await?.last, 3, "no number is used again");
    // What points may still be told of stays, however long ago it ended.
    change::<(), Error>(&store, &[], START + 41 * DAY, |_| {
        let changes = vec![Change { at: START + 41 * DAY, ..told(4, 4, "made") }];
        Ok((After { decisions: vec![decision(4, "acct-1")], changes, aside: Vec::new() }, ()))
    })
    .await?;
    assert!(expire::expire(&store, false, &by(42)).await?.is_empty());
    assert_eq!(changes(&store, 3, 10).await?.len(), 1);
    Ok(())
}
