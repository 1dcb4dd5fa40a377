//! Round: rules asked about everybody who is known, and what they say done.
//! In: rules, facts, the cap's meter, the time. Out: decisions made and renewed, what only shadow rules would have done, what the cap holds.
//! Invariant: the rules are asked again inside the transaction, against the decisions as they are then; the allow-list goes first.
//! Not here: when a round is due (`acting.rs`), what rules mean (`stillwatch-gate`).

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};
use stillwatch_gate::book::{Done, Held};
use stillwatch_gate::facts::Pooled;
use stillwatch_gate::standing::Decay;
use stillwatch_gate::{Facts, Subject};
use stillwatch_track::decisions::Pick;
use stillwatch_track::{By, Store};

use super::facts::gather;
use super::inputs::Inputs;
use super::kept::key;
use super::turn::{time, turn};
use crate::Result;

/// Proposals of a stopped rule that wait for a person's answer; the rest is proposed anew when these are done.
const MOST_HELD: usize = 10_000;
/// Subjects that the pool is asked about in a round.
const MOST_POOLED: usize = 10_000;

/// Asks the pool of privately matched indicators: how many other members have each of these. Who isn't in the answer is in no pool.
pub type AskPool =
    dyn Fn(Vec<Subject>) -> Pin<Box<dyn Future<Output = Result<HashMap<Subject, Pooled>>> + Send>> + Send + Sync;

/// What came of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rounded {
    /// Subjects that rules were asked about.
    pub subjects: usize,
    /// Decisions made.
    pub made: usize,
    /// Decisions whose time began anew.
    pub renewed: usize,
    /// Decisions taken back: lines that are gone from the allow-list, weaker ones of the same rule.
    pub taken_back: usize,
    /// What shadow rules would have done, by rule.
    pub shadow: BTreeMap<String, usize>,
    /// Rules that are stopped, each with its question.
    pub stopped: BTreeMap<String, String>,
    /// Subjects that a person's reversal protects.
    pub protected: usize,
    /// Subjects that the allow-list lets through.
    pub listed: usize,
    /// The pool couldn't be asked.
    pub no_pool: Option<String>,
}

/// One round.
///
/// # Errors
/// When the store can't be read or written: then nothing was decided.
pub async fn round(
    store: &Store,
    inputs: &Inputs,
    pool: Option<&AskPool>,
    decay: &Decay,
    days: u32,
    by: &By,
) -> Result<Rounded> {
    let now = time(by.at);
    let since = now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN);
    let mut gathered = gather(store, &inputs.known, decay, since.as_microsecond(), now).await?;
    if gathered.more {
        tracing::warn!("received indicators name more accounts and networks than are looked at in a round");
    }
    let mut rounded = Rounded::default();
    if let Some(ask) = pool.filter(|_| inputs.rules.rules.iter().any(|rule| rule.when.pooled.is_some())) {
        // Networks first: they come last, and are what labs most often share.
        let subjects: Vec<Subject> = gathered.facts.keys().rev().take(MOST_POOLED).cloned().collect();
        match ask(subjects).await {
            Ok(found) => {
                for (subject, pooled) in found {
                    if let Some(facts) = gathered.facts.get_mut(&subject) {
                        facts.pooled = Some(pooled);
                    }
                }
            }
            // What the pool says is one ground among others: without it the rest is decided.
            Err(error) => rounded.no_pool = Some(error.to_string()),
        }
    }
    let due = due(inputs, &gathered.facts, now, &mut rounded);
    apply(store, inputs, &due, by, rounded).await
}

/// Facts of those for whom a rule in force proposes something.
fn due(inputs: &Inputs, facts: &BTreeMap<Subject, Facts>, now: Timestamp, rounded: &mut Rounded) -> Vec<Facts> {
    let others = inputs.known.facts.values().filter(|known| !facts.contains_key(&known.subject));
    let mut due = Vec::new();
    for facts in facts.values().chain(others) {
        let judged = inputs.rules.judge(facts, now);
        rounded.subjects += 1;
        rounded.listed += usize::from(judged.listed.is_some());
        for proposal in judged.shadow {
            *rounded.shadow.entry(proposal.rule).or_default() += 1;
        }
        due.extend(judged.holds.is_some().then(|| facts.clone()));
    }
    // Facts of a file come in any order.
    due.sort_by(|one, other| one.subject.cmp(&other.subject));
    due
}

async fn apply(store: &Store, inputs: &Inputs, due: &[Facts], by: &By, mut rounded: Rounded) -> Result<Rounded> {
    let about = due.iter().map(|facts| key(&facts.subject)).collect();
    turn(store, &[Pick::Listed, Pick::About(about)], by, |turn| {
        let mut changes = turn.book.allow(&inputs.rules.allow, turn.now);
        let verified = inputs.known.verified_requests;
        let applied = turn.book.apply(&inputs.rules, &mut turn.meter, due, verified, turn.now);
        changes.extend(applied.changes);
        let count = |done: Done| changes.iter().filter(|change| change.done == done).count();
        (rounded.made, rounded.renewed, rounded.taken_back) =
            (count(Done::Made), count(Done::Renewed), count(Done::TakenBack));
        rounded.protected = usize::try_from(applied.protected).unwrap_or(usize::MAX);
        // What isn't proposed any more waits for nobody.
        turn.held.clear();
        for held in applied.held {
            let proposals = held.proposals.into_iter().take(MOST_HELD).collect();
            turn.held.insert(held.rule.clone(), Held { proposals, ..held });
        }
        rounded.stopped =
            turn.meter.stopped().iter().map(|(rule, stopped)| (rule.clone(), stopped.question.clone())).collect();
        Ok((changes, rounded))
    })
    .await
}
