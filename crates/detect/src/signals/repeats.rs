//! Repeats: accounts send the same prompts again.
//! In: prompts as they stand. Out: `Reading`.
//! Invariant: speaks for honest use only.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! Exchanges a distinct prompt, within each account.
//! ## Why it matters
//! Reruns, regression tests and drift harnesses repeat a fixed set; a harvester has no use for the same answer twice.
//! ## How it is evaded
//! A harvester that samples each prompt many times (rejection sampling) looks like a rerun here, and only here.
//! ## Honest look-alikes
//! None: this is the look-alikes' own signal.
//! ## Example
//! `each prompt was sent 3.0 times by the same account`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::rise;

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "repeats", family: Family::Content, weight: (0.0, 2.8), measure, needs: &["prompt", "messages"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    if group.accounts().all(|a| a.sketch.counts.prompts == 0) {
        return None;
    }
    let value = group.mean(|a| a.repeats().min(10.0));
    Some(Reading {
        value,
        evidence: -rise(value.ln(), 1.2f64.ln(), 6f64.ln()),
        because: format!("each prompt was sent {value:.1} times by the same account"),
    })
}
