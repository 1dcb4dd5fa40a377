//! Faults: clocks moved, a rule that would hit everybody, restarts, many changes, points that lag.
//! In: what goes wrong. Out: what still holds.
//! Invariant: nobody is hit who wasn't before; nothing is lost; it is said.
//! Not here: kill -9 of a process (`node`, `track`).

use jiff::SignedDuration;
use stillwatch_gate::book::{Change, Done};
use stillwatch_gate::decide::decide;
use stillwatch_gate::points::{Points, Way};
use stillwatch_gate::rules::cap::Meter;
use stillwatch_gate::table::row::Key;
use stillwatch_gate::{Action, Book, Decision, Facts, Feed, Kind, Live, Request, Steady, Table};

use crate::fixture::{NOW, Tested, account, member, now, proposal, rules, table};

#[test]
fn a_rule_that_would_block_everybody_is_stopped_and_asks() {
    let (rules, mut meter, mut book) = (rules(), Meter::default(), Book::default());
    let everybody: Vec<Facts> = (0..10_000).map(|n| member(&format!("acct-{n}"))).collect();
    let applied = book.apply(&rules, &mut meter, &everybody, 1_000_000, now());
    assert!(applied.changes.is_empty(), "nobody is hit, not even the first ones");
    let [held] = applied.held.as_slice() else { panic!("one rule is held") };
    insta::assert_snapshot!(held.stopped.question, @"rule `confirmed-campaign` would hit 10000 accounts, 10000 within an hour; the cap is 200. Is that meant?");
    let one = book.apply(&rules, &mut meter, &everybody[..1], 1_000_000, now());
    assert_eq!((one.changes.len(), one.held.len()), (0, 1), "it stays stopped");
    assert_eq!(book.approve(&mut meter, held.clone(), now()).len(), 10_000, "until a person says so");
    assert!(meter.stopped().is_empty());
    assert!(book.approve(&mut meter, held.clone(), now()).is_empty(), "said twice, done once");
    let again = book.apply(&rules, &mut meter, &everybody, 1_000_000, now());
    assert_eq!((again.changes.len(), again.held.len()), (0, 0), "what stands asks nothing");
}

#[test]
fn one_by_one_is_stopped_too_and_verified_traffic_counts_by_itself() {
    let (rules, mut meter, mut book) = (rules(), Meter::default(), Book::default());
    let hit = (0..1_000).take_while(|n| {
        let at = now() + SignedDuration::from_secs(*n);
        !book.apply(&rules, &mut meter, &[member(&format!("acct-{n}"))], 1_000_000, at).changes.is_empty()
    });
    assert_eq!(hit.count(), 200);
    let (mut meter, mut book) = (Meter::default(), Book::default());
    let mut network = Facts::of(crate::fixture::subject(Kind::Network, "203.0.113.0/24"));
    network.received = ["a", "b", "c"].map(crate::fixture::received).to_vec();
    network.verified_requests = 5_001;
    let applied = book.apply(&rules, &mut meter, std::slice::from_ref(&network), 1_000_000, now());
    assert_eq!((applied.changes.len(), applied.held.len()), (0, 1), "half a per cent of verified traffic");
    let unknown = Book::default().apply(&rules, &mut Meter::default(), &[network], 0, now());
    assert_eq!(unknown.held.len(), 1, "traffic that isn't known is no permission");
    assert!(meter.release("seen-elsewhere"));
}

#[test]
fn a_cap_survives_a_restart() -> Tested {
    let (rules, mut meter, mut book) = (rules(), Meter::default(), Book::default());
    let first: Vec<Facts> = (0..150).map(|n| member(&format!("acct-{n}"))).collect();
    assert_eq!(book.apply(&rules, &mut meter, &first, 0, now()).changes.len(), 150);
    let mut meter: Meter = serde_json::from_str(&serde_json::to_string(&meter)?)?;
    let more: Vec<Facts> = (200..260).map(|n| member(&format!("acct-{n}"))).collect();
    assert_eq!(book.apply(&rules, &mut meter, &more, 0, now()).held.len(), 1);
    Ok(())
}

#[test]
fn a_clock_that_is_moved_ends_nothing_and_revives_nothing() {
    let mut clock = Steady::begin(NOW, 0, 0);
    assert_eq!(clock.read(NOW + 10, 10).now, NOW + 10);
    let back = clock.read(NOW - 86_400, 11);
    assert_eq!((back.now, back.moved), (NOW + 11, -86_411), "back a day: counted on, and said");
    let leap = clock.read(NOW + 365 * 86_400, 12);
    assert_eq!((leap.now, leap.moved), (NOW + 12, 365 * 86_400 - 12), "ahead a year: no decision ends");
    assert_eq!(clock.read(NOW + 15, 13).now, NOW + 15, "two seconds are followed");
    assert_eq!(clock.read(NOW + 14, 14).now, NOW + 15, "never backwards");
    clock.accept(NOW + 365 * 86_400, 15);
    assert_eq!(clock.read(NOW + 365 * 86_400 + 1, 16).now, NOW + 365 * 86_400 + 1);
    let restarted = Steady::begin(NOW - 86_400, 0, NOW);
    assert_eq!(restarted.clone().read(NOW - 86_400, 1).now, NOW + 1, "what was kept says it is later");
    // A decision made 'tomorrow', seen after the clock went back: it holds, at its first step.
    let table = table();
    let before = table.find(Key::Exact(Kind::Account, "acct-1"), NOW - 86_400).map(|best| best.action);
    assert_eq!(before, Some(Action::Block));
}

#[test]
fn expired_decisions_stay_expired_after_a_restart() -> Tested {
    let mut decisions: Vec<Decision> = (1..=100)
        .map(|n| Decision::of_proposal(n, proposal(account(&format!("acct-{n}")), Action::Block, n as i64), now()))
        .collect();
    decisions[99].withdraw("ana", "a mistake", now());
    let kept = serde_json::to_string(&decisions)?;
    let later = now() + SignedDuration::from_hours(50);
    let read: Vec<Decision> = serde_json::from_str(&kept)?;
    assert_eq!(read, decisions, "what is kept is what was");
    let book = Book::of(read, 101);
    let table = Table::build(book.entries(later), book.changed());
    for n in 1..=100_i64 {
        let holds = table.find(Key::Exact(Kind::Account, &format!("acct-{n}")), later.as_second()).is_some();
        assert_eq!(holds, n > 50 && n < 100, "{n}");
    }
    assert_eq!(table.number(), 101);
    Ok(())
}

#[test]
fn a_crash_between_book_and_table_loses_nothing() {
    let mut book = Book::default();
    let hour = SignedDuration::from_hours(1);
    let live = Live::default();
    let mut kept: Vec<Change> = Vec::new();
    for n in 0..100 {
        kept.extend(book.decide("ana", account(&format!("acct-{n}")), Action::Block, hour, "r", now()));
        if n < 60 {
            live.change(&kept[kept.len() - 1..]);
        }
    }
    // The process died before the last 40 reached the table; it is built from what was kept, and replays overlap.
    let again = Live::new(Table::build(book.entries(now()), book.changed()));
    again.change(&kept);
    live.change(&kept);
    for n in 0..100 {
        let key = format!("acct-{n}");
        assert!(live.now().find(Key::Exact(Kind::Account, &key), NOW).is_some());
        assert!(again.now().find(Key::Exact(Kind::Account, &key), NOW).is_some());
    }
    assert_eq!((live.now().number(), again.now().number()), (100, 100));
}

#[test]
fn ten_thousand_changes_a_second_keep_their_order() {
    let mut book = Book::default();
    let (mut feed, live) = (Feed::after(0, 1 << 18), Live::default());
    let day = SignedDuration::from_hours(24);
    let mut last: Vec<u64> = Vec::new();
    // Ten seconds: each account is decided on again and again, and taken back in between.
    for tenth in 0..100_i64 {
        let at = now() + SignedDuration::from_millis(tenth * 100);
        let mut batch = Vec::new();
        for n in 0..500 {
            let subject = account(&format!("acct-{}", (tenth * 37 + n) % 2_000));
            let action = if (tenth + n) % 2 == 0 { Action::Block } else { Action::Challenge };
            batch.extend(book.decide("ana", subject, action, day, "r", at));
        }
        let ids: Vec<u64> = batch.iter().map(|change| change.entry.id).collect();
        for id in std::mem::replace(&mut last, ids) {
            let reversed = book.review(id, "ben", stillwatch_gate::decision::appeal::Outcome::Wrong, "r", &[], at);
            batch.extend(reversed.ok().flatten().map(|(_, change)| change));
        }
        if live.change(&batch) {
            live.settle(at.as_second());
        }
        feed.push(&batch);
    }
    let numbers: Vec<u64> = feed.since(0).into_iter().flatten().map(|change| change.number).collect();
    assert_eq!(numbers, (1..=book.changed()).collect::<Vec<_>>(), "every change, once, in order");
    assert_eq!(numbers.len(), 99_500);
    let rebuilt = Table::build(book.entries(now()), book.changed());
    assert_eq!(live.now().count(), rebuilt.count());
    for n in 0..2_000 {
        let request = Request { account: Some(format!("acct-{n}")), ..Request::default() };
        assert_eq!(decide(&live.now(), &request, NOW + 60), decide(&rebuilt, &request, NOW + 60), "{n}");
    }
}

#[test]
fn a_point_that_lags_raises_an_alarm() {
    let mut feed = Feed::after(0, 1_000);
    let mut points = Points::default();
    points.report("edge-1", Way::Push, 0, now());
    points.report("edge-2", Way::Poll, 0, now());
    assert!(points.late(&feed, now()).is_empty(), "nothing happened yet");
    let change = |number| Change {
        number,
        at: now(),
        entry: stillwatch_gate::Entry::of(&Decision::of_proposal(
            number,
            proposal(account("a"), Action::Block, 1),
            now(),
        )),
        done: Done::Made,
    };
    feed.push(&[change(1), change(2)]);
    let after = |seconds| now() + SignedDuration::from_secs(seconds);
    let named = |late: Vec<stillwatch_gate::points::Late>| late.into_iter().map(|l| l.point).collect::<Vec<_>>();
    assert_eq!(named(points.late(&feed, after(1))), [""; 0]);
    assert_eq!(named(points.late(&feed, after(2))), ["edge-1"], "told, and a second over");
    assert_eq!(named(points.late(&feed, after(16))), ["edge-1", "edge-2"]);
    points.report("edge-1", Way::Push, 2, after(16));
    points.report("edge-2", Way::Poll, 1, after(16));
    insta::assert_debug_snapshot!(points.late(&feed, after(17)));
    points.report("edge-2", Way::Poll, 2, after(18));
    assert!(points.late(&feed, after(18)).is_empty());
    assert_eq!(named(points.late(&feed, after(90))), ["edge-1", "edge-2"], "nothing was heard of them");
}
