//! Factor: which of the four factors of inferred purpose a sentence speaks to.
//! In: a finding and its sentences. Out: (factor, basis, sentence).
//! Invariant: what was read and what is concluded come from two lists and are never mixed.
//! Not here: keeping it (`save.rs`); what people add (`change.rs`).
//!
//! | factor (H.R. 8283 of 2026, as introduced) | signals |
//! | --- | --- |
//! | volume, structure, pattern, timing | `template` `injected` `elicitation` `repeats` `rhythm` `refusals` `answers` `cold`, and the count of exchanges |
//! | concentration on capabilities | `focus` |
//! | several accounts in coordination | `balance` `synchrony` `pivot` `succession` `burst` `payment` `declared` `verified` `exits` `replay` |
//! | correlation with another model's development | none: no log shows it; people add it |

use stillwatch_model::saved::Detail;
use stillwatch_model::tracked::{Basis, Factor};
use stillwatch_model::{Campaign, Signal};

/// The factor that a signal speaks to.
#[must_use]
pub fn of_signal(name: &str) -> Factor {
    match name {
        "focus" => Factor::Concentration,
        "balance" | "synchrony" | "pivot" | "succession" | "burst" | "payment" | "declared" | "verified" | "exits"
        | "replay" => Factor::Coordination,
        _ => Factor::Pattern,
    }
}

/// A finding's evidence. An observed sentence speaks to the factor of the signal that it tells, others tell volume;
/// an inferred one to the factor whose signals add most, since it rests on all of them.
#[must_use]
pub fn evidence(campaign: &Campaign, detail: &Detail) -> Vec<(Factor, Basis, String)> {
    let mut said: Vec<(Factor, Basis, String)> = detail
        .observed
        .iter()
        .map(|sentence| {
            let told = campaign.signals.iter().find(|signal| same(sentence, &signal.because));
            (told.map_or(Factor::Pattern, |signal| of_signal(&signal.name)), Basis::Observed, sentence.clone())
        })
        .collect();
    let carried = carrying(&campaign.signals);
    said.extend(detail.inferred.iter().map(|sentence| (carried, Basis::Inferred, sentence.clone())));
    said
}

/// Whether a sentence is that clause, but for its first letter and full stop.
fn same(sentence: &str, clause: &str) -> bool {
    let (sentence, clause) = (sentence.trim_end_matches('.'), clause.trim_end_matches('.'));
    let rest = |text: &str| text.chars().skip(1).collect::<String>();
    !clause.is_empty()
        && rest(sentence) == rest(clause)
        && sentence.chars().next().map(|c| c.to_lowercase().to_string())
            == clause.chars().next().map(|c| c.to_lowercase().to_string())
}

fn carrying(signals: &[Signal]) -> Factor {
    let sum = |factor: Factor| -> f64 {
        signals
            .iter()
            .filter(|s| s.name != "prior" && s.contribution > 0.0 && of_signal(&s.name) == factor)
            .map(|s| s.contribution)
            .sum()
    };
    let mut most = Factor::Pattern;
    for factor in Factor::ALL {
        if sum(factor) > sum(most) {
            most = factor;
        }
    }
    most
}
