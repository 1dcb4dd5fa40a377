//! People: decisions made, contested, reviewed, rolled back.
//! In: the shipped rules, a book. Out: states, histories, what is learned.
//! Invariant: nothing that happened is missing from a history.
//! Not here: the table (`laws.rs`).

use jiff::SignedDuration;
use stillwatch_gate::book::Done;
use stillwatch_gate::decision::State;
use stillwatch_gate::decision::appeal::Outcome;
use stillwatch_gate::rules::cap::Meter;
use stillwatch_gate::{Action, Book, Facts, Rollback};

use crate::fixture::{Tested, account, book, member, now, received, rules};

#[test]
fn a_reversal_is_learned_from_and_not_made_again() -> Tested {
    let (rules, mut meter, mut book) = (rules(), Meter::default(), Book::default());
    let mut facts = member("acct-1");
    facts.campaign = None;
    facts.received = vec![received("lab-one.example"), received("lab-two.example")];
    let facts = [facts];
    let made = book.apply(&rules, &mut meter, &facts, 0, now());
    assert_eq!(made.changes.len(), 1);
    let id = made.changes[0].entry.id;
    assert!(book.contest(id, "acct-1", " ", now()).is_err(), "an empty statement");
    book.contest(id, "acct-1", "this is our nightly evaluation", now())?;
    assert!(book.contest(id, "acct-1", "again", now()).is_err(), "contested already");
    let contested = book.find(id).ok_or("no decision")?;
    assert_eq!(contested.acts(now()), Some(Action::Challenge), "it holds until it was reviewed");
    let shared = ["campaign--7".to_owned()];
    let (reversal, change) =
        book.review(id, "reviewer", Outcome::Wrong, "a known harness", &shared, now())?.ok_or("no reversal")?;
    assert_eq!(change.done, Done::TakenBack);
    insta::assert_snapshot!("reversal", serde_json::to_string_pretty(&reversal)?);
    insta::assert_snapshot!("reversed", serde_json::to_string_pretty(&book.find(id))?);
    let again = book.apply(&rules, &mut meter, &facts, 0, now());
    assert_eq!((again.changes.len(), again.protected), (0, 1), "what a person reversed isn't made again");
    let later = now() + SignedDuration::from_hours(24 * 31);
    assert_eq!(book.apply(&rules, &mut meter, &facts, 0, later).changes.len(), 1, "for a while");
    Ok(())
}

#[test]
fn who_decides_does_not_review() -> Tested {
    let mut book = Book::default();
    let week = SignedDuration::from_hours(24 * 7);
    assert!(book.decide("ana", account("a"), Action::Block, week, "", now()).is_err(), "no reason");
    assert!(book.decide("ana", account("a"), Action::Block, SignedDuration::ZERO, "r", now()).is_err(), "no time");
    let change = book.decide("ana", account("a"), Action::Block, week, "seen by hand", now())?;
    assert!(book.review(change.entry.id, "ana", Outcome::Wrong, "mine", &[], now()).is_err());
    assert!(book.review(change.entry.id, "ben", Outcome::Uphold, "still so", &[], now())?.is_none());
    assert_eq!(book.find(change.entry.id).map(|decision| decision.state), Some(State::InForce));
    Ok(())
}

#[test]
fn one_call_takes_back_all_of_a_rule_or_a_campaign() {
    let (rules, mut meter) = (rules(), Meter::default());
    let facts: Vec<Facts> = (0..50).map(|n| member(&format!("acct-{n}"))).collect();
    for what in [Rollback::Rule("confirmed-campaign".to_owned()), Rollback::Campaign("campaign--1".to_owned())] {
        let mut book = book();
        let before = book.entries(now()).count();
        assert_eq!(book.apply(&rules, &mut meter, &facts, 0, now()).changes.len(), 50);
        let changes = book.rollback(&what, "ana", "a mistake", now());
        assert_eq!(changes.len(), 50);
        assert!(changes.iter().all(|change| change.done == Done::TakenBack));
        assert_eq!(book.entries(now()).count(), before, "others stand");
        assert!(book.rollback(&what, "ana", "again", now()).is_empty());
    }
}

#[test]
fn asking_again_changes_nothing_until_half_the_time_is_over() {
    let (rules, mut meter, mut book) = (rules(), Meter::default(), Book::default());
    let facts = [member("acct-1")];
    let first = book.apply(&rules, &mut meter, &facts, 0, now());
    assert!(book.apply(&rules, &mut meter, &facts, 0, now()).changes.is_empty());
    let later = now() + SignedDuration::from_hours(24 * 16);
    let renewed = book.apply(&rules, &mut meter, &facts, 0, later).changes;
    assert_eq!((renewed.len(), renewed[0].done), (1, Done::Renewed));
    assert_eq!(renewed[0].entry.id, first.changes[0].entry.id, "one decision, one number");
    assert_eq!(book.find(renewed[0].entry.id).and_then(|decision| decision.acts(later)), Some(Action::Block));
}

#[test]
fn the_allow_list_of_the_rules_comes_and_goes() {
    let (mut rules, mut book) = (rules(), Book::default());
    assert_eq!(book.allow(&rules.allow, now()).len(), 2);
    assert!(book.allow(&rules.allow, now()).is_empty());
    rules.allow.pop();
    let gone = book.allow(&rules.allow, now());
    assert_eq!((gone.len(), gone[0].done), (1, Done::TakenBack));
}
