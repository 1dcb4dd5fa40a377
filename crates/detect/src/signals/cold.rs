//! Cold: members ask at temperature 0.
//! In: request options. Out: `Reading`.
//! Invariant: speaks for honest use only; traffic without the option says nothing.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of exchanges at temperature 0.
//! ## Why it matters
//! Evaluations, classifiers and regression tests want the same answer each time; a harvest wants different ones.
//! ## How it is evaded
//! By setting the option: it therefore takes little away.
//! ## Honest look-alikes
//! None: it counts for honest use.
//! ## Example
//! `97 % of exchanges at temperature 0`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::percent;

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "cold", family: Family::Protocol, weight: (0.0, 1.3), measure, needs: &["temperature"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    let value = group.mean(|a| a.share(a.sketch.counts.cold));
    (value > 0.0).then(|| Reading {
        value,
        evidence: -value,
        because: format!("{} of exchanges at temperature 0, as evaluations and jobs are run", percent(value)),
    })
}
