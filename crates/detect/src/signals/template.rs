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

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::{percent, rise};
use crate::texts::Place;

/// How much of a text shared in the system prompt alone counts.
const SYSTEM: f64 = 0.5;

/// The signal.
pub const SIGNAL: Signal = Signal {
    name: "template",
    family: Family::Content,
    weight: (3.2, 0.0),
    measure,
    needs: &["prompt", "system", "messages"],
};

fn measure(group: &Group<'_>) -> Option<Reading> {
    let texts = group.population.texts;
    let (mut covered, mut plain, mut members) = (0.0, 0.0, 0.0);
    for (account, &member) in group.accounts().zip(&group.members) {
        if account.sketch.counts.prompts == 0 {
            continue;
        }
        let (mut sum, mut carried, mut all) = (0.0, 0.0, 0.0);
        for anchors in texts.samples(member) {
            let mut best = None;
            for &anchor in anchors {
                let Some(&rarity) = group.texts.get(&anchor) else { continue };
                // Many honest customers share the system prompt of an app or a brief; whoever asks chooses the rest.
                let part = if texts.anchors[anchor as usize].place == Place::System { SYSTEM } else { 1.0 };
                best = Some(f64::max(rarity * part, best.unwrap_or(0.0)));
            }
            sum += best.unwrap_or(0.0);
            carried += f64::from(u8::from(best.is_some()));
            all += 1.0;
        }
        if all > 0.0 {
            covered += sum / all;
            plain += carried / all;
            members += 1.0;
        }
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
