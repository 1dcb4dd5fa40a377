//! Replay: reasoning references cross accounts.
//! In: reasoning references minted and presented. Out: `Reading`.
//! Invariant: a reference that its own account presents is a conversation.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of members that present, or had presented by others, a reasoning reference minted for another account.
//! ## Why it matters
//! Opaque reasoning from one session handed to another to be read out is how full traces were rebuilt (reported September 2026).
//! ## How it is evaded
//! Replay within one account only.
//! ## Honest look-alikes
//! A team that shares sessions over keys: one declared organisation.
//! ## Example
//! `95 % of members exchange reasoning references with other members`

use stillwatch_model::{Family, LinkKind};

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::{percent, rise};

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "replay", family: Family::Protocol, weight: (4.0, 0.0), measure, needs: &["reasoning_presented"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    if group.accounts().all(|a| a.sketch.presented.entries().is_empty()) {
        return None;
    }
    let value = group.partners(|kind| kind == LinkKind::Replay).len() as f64 / group.size();
    Some(Reading {
        value,
        evidence: rise(value, 0.03, 0.4),
        because: format!(
            "{} of members presented reasoning references minted for another member, or had theirs presented",
            percent(value)
        ),
    })
}
