//! Refusals: much of what members ask is refused.
//! In: refusals and statuses. Out: `Reading`.
//! Invariant: measured against everybody's refusals.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of exchanges that the model, a safeguard or the gateway refused, beyond the usual.
//! ## Why it matters
//! The probing phase tries thousands of extraction techniques, nearly all refused (reported September 2026).
//! ## How it is evaded
//! Probing from accounts that are thrown away.
//! ## Honest look-alikes
//! Red teams and researchers: small, registered.
//! ## Example
//! `31 % of exchanges were refused, against 0.4 % of all`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::{percent, rise};

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "refusals", family: Family::Protocol, weight: (1.3, 0.0), measure, needs: &["refusal", "status"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    let refused = group.accounts().map(|a| (a.sketch.counts.refusals + a.sketch.counts.forbidden) as f64).sum::<f64>();
    let value = refused / group.exchanges().max(1.0);
    if refused < 5.0 {
        return None;
    }
    Some(Reading {
        value,
        evidence: rise(value - group.population.refused, 0.04, 0.25),
        because: format!(
            "{} of exchanges were refused, against {:.1} % of all",
            percent(value),
            group.population.refused * 100.0
        ),
    })
}
