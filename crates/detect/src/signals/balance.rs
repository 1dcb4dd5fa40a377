//! Balance: the load is spread evenly over accounts.
//! In: exchanges a member. Out: `Reading`.
//! Invariant: needs five members.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The squared coefficient of variation of exchanges a member, less what chance alone would make.
//! ## Why it matters
//! A scheduler hands out work evenly; people's volumes differ by orders of magnitude. Load balancing was reported in February 2026.
//! ## How it is evaded
//! Uneven shares.
//! ## Honest look-alikes
//! A team's own harness that splits a benchmark: one declared organisation.
//! ## Example
//! `volumes vary by 0.02 over 60 accounts (people's by 1 or more)`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::account::Account;
use crate::group::Group;
use crate::scale::ramp;

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "balance", family: Family::Timing, weight: (1.4, 0.6), measure, needs: &["time"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    if group.members.len() < 5 {
        return None;
    }
    let mean = group.mean(Account::exchanges);
    if mean < 2.0 {
        return None;
    }
    let variance = group.mean(|a| (a.exchanges() - mean).powi(2));
    let value = variance / (mean * mean) - 1.0 / mean;
    let sure = (group.size() / 12.0).min(1.0);
    Some(Reading {
        value,
        evidence: ramp(value, 0.4, 0.1) * sure,
        because: format!(
            "volumes vary by {value:.2} over {} accounts (squared coefficient of variation beyond chance; people's is 1 or more)",
            group.members.len()
        ),
    })
}
