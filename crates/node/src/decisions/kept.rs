//! Kept: a decision as the store keeps it, and back.
//! In: a decision. Out: what it is looked up by, its JSON, and its history beside it.
//! Invariant: what is read back is what was kept, to the microsecond.
//! Not here: rows (`track::decisions`).

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stillwatch_gate::decision::{Author, Event};
use stillwatch_gate::{Decision, Subject};
use stillwatch_track::decisions::{Happened, Kept};

use crate::{Error, Result};

/// A decision as it is kept.
///
/// # Errors
/// When it can't be written as JSON.
pub fn keep(decision: &Decision) -> Result<Kept> {
    let made_by = match &decision.author {
        Author::Rule(_) => "rule",
        Author::Person(_) => "person",
        Author::AllowList(_) => "allow-list",
    };
    let (kind, value) = key(&decision.subject);
    Ok(Kept {
        id: stored(decision.id),
        kind,
        value,
        made_by: made_by.to_owned(),
        author: decision.author.name().to_owned(),
        campaign: decision.campaign.clone(),
        state: word(&decision.state)?,
        expires: decision.expires.map(Timestamp::as_microsecond),
        body: serde_json::to_string(&Decision { history: Vec::new(), ..decision.clone() }).map_err(unreadable)?,
        history: decision.history.iter().map(happened).collect::<Result<_>>()?,
    })
}

/// A decision that was kept; without its history where that wasn't read.
///
/// # Errors
/// When this program can't read it.
pub fn read(kept: &Kept) -> Result<Decision> {
    let mut decision: Decision = serde_json::from_str(&kept.body).map_err(unreadable)?;
    decision.history = kept.history.iter().map(event).collect::<Result<_>>()?;
    Ok(decision)
}

/// Kind and key of a subject, as they are looked up.
pub(super) fn key(subject: &Subject) -> (String, String) {
    (subject.kind().name().to_owned(), subject.value())
}

/// Numbers are stored as signed ones.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// And read back.
pub(super) fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// A word of the gate's as text.
pub(super) fn word<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value).map_err(unreadable)? {
        serde_json::Value::String(word) => Ok(word),
        other => Err(unreadable(format!("`{other}` is no word"))),
    }
}

/// A word of the gate's from text.
pub(super) fn of_word<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(unreadable)
}

fn happened(event: &Event) -> Result<Happened> {
    Ok(Happened {
        at: event.at.as_microsecond(),
        by: event.by.clone(),
        what: word(&event.what)?,
        because: event.because.clone(),
    })
}

fn event(happened: &Happened) -> Result<Event> {
    Ok(Event {
        at: super::turn::time(happened.at),
        by: happened.by.clone(),
        what: of_word(&happened.what)?,
        because: happened.because.clone(),
    })
}

pub(super) fn unreadable(why: impl std::fmt::Display) -> Error {
    Error::setup(
        format!("a decision in the store can't be read: {why}"),
        "use the newer `stillwatch` that wrote it; if the store was changed by hand, restore a backup",
    )
}
