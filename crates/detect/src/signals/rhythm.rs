//! Rhythm: members are active round the clock.
//! In: hour-of-week histograms. Out: `Reading`.
//! Invariant: each account is measured against itself: people in many time zones together are not round the clock.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The mean cosine between the times of day at which one account is active: 0 round the clock, 0.3 for a person.
//! ## Why it matters
//! No human rhythm is the first indicator of advisory AA26-251A.
//! ## How it is evaded
//! Keeping office hours.
//! ## Honest look-alikes
//! Schedulers, nightly evaluations, support bots: one payer, stable addresses.
//! ## Example
//! `time-of-day coherence is 0.01 over 150 accounts (a person's is about 0.3)`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::account::Account;
use crate::group::Group;
use crate::scale::ramp;

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "rhythm", family: Family::Timing, weight: (1.9, 3.0), measure, needs: &["time"] };

/// Mean length of the members' phases, added as vectors, from which they keep one shift.
const SHIFT: f64 = 0.9;

fn measure(group: &Group<'_>) -> Option<Reading> {
    let (mut sum, mut weight, mut phase, mut members) = (0.0, 0.0, (0.0, 0.0), 0.0);
    for rhythm in group.accounts().filter_map(Account::rhythm) {
        // An account says as much as sixty pairs, however busy: else one machine would drown a class of people.
        let pairs = rhythm.pairs.min(60.0);
        sum += rhythm.coherence * pairs;
        weight += pairs;
        phase = (phase.0 + rhythm.phase.0, phase.1 + rhythm.phase.1);
        members += 1.0;
    }
    if weight < 10.0 {
        return None;
    }
    let value = sum / weight;
    // One shift for all is as much an operator's as a people's habit: it speaks half as much for honest use.
    let shift = members >= 8.0 && phase.0.hypot(phase.1) / members > SHIFT;
    let sure = (weight / 150.0).min(1.0) * if shift && value > 0.17 { 0.5 } else { 1.0 };
    Some(Reading {
        value,
        evidence: ramp(value, 0.17, 0.03) * sure,
        because: format!("time-of-day coherence is {value:.2} (0 is round the clock, a person's is about 0.3)"),
    })
}
