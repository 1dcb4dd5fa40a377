//! What came of decisions, as the store tells it.
//! In: runs of the fixture, decisions about members. Out: an outcome with its figures.
//! Invariant: hours that no run looked at are never quiet ones.
//! Not here: decisions of rules and people (`node/tests`).

use std::ops::Range;

use stillwatch_model::effect::{Effect, Outcome};
use stillwatch_track::decisions::{After, Change, Happened, Kept, change};
use stillwatch_track::{Error, Place, Store, effect_of, save};

use crate::fixture::{DAY, Found, HOUR, START, by, day, found};
use crate::places::{Tested, on_both, open};

on_both![
    what_stopped_is_said_with_its_figures,
    what_moved_to_other_accounts_is_not_called_stopped,
    what_came_back_tells_how_many_are_new,
    silence_that_nobody_looked_at_says_nothing,
    runs_that_read_little_say_nothing,
    what_goes_on_and_what_fell,
    early_and_late,
    decisions_that_let_through_or_came_before_are_none,
    a_rollback_ends_it,
];

/// One of fifty exchanges a day and account, so that the parts of a day can be told.
fn sent(name: &str, range: Range<u32>, each: u64) -> Found {
    Found { each, ..found(name, range, 1) }
}

/// Runs of days, each with what it found; an empty run looked and found nothing.
async fn looked(store: &Store, days: Range<i64>, findings: &[Found]) -> Result<String, Error> {
    let mut campaign = String::new();
    for at in days {
        let kept = save(store, &day(at, findings), &by(at + 1)).await?.kept;
        campaign = kept.first().map_or(campaign, |kin| kin.campaign.clone());
    }
    Ok(campaign)
}

/// Decisions about accounts, made on a day of the story at nine.
pub(crate) async fn decided(
    store: &Store,
    accounts: &[String],
    action: &str,
    campaign: Option<&str>,
    on: i64,
) -> Result<(), Error> {
    change(store, &[], START, |before| {
        let at = START + on * DAY + 9 * HOUR;
        let made: Vec<Kept> = accounts
            .iter()
            .zip(before.clock.last + 1..)
            .map(|(account, id)| Kept {
                id,
                kind: "account".into(),
                value: account.clone(),
                made_by: "rule".into(),
                author: "rule-one".into(),
                campaign: campaign.map(str::to_owned),
                state: "in-force".into(),
                expires: Some(at + 60 * DAY),
                body: format!("{{\"action\":\"{action}\",\"id\":{id}}}"),
                history: vec![Happened {
                    at,
                    by: "rule-one".into(),
                    what: "made".into(),
                    because: "it is meant".into(),
                }],
            })
            .collect();
        let changes = made.iter().zip(before.clock.changed + 1..);
        let changes =
            changes.map(|(one, number)| Change { number, decision: one.id, done: "made".into(), at }).collect();
        Ok((After { decisions: made, changes, ..After::default() }, ()))
    })
    .await
}

async fn seen(store: &Store, campaign: &str, on: i64) -> Result<Effect, Box<dyn std::error::Error>> {
    Ok(effect_of(store, campaign, START + on * DAY).await?.ok_or("nothing was done")?)
}

/// A pool of twenty accounts over ten days, all blocked on the tenth at nine.
async fn pool(store: &Store) -> Result<String, Error> {
    let campaign = looked(store, 0..10, &[sent("a", 0..20, 48)]).await?;
    assert!(effect_of(store, &campaign, START + 10 * DAY).await?.is_none(), "nothing was done yet");
    decided(store, &crate::fixture::accounts("a", 0..20), "block", Some(&campaign), 10).await?;
    Ok(campaign)
}

async fn what_stopped_is_said_with_its_figures(place: Place) -> Tested {
    let store = open(&place).await?;
    let campaign = pool(&store).await?;
    looked(&store, 10..20, &[]).await?;
    let effect = seen(&store, &campaign, 20).await?;
    assert_eq!(effect.outcome, Outcome::Stopped);
    assert_eq!((effect.acted.members, effect.acted.others, effect.acted.hold), (20, 0, 20));
    assert_eq!(effect.acted.actions, [("block".to_owned(), 20)]);
    assert_eq!(effect.acted.first, "2026-03-12T09:00:00Z");
    // Ten days of 960 exchanges; of the tenth's nine hours, which a run looked at, nothing was seen.
    assert_eq!((effect.before.hours, effect.before.observed), (249, 249));
    assert_eq!((effect.before.exchanges, effect.before.accounts), (9600, 20));
    assert_eq!((effect.after.exchanges, effect.after.accounts, effect.last_seen), (0, 0, None));
    assert_eq!((effect.days.exchanges.len(), effect.days.decided[10], effect.days.exchanges[9]), (20, 20, 960));
    assert_eq!((effect.days.observed[10], effect.days.observed[19]), (24, 24));
    Ok(())
}

async fn what_moved_to_other_accounts_is_not_called_stopped(place: Place) -> Tested {
    let store = open(&place).await?;
    let campaign = pool(&store).await?;
    // Five of the old go on at a tenth, thirty new ones take over.
    let mut rest = sent("a", 0..5, 5);
    rest.accounts.extend(crate::fixture::accounts("b", 0..30));
    rest.each = 20;
    let later = looked(&store, 11..20, &[rest]).await?;
    assert_eq!(later, campaign, "the texts are the same, and one follows the other");
    let effect = seen(&store, &campaign, 20).await?;
    assert_eq!(effect.outcome, Outcome::Moved);
    assert_eq!((effect.after.accounts, effect.after.new_accounts), (35, 30));
    assert_eq!((effect.after.by_decided, effect.after.by_others), (9 * 100, 9 * 600));
    assert_eq!(effect.before.by_others, 0);
    Ok(())
}

async fn what_came_back_tells_how_many_are_new(place: Place) -> Tested {
    let store = open(&place).await?;
    let campaign = pool(&store).await?;
    looked(&store, 10..20, &[]).await?;
    let mut back = sent("c", 0..12, 40);
    back.accounts.extend(crate::fixture::accounts("a", 0..3));
    let later = looked(&store, 20..22, &[back]).await?;
    assert_eq!(later, campaign);
    let effect = seen(&store, &campaign, 22).await?;
    assert_eq!(effect.outcome, Outcome::CameBack);
    let back = effect.came_back.ok_or("it came back")?;
    assert_eq!((back.at.as_str(), back.accounts, back.new_accounts), ("2026-03-22T00:00:00Z", 15, 12));
    assert_eq!((back.exchanges, back.quiet_hours), (2 * 15 * 40, 230));
    Ok(())
}

async fn silence_that_nobody_looked_at_says_nothing(place: Place) -> Tested {
    let store = open(&place).await?;
    let campaign = pool(&store).await?;
    let effect = seen(&store, &campaign, 30).await?;
    assert_eq!((effect.outcome, effect.after.observed), (Outcome::NotObserved, 0));
    // Six days are too few, a seventh is enough.
    looked(&store, 11..17, &[]).await?;
    assert_eq!(seen(&store, &campaign, 30).await?.outcome, Outcome::NotObserved);
    looked(&store, 17..18, &[]).await?;
    assert_eq!(seen(&store, &campaign, 30).await?.outcome, Outcome::Stopped);
    Ok(())
}

async fn runs_that_read_little_say_nothing(place: Place) -> Tested {
    let store = open(&place).await?;
    let campaign = pool(&store).await?;
    for at in 10..20 {
        let mut little = day(at, &[]);
        little.findings.exchanges = 20_000;
        save(&store, &little, &by(at + 1)).await?;
    }
    assert_eq!(seen(&store, &campaign, 20).await?.outcome, Outcome::NotObserved);
    Ok(())
}

async fn what_goes_on_and_what_fell(place: Place) -> Tested {
    let store = open(&place).await?;
    for (text, each, outcome) in [(2, 48, Outcome::Unchanged), (3, 34, Outcome::Fell), (4, 4, Outcome::Stopped)] {
        let pool = |each| Found { each, ..found(&format!("of-{text}"), 0..20, text) };
        let campaign = looked(&store, 0..10, &[pool(48)]).await?;
        decided(&store, &pool(48).accounts, "throttle", Some(&campaign), 10).await?;
        looked(&store, 11..20, &[pool(each)]).await?;
        let effect = seen(&store, &campaign, 20).await?;
        assert_eq!(effect.outcome, outcome, "{each}: {effect:?}");
    }
    Ok(())
}

async fn early_and_late(place: Place) -> Tested {
    let store = open(&place).await?;
    let campaign = pool(&store).await?;
    looked(&store, 10..13, &[]).await?;
    assert_eq!(seen(&store, &campaign, 13).await?.outcome, Outcome::TooEarly);
    // Decisions on what had ended by itself have no before.
    decided(&store, &crate::fixture::accounts("a", 0..1), "challenge", None, 11).await?;
    let effect = seen(&store, &campaign, 13).await?;
    assert_eq!(effect.acted.actions, [("block".to_owned(), 20)], "the strongest counts");
    let other = looked(&store, 0..2, &[Found { text: 9, ..found("z", 0..8, 9) }]).await?;
    decided(&store, &crate::fixture::accounts("z", 0..8), "block", None, 12).await?;
    looked(&store, 13..22, &[]).await?;
    assert_eq!(seen(&store, &other, 22).await?.outcome, Outcome::NothingBefore);
    Ok(())
}

async fn decisions_that_let_through_or_came_before_are_none(place: Place) -> Tested {
    let store = open(&place).await?;
    decided(&store, &crate::fixture::accounts("a", 0..20), "block", None, -3).await?;
    let campaign = looked(&store, 0..10, &[sent("a", 0..20, 48)]).await?;
    decided(&store, &crate::fixture::accounts("a", 0..20), "allow", Some(&campaign), 4).await?;
    assert!(effect_of(&store, &campaign, START + 20 * DAY).await?.is_none());
    assert!(effect_of(&store, "0000-none", START).await.is_err());
    Ok(())
}

async fn a_rollback_ends_it(place: Place) -> Tested {
    let store = open(&place).await?;
    let campaign = pool(&store).await?;
    looked(&store, 10..20, &[sent("a", 0..20, 40)]).await?;
    let meant = [stillwatch_track::decisions::Pick::Campaign(campaign.clone())];
    change::<(), Error>(&store, &meant, START + 12 * DAY, |before| {
        let at = START + 12 * DAY;
        let back = |one: Kept| {
            let taken = Happened { at, by: "ada".into(), what: "withdrawn".into(), because: "a mistake".into() };
            let history = one.history.iter().cloned().chain([taken]).collect();
            Kept { state: "withdrawn".into(), history, ..one }
        };
        Ok((After { decisions: before.decisions.into_iter().map(back).collect(), ..After::default() }, ()))
    })
    .await?;
    let effect = seen(&store, &campaign, 20).await?;
    assert_eq!(effect.outcome, Outcome::HeldTooShort);
    assert_eq!((effect.acted.hold, effect.acted.taken_back), (0, 20));
    assert_eq!(effect.acted.ended.as_deref(), Some("2026-03-14T00:00:00Z"));
    assert_eq!(effect.after.hours, 38, "the time after the rollback isn't the decisions'");
    Ok(())
}
