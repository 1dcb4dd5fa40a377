//! Declared: members are known organisations.
//! In: organisations named in the traffic. Out: `Reading`.
//! Invariant: speaks for honest use only.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of members that name an organisation, and whether it is one and the same.
//! ## Why it matters
//! A team that splits its work over accounts of one organisation hides nothing: it is one customer, to be judged as one.
//! ## How it is evaded
//! Shell companies. A lone declared harvester is still judged by its own traffic.
//! ## Honest look-alikes
//! None: this is the look-alikes' own signal.
//! ## Example
//! `all members belong to one declared organisation`

use std::collections::BTreeMap;

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::account::Account;
use crate::group::Group;
use crate::scale::{percent, rise};

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "declared", family: Family::Identity, weight: (0.0, 4.0), measure, needs: &["organization"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    let mut counts: BTreeMap<u64, f64> = BTreeMap::new();
    for organization in group.accounts().filter_map(Account::organization) {
        *counts.entry(organization).or_default() += 1.0;
    }
    let named = counts.values().sum::<f64>() / group.size();
    if named == 0.0 {
        return None;
    }
    let largest = counts.values().copied().fold(0.0, f64::max) / group.size();
    let because = format!("{} of members name an organisation, {} the same one", percent(named), percent(largest));
    Some(Reading { value: named, evidence: -(0.7 * named + 0.3 * rise(largest, 0.3, 0.9)), because })
}
