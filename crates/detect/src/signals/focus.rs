//! Focus: traffic is concentrated on one valuable capability.
//! In: capabilities of sampled exchanges. Out: `Reading`.
//! Invariant: measured against everybody's mix.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of the group's most over-represented capability.
//! ## Why it matters
//! Harvests map to what is most valuable for training: reasoning, coding, agents, grading.
//! ## How it is evaded
//! Cover traffic.
//! ## Honest look-alikes
//! Every product has a focus: this alone says little.
//! ## Example
//! `97 % of sampled exchanges are maths, against 12 % of all`

use stillwatch_model::{Capability, Family};

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::{percent, rise};

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "focus", family: Family::Focus, weight: (0.7, 0.0), measure, needs: &["prompt", "messages"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    let (mut counts, mut all) = ([0.0; 9], 0.0);
    for account in group.accounts().filter(|a| a.sketch.counts.prompts > 0) {
        let part = 1.0 / account.sketch.samples().len().max(1) as f64;
        for sample in account.sketch.samples() {
            counts[usize::from(sample.capability)] += part;
            all += part;
        }
    }
    if all == 0.0 {
        return None;
    }
    let lift = |c: usize| counts[c] / all - group.population.capabilities[c];
    let top = (0..9).max_by(|&a, &b| lift(a).total_cmp(&lift(b)).then(b.cmp(&a)))?;
    let value = counts[top] / all;
    Some(Reading {
        value,
        evidence: rise(lift(top), 0.15, 0.7),
        because: format!(
            "{} of sampled exchanges are {}, against {} of all",
            percent(value),
            Capability::ALL[top].name(),
            percent(group.population.capabilities[top])
        ),
    })
}
