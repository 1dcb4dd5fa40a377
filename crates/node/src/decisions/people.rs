//! People: what a person does about decisions: decide, contest, review, take back, answer the cap.
//! In: a decision's number or a rule's name, what is said, who says it. Out: the decision as it is kept.
//! Invariant: each is one transaction with its line of history; who made a decision doesn't review it.
//! Not here: what a reversal teaches (`learn.rs`), what rules do (`round.rs`).

use std::collections::BTreeMap;

use jiff::SignedDuration;
use stillwatch_gate::decision::appeal::{Outcome, Reversal};
use stillwatch_gate::error::GateError;
use stillwatch_gate::rules::cap::Stopped;
use stillwatch_gate::{Action, Decision, Rollback, Subject};
use stillwatch_track::decisions::{self, Pick};
use stillwatch_track::{By, Fault, Store, releases};

use super::kept::{read, stored};
use super::learn;
use super::turn::{turn, waiting};
use crate::{Error, Result};

/// Under which name it is kept when a person accepted the system's clock, microseconds since the epoch.
pub(super) const CLOCK: &str = "clock";
/// Longest reason, in bytes.
const LONGEST: usize = 16 << 10;

/// A person decides.
///
/// # Errors
/// When no reason is given, it would never end, or the store can't be written.
pub async fn decide(
    store: &Store,
    subject: Subject,
    action: Action,
    lifetime: SignedDuration,
    because: &str,
    by: &By,
) -> Result<Decision> {
    said(because)?;
    turn(store, &[], by, |turn| {
        let change = turn.book.decide(&by.author, subject, action, lifetime, because, turn.now).map_err(refused)?;
        let made = turn.book.find(change.entry.id).cloned();
        Ok((vec![change], made))
    })
    .await?
    .ok_or_else(|| Error::setup("a decision that was made isn't there", "report this as a bug"))
}

/// An account contests a decision; it holds until it was reviewed.
///
/// # Errors
/// When there is none with that number, it doesn't hold, it is contested already, or the store can't be written.
pub async fn contest(store: &Store, id: u64, account: &str, statement: &str, by: &By) -> Result<()> {
    said(statement)?;
    let whose = if account.is_empty() { by.author.as_str() } else { account };
    turn(store, &[Pick::Numbers(vec![stored(id)])], by, |turn| {
        turn.book.contest(id, whose, statement, turn.now).map_err(refused)?;
        Ok((Vec::new(), ()))
    })
    .await
}

/// A person reviews a decision. What a reversal teaches is kept with it, and done by [`learn::teach`].
///
/// # Errors
/// When there is none with that number, it was taken back already, who reviews made it, or the store can't be written.
pub async fn review(store: &Store, id: u64, outcome: Outcome, because: &str, by: &By) -> Result<Option<Reversal>> {
    said(because)?;
    let shared = shared(store, id).await?;
    turn(store, &[Pick::Numbers(vec![stored(id)])], by, |turn| {
        let reviewed = turn.book.review(id, &by.author, outcome, because, &shared, turn.now).map_err(refused)?;
        let Some((reversal, change)) = reviewed else { return Ok((Vec::new(), None)) };
        learn::owe(&mut turn.aside, id, &reversal, because, by)?;
        Ok((vec![change], Some(reversal)))
    })
    .await
}

/// Ids of objects of ours that others have about what a decision is about: its campaign, indicators that name its subject.
async fn shared(store: &Store, id: u64) -> Result<Vec<String>> {
    let decision = match decisions::find(store, stored(id)).await {
        Ok(kept) => read(&kept)?,
        // Whoever reviews it is told so.
        Err(error) if error.fault() == Fault::Unknown => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    // No indicator names an account.
    let value = match &decision.subject {
        Subject::Account(_) => String::new(),
        other => other.value(),
    };
    let items = releases::shared(store, decision.campaign.as_deref().unwrap_or_default(), &value).await?;
    Ok(items.into_iter().map(|item| item.object).collect())
}

/// Takes back all decisions of a rule or a campaign that hold; how many there were.
///
/// # Errors
/// When no reason is given, or the store can't be written.
pub async fn rollback(store: &Store, what: &Rollback, because: &str, by: &By) -> Result<usize> {
    said(because)?;
    let pick = match what {
        Rollback::Rule(name) => Pick::Rule(name.clone()),
        Rollback::Campaign(id) => Pick::Campaign(id.clone()),
    };
    turn(store, &[pick], by, |turn| {
        let changes = turn.book.rollback(what, &by.author, because, turn.now);
        let count = changes.len();
        Ok((changes, count))
    })
    .await
}

/// A person says that the clock of the node's machine, which leapt ahead, is right: a running node follows it within ten seconds, and what ends
/// by then ends. Clocks that were moved back are never followed.
///
/// # Errors
/// When the store can't be written.
pub async fn accept_clock(store: &Store, by: &By) -> Result<()> {
    Ok(decisions::keep(store, CLOCK, &by.at.to_string()).await?)
}

/// Rules that the cap stopped: the question to a person, and how many proposals wait for the answer.
///
/// # Errors
/// When the store can't be read.
pub async fn held(store: &Store) -> Result<BTreeMap<String, (Stopped, usize)>> {
    let (meter, held) = waiting(&mut decisions::aside(store).await?)?;
    let waits = |rule: &String| held.get(rule).map_or(0, |held| held.proposals.len());
    Ok(meter.stopped().iter().map(|(rule, stopped)| (rule.clone(), (stopped.clone(), waits(rule)))).collect())
}

/// A person lets a rule go on under the same cap; what waited is asked anew.
///
/// # Errors
/// When it isn't stopped, or the store can't be written.
pub async fn release(store: &Store, rule: &str, by: &By) -> Result<()> {
    turn(store, &[], by, |turn| {
        if !turn.meter.release(rule) {
            return Err(not_stopped(rule));
        }
        turn.held.remove(rule);
        Ok((Vec::new(), ()))
    })
    .await
}

/// A person says that what a rule proposed is meant, whatever the cap: it is done. Returns how many decisions were made.
///
/// # Errors
/// When nothing of that rule waits, or the store can't be written.
pub async fn approve(store: &Store, rule: &str, by: &By) -> Result<usize> {
    let (_, mut all) = waiting(&mut decisions::aside(store).await?)?;
    let waits = all.remove(rule).ok_or_else(|| not_stopped(rule))?;
    let about = waits.proposals.iter().map(|one| super::kept::key(&one.subject)).collect();
    turn(store, &[Pick::About(about)], by, |turn| {
        // Another person may have answered meanwhile.
        let held = turn.held.remove(rule).ok_or_else(|| not_stopped(rule))?;
        if held.proposals != waits.proposals {
            return Err(Error::refused(
                format!("what rule `{rule}` proposes changed meanwhile"),
                "look at it anew with `stillwatch decisions held`",
            ));
        }
        let changes = turn.book.approve(&mut turn.meter, held, turn.now);
        let count = changes.len();
        Ok((changes, count))
    })
    .await
}

fn not_stopped(rule: &str) -> Error {
    Error::refused(
        format!("nothing of a rule `{}` waits for an answer", rule.chars().take(64).collect::<String>()),
        "`stillwatch decisions held` lists what does",
    )
}

fn said(because: &str) -> Result<()> {
    if because.trim().is_empty() || because.len() > LONGEST || because.contains('\0') {
        return Err(Error::refused(
            format!("a reason has 1 to {LONGEST} bytes, and no character U+0000"),
            "say why in a sentence",
        ));
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn refused(error: GateError) -> Error {
    Error::setup(error.because(), error.cure().unwrap_or("`stillwatch decisions show` tells where it stands"))
}
