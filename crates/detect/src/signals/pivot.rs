//! Pivot: members move to a new model together.
//! In: models by day. Out: `Reading`.
//! Invariant: needs a model that nobody in the group used at first.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of members whose use of a model begins within one day of each other, after days without it.
//! ## Why it matters
//! Within 24 hours of a release nearly half of one campaign's traffic moved to the new model (reported February 2026).
//! ## How it is evaded
//! Moving over gradually.
//! ## Honest look-alikes
//! Everybody tries a new model: the population's own move is taken off.
//! ## Example
//! `80 % of members began to use one new model on the same day`

use std::collections::BTreeMap;

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::account::Account;
use crate::group::Group;
use crate::scale::{percent, rise};

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "pivot", family: Family::Timing, weight: (0.9, 0.0), measure, needs: &["model"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    if group.members.len() < 4 {
        return None;
    }
    let (model, day, share) = movers(group.accounts())?;
    let everybody =
        group.population.accounts.iter().filter(|a| a.began(model).is_some_and(|d| (d - day).abs() <= 1)).count()
            as f64
            - share * group.size();
    let outside = (group.population.accounts.len() as f64 - group.size()).max(1.0);
    let value = share - everybody.max(0.0) / outside;
    Some(Reading {
        value,
        evidence: rise(value, 0.25, 0.8),
        because: format!(
            "{} of members began to use one new model on the same day, {} more than of all accounts",
            percent(share),
            percent(value)
        ),
    })
}

/// The model and day of the largest common move, and the share of accounts in it.
fn movers<'a>(accounts: impl Iterator<Item = &'a Account>) -> Option<(u64, i32, f64)> {
    let (mut counts, mut all) = (BTreeMap::<(u64, i32), f64>::new(), 0.0);
    for account in accounts {
        all += 1.0;
        for to in account.moves() {
            *counts.entry(to).or_default() += 1.0;
        }
    }
    let (&(model, day), _) = counts.iter().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)))?;
    let near: f64 = counts.iter().filter(|&(&(m, d), _)| m == model && (d - day).abs() <= 1).map(|(_, n)| n).sum();
    Some((model, day, (near / all).min(1.0)))
}
