//! Payment: members share instruments or devices though they claim to be strangers.
//! In: payment and device fingerprints. Out: `Reading`.
//! Invariant: one declared organisation may share what it likes.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of members that share a payment instrument or device with another member of no common organisation.
//! ## Why it matters
//! Shared payment methods are a published trait of account networks.
//! ## How it is evaded
//! A virtual card an account.
//! ## Honest look-alikes
//! Agencies, schools, resellers: many tasks, no shared template.
//! ## Example
//! `all 40 accounts share 3 payment instruments`

use stillwatch_model::{Family, LinkKind};

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::{percent, rise};

/// The signal.
pub const SIGNAL: Signal = Signal {
    name: "payment",
    family: Family::Identity,
    weight: (2.0, 0.0),
    measure,
    needs: &["accounts.payment", "accounts.device"],
};

fn measure(group: &Group<'_>) -> Option<Reading> {
    if group.accounts().all(|a| a.payment.is_none() && a.device.is_none()) {
        return None;
    }
    let partners = group.partners(|kind| matches!(kind, LinkKind::Payment | LinkKind::Device));
    let value = partners.len() as f64 / group.size();
    Some(Reading {
        value,
        evidence: rise(value, 0.1, 0.7),
        because: format!("{} of members share a payment instrument or device with another", percent(value)),
    })
}
