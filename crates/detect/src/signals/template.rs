//! Template: members fill one template.
//! In: a group's shared texts. Out: `Reading`.
//! Invariant: a text that many independent payers use counts for nothing.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of the group's sampled exchanges that carry a text which several members use with different fillings, weighted by how far the text is the group's own.
//! ## Why it matters
//! Harvests fill templates; the February 2026 report's example prompt is harmless once and damning ten thousand times.
//! ## How it is evaded
//! Paraphrasing the fixed part for each request, relaying organic traffic, or asking bare questions.
//! ## Honest look-alikes
//! Public coding agents, tutorials, benchmark harnesses: many independent payers share those. Batch jobs: one payer.
//! ## Example
//! `a template fills 93 % of the sampled exchanges of 150 accounts`

use stillwatch_model::Family;

use super::{Reading, Signal, percent, rise};
use crate::group::Group;

/// The signal.
pub const SIGNAL: Signal = Signal {
    name: "template",
    family: Family::Content,
    weight: (3.2, 0.0),
    measure,
    needs: &["prompt", "system", "messages"],
};

fn measure(group: &Group<'_>) -> Option<Reading> {
    let texts = &group.texts;
    let (mut covered, mut plain, mut members) = (0.0, 0.0, 0.0);
    for account in group.accounts() {
        let samples = account.sketch.samples();
        if samples.is_empty() || account.sketch.counts.prompts == 0 {
            continue;
        }
        let best =
            |s| group.population.texts.of(s).filter_map(|anchor| texts.get(&anchor).copied()).fold(f64::NAN, f64::max);
        let each: Vec<f64> = samples.iter().map(best).collect();
        covered += each.iter().filter(|r| !r.is_nan()).sum::<f64>() / samples.len() as f64;
        plain += each.iter().filter(|r| !r.is_nan()).count() as f64 / samples.len() as f64;
        members += 1.0;
    }
    if members < 2.0 {
        return None;
    }
    let (covered, plain) = (covered / members, plain / members);
    Some(Reading {
        value: covered,
        evidence: rise(covered, 0.05, 0.75),
        because: format!(
            "shared templates carry {} of the sampled exchanges of {} accounts; weighted by rarity among independent payers, {}",
            percent(plain),
            group.members.len(),
            percent(covered)
        ),
    })
}
