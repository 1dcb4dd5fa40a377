//! Turn: one change to the book of decisions, as one transaction of the store.
//! In: which decisions it needs; what is done to them. Out: what was made of it, once it is kept.
//! Invariant: time never goes back behind what decisions were looked up at; what changed is what got another line of history.
//! Not here: what is done (`people.rs`, `round.rs`).

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use stillwatch_gate::book::{Change, Held};
use stillwatch_gate::rules::cap::Meter;
use stillwatch_gate::{Book, Decision};
use stillwatch_model::Micros;
use stillwatch_track::decisions::{self, After, Before, Pick};
use stillwatch_track::{By, Store};

use super::batch;
use super::kept::{keep, number, read, stored, unreadable, word};
use crate::Result;

/// Under which name the meter of the cap is kept.
const METER: &str = "meter";
/// Before the name of a rule: what the cap holds of it.
const HELD: &str = "held:";

/// What a change works on.
pub(super) struct Turn {
    /// The part of the book that was asked for.
    pub(super) book: Book,
    /// What was hit within the hour.
    pub(super) meter: Meter,
    /// What waits for a person's answer, by rule.
    pub(super) held: BTreeMap<String, Held>,
    /// What else the gate keeps.
    pub(super) aside: BTreeMap<String, String>,
    /// When it is.
    pub(super) now: Timestamp,
}

/// Does something to decisions. `change` returns what points are told, in order, and what it was for.
pub(super) async fn turn<T>(
    store: &Store,
    picks: &[Pick],
    by: &By,
    change: impl FnOnce(&mut Turn) -> Result<(Vec<Change>, T)>,
) -> Result<T> {
    decisions::change(store, picks, by.at, |before| {
        let aside = before.aside.clone();
        let mut turn = open(before, by.at)?;
        let lines: HashMap<u64, usize> = turn.book.all().map(|one| (one.id, one.history.len())).collect();
        let (changes, made) = change(&mut turn)?;
        let changed = turn.book.all().filter(|one| lines.get(&one.id) != Some(&one.history.len()));
        let kept: Vec<_> = changed.map(keep).collect::<Result<_>>()?;
        let changes: Vec<_> = changes.iter().map(told).collect::<Result<_>>()?;
        let after = After {
            owed: batch::owed(&changes, &kept, by)?,
            decisions: kept,
            changes,
            aside: put_aside(turn, &aside)?,
        };
        Ok((after, made))
    })
    .await
}

fn open(before: Before, at: Micros) -> Result<Turn> {
    let Before { clock, decisions, mut aside } = before;
    let decisions: Vec<Decision> = decisions.iter().map(read).collect::<Result<_>>()?;
    let (meter, held) = waiting(&mut aside)?;
    let book = Book::part(decisions, number(clock.last), number(clock.changed));
    Ok(Turn { book, meter, held, aside, now: time(at.max(clock.seen)) })
}

/// Takes out of what is kept besides: what was hit within the hour, and what waits for a person's answer.
pub(super) fn waiting(aside: &mut BTreeMap<String, String>) -> Result<(Meter, BTreeMap<String, Held>)> {
    let meter = aside.remove(METER).map_or(Ok(Meter::default()), |body| serde_json::from_str(&body));
    let mut held = BTreeMap::new();
    aside.retain(|name, body| match name.strip_prefix(HELD) {
        Some(rule) => {
            // What an older program kept and this one can't read is asked anew by the next round.
            held.extend(serde_json::from_str(body).ok().map(|one: Held| (rule.to_owned(), one)));
            false
        }
        None => true,
    });
    Ok((meter.map_err(unreadable)?, held))
}

/// What became different of what is kept besides.
fn put_aside(turn: Turn, before: &BTreeMap<String, String>) -> Result<Vec<(String, Option<String>)>> {
    let mut now = turn.aside;
    now.insert(METER.to_owned(), serde_json::to_string(&turn.meter).map_err(unreadable)?);
    for (rule, held) in &turn.held {
        now.insert(format!("{HELD}{rule}"), serde_json::to_string(held).map_err(unreadable)?);
    }
    let gone = before.keys().filter(|name| !now.contains_key(*name)).map(|name| (name.clone(), None));
    let gone: Vec<_> = gone.collect();
    let differs = now.into_iter().filter(|(name, body)| before.get(name) != Some(body));
    Ok(differs.map(|(name, body)| (name, Some(body))).chain(gone).collect())
}

fn told(change: &Change) -> Result<decisions::Change> {
    Ok(decisions::Change {
        number: stored(change.number),
        decision: stored(change.entry.id),
        done: word(&change.done)?,
        at: change.at.as_microsecond(),
    })
}

/// An instant; what lies beyond all time is its end.
pub(super) fn time(micros: Micros) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
