//! Verified: members' identities were checked.
//! In: the accounts file. Out: `Reading`.
//! Invariant: measured against the share among all accounts.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of verified members, against everybody's.
//! ## Why it matters
//! Account factories seldom pass identity checks.
//! ## How it is evaded
//! Bought or stolen verified accounts.
//! ## Honest look-alikes
//! New hobby users: unverified, but unlinked.
//! ## Example
//! `18 % of members are verified, against 50 % of all accounts`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::percent;

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "verified", family: Family::Identity, weight: (0.5, 2.7), measure, needs: &["accounts.verified"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    let known: Vec<bool> = group.accounts().filter_map(|a| a.verified).collect();
    if known.len() < 3 {
        return None;
    }
    let value = known.iter().filter(|&&v| v).count() as f64 / known.len() as f64;
    let all: Vec<bool> = group.population.accounts.iter().filter_map(|a| a.verified).collect();
    let usual = all.iter().filter(|&&v| v).count() as f64 / all.len() as f64;
    let sure = (known.len() as f64 / 10.0).min(1.0);
    let evidence =
        if value < usual { 1.0 - value / usual.max(1e-9) } else { -(value - usual) / (1.0 - usual).max(1e-9) };
    Some(Reading {
        value,
        evidence: evidence.clamp(-1.0, 1.0) * sure,
        because: format!("{} of members are verified, against {} of all accounts", percent(value), percent(usual)),
    })
}
