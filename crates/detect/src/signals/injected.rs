//! Injected: one fixed text stands before or after otherwise free prompts.
//! In: a group's shared texts. Out: `Reading`.
//! Invariant: only edges and system prompts whose bodies differ count.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of sampled exchanges whose head, tail or system prompt is the group's own while nothing else of the body is shared.
//! ## Why it matters
//! A fixed injected prompt shared by thousands of accounts is the best campaign key published (reported September 2026).
//! ## How it is evaded
//! Varying the injected text for each request.
//! ## Honest look-alikes
//! A product's or public agent's system prompt: one payer, or many independent ones.
//! ## Example
//! `one fixed text stands before 98 % of free prompts of 120 accounts`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::{percent, rise};
use crate::texts::Place;

/// The signal.
pub const SIGNAL: Signal = Signal {
    name: "injected",
    family: Family::Content,
    weight: (1.6, 0.0),
    measure,
    needs: &["prompt", "system", "messages"],
};

fn measure(group: &Group<'_>) -> Option<Reading> {
    let texts = group.population.texts;
    let (mut edge, mut members) = (0.0, 0.0);
    for &member in &group.members {
        let (mut sum, mut all) = (0.0, 0.0);
        for anchors in texts.samples(member) {
            let (mut outer, mut inner) = (0.0f64, 0);
            for anchor in anchors {
                let Some(&rarity) = group.texts.get(anchor) else { continue };
                match texts.anchors[*anchor as usize].place {
                    Place::Body => inner += 1,
                    Place::Head | Place::Tail => outer = outer.max(rarity),
                    // An app's system prompt is no injection.
                    Place::System => {}
                }
            }
            // A short injection wins a few slots of a short prompt's body; a template wins most.
            if inner <= 8 {
                sum += outer;
            }
            all += 1.0;
        }
        if all > 0.0 {
            edge += sum / all;
            members += 1.0;
        }
    }
    if members < 2.0 {
        return None;
    }
    let value = edge / members;
    Some(Reading {
        value,
        evidence: rise(value, 0.1, 0.6),
        because: format!(
            "a fixed text of the group's own stands before or after {} of otherwise free prompts",
            percent(value)
        ),
    })
}
