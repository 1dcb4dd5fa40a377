//! Synchrony: members are busy in the same ten minutes.
//! In: the ten-minute slots in which each member was active. Out: `Reading`.
//! Invariant: held against the same hours, so that a common time zone or a working day says nothing.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! How much more the number of active members swings from ten minutes to ten minutes than independent accounts' would.
//! ## Why it matters
//! One scheduler drives many accounts: they start and stop together, as reported in February 2026.
//! ## How it is evaded
//! By jitter of more than an hour.
//! ## Honest look-alikes
//! A class at its deadline, jobs that start on the hour, everybody after an outage: it weighs little alone.
//! ## Example
//! `active members swing 3.1 times as much as independent accounts' would, over 412 ten-minute slots`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::rise;

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "synchrony", family: Family::Timing, weight: (1.0, 0.0), measure, needs: &["time"] };

/// Slots on both sides that say how many members are usually active: one hour each way.
const AROUND: usize = 6;
const WEEK: usize = 1008;

fn measure(group: &Group<'_>) -> Option<Reading> {
    if group.members.len() < 5 {
        return None;
    }
    let mut active = vec![0.0f64; WEEK];
    for account in group.accounts() {
        for (word, bits) in account.sketch.slots().iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let slot = word * 64 + bits.trailing_zeros() as usize;
                if let Some(n) = active.get_mut(slot) {
                    *n += 1.0;
                }
                bits &= bits - 1;
            }
        }
    }
    let (mut swing, mut usual, mut slots) = (0.0, 0.0, 0.0);
    for at in 0..WEEK {
        // The slot itself is left out of what is usual around it.
        let around = (1..=AROUND).flat_map(|d| [active[(at + d) % WEEK], active[(at + WEEK - d) % WEEK]]);
        let mean = around.sum::<f64>() / (2 * AROUND) as f64;
        if mean >= 0.5 {
            // What independent accounts' counts would swing by, and what the mean of twelve of them swings by besides.
            usual += mean * (1.0 - mean / group.size()).max(0.05) * (1.0 + 1.0 / (2 * AROUND) as f64);
            swing += (active[at] - mean).powi(2);
            slots += 1.0;
        }
    }
    if slots < 24.0 {
        return None;
    }
    let value = swing / usual;
    Some(Reading {
        value,
        evidence: rise(value, 1.5, 4.0),
        because: format!(
            "active members swing {value:.1} times as much as independent accounts' would, over {slots:.0} ten-minute slots"
        ),
    })
}
