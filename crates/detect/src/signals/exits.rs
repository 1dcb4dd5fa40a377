//! Exits: members leave by the same rare addresses.
//! In: addresses. Out: `Reading`.
//! Invariant: one address for all is a building, not a proxy pool.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of members that share a rare address with another member, when many addresses do the sharing.
//! ## Why it matters
//! Proxy pools are drawn from again and again; over many accounts the same exits recur.
//! ## How it is evaded
//! A fresh residential address for each account.
//! ## Honest look-alikes
//! A campus, an office or a phone network behind one address (few addresses, many accounts); commercial VPNs (human rhythm, nothing else shared).
//! ## Example
//! `86 % of members share one of 310 rare addresses with another member`

use std::collections::{BTreeMap, BTreeSet};

use stillwatch_model::{Family, LinkKind};

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::{percent, rise};

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "exits", family: Family::Network, weight: (1.8, 0.0), measure, needs: &["ip"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    if group.accounts().all(|a| a.sketch.networks.entries().is_empty()) {
        return None;
    }
    let mut things: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
    for link in group.links.iter().filter(|l| l.kind == LinkKind::Network) {
        things.entry(link.thing).or_default().extend([link.a, link.b]);
    }
    let members: BTreeSet<u32> = things.values().flatten().copied().collect();
    let value = members.len() as f64 / group.size();
    let most = things.values().map(BTreeSet::len).max().unwrap_or(0) as f64;
    // Few addresses for many members is a building.
    let spread = rise(things.len() as f64 / group.size(), 0.02, 0.15) * rise(things.len() as f64, 1.0, 4.0);
    let because = format!(
        "{} of members share one of {} rare addresses with another member; the busiest address has {most:.0}",
        percent(value),
        things.len()
    );
    Some(Reading { value, evidence: rise(value, 0.1, 0.7) * spread, because })
}
