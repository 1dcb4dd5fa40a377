//! Answers: members ask for long answers.
//! In: output tokens. Out: `Reading`.
//! Invariant: measured against the population's median.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! Response tokens an exchange, against the median account's.
//! ## Why it matters
//! The answers are the goods.
//! ## How it is evaded
//! Short-answer harvests: grading, labels, single words.
//! ## Honest look-alikes
//! Writers, long-form products.
//! ## Example
//! `answers are 3.1 times as long as the median account's`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::ramp;

/// The signal.
pub const SIGNAL: Signal = Signal {
    name: "answers",
    family: Family::Focus,
    weight: (0.8, 0.8),
    measure,
    needs: &["output_tokens", "completion"],
};

fn measure(group: &Group<'_>) -> Option<Reading> {
    let output: f64 = group.accounts().map(|a| a.sketch.counts.output_tokens as f64).sum();
    if output == 0.0 || group.population.answer == 0.0 {
        return None;
    }
    let value = output / group.exchanges() / group.population.answer;
    Some(Reading {
        value,
        evidence: ramp(value.ln(), 0.2, 1.1),
        because: format!("answers are {value:.1} times as long as the median account's"),
    })
}
