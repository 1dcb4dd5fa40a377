//! Walk: a member that tries addresses one after the other instead of asking about what it saw.
//! In: how much a member asked, by hour; what an audit opened. Out: what people should look at.
//! Invariant: a holder sees no element, so only volume speaks; an audit's sample speaks about elements.
//! Not here: refusing (`budget` does), what an alarm leads to.

use std::collections::BTreeMap;

use crate::element::{Element, Namespace};

/// Elements an hour below which nobody is suspected: a /20 takes this long, and a day of honest use stays below.
const QUIET: u64 = 4096;

/// How many times a member's usual hour is unusual.
const TIMES: u64 = 8;

/// What people should look at.
#[derive(Clone, Debug, PartialEq)]
pub enum Alarm {
    /// An hour with far more than this member's usual one.
    Burst {
        /// Which hour of those given.
        hour: usize,
        /// How many elements.
        asked: u64,
        /// The median of the hours before that weren't idle.
        usual: u64,
    },
    /// More was asked in the epoch than the set that the member committed to has, twice over.
    Beyond {
        /// How many elements.
        asked: u64,
        /// How many it committed to.
        committed: u64,
    },
    /// Of the addresses that an audit opened, this share lies in one /16 (IPv6: one /32).
    Dense {
        /// 0 to 1.
        share: f64,
        /// Out of how many.
        opened: usize,
    },
}

/// Alarms about one member's volume in an epoch: elements by hour, and how many it committed to.
#[must_use]
pub fn volume(hours: &[u64], committed: u64) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    let asked: u64 = hours.iter().fold(0, |sum, hour| sum.saturating_add(*hour));
    if asked > committed.saturating_mul(2).max(QUIET) {
        alarms.push(Alarm::Beyond { asked, committed });
    }
    for (hour, asked) in hours.iter().enumerate() {
        let mut before: Vec<u64> = hours[..hour].iter().copied().filter(|count| *count > 0).collect();
        before.sort_unstable();
        // The first busy hours are a set's first evaluation, which `Beyond` judges.
        let Some(usual) = before.get(before.len() / 2).copied().filter(|_| before.len() >= 3) else { continue };
        if *asked > QUIET && *asked > usual.saturating_mul(TIMES) {
            alarms.push(Alarm::Burst { hour, asked: *asked, usual });
        }
    }
    alarms
}

/// An alarm, if of at least 20 opened addresses half or more lie together: bad addresses cluster by provider, but a /16 in 65 000
/// never holds half of a lab's.
#[must_use]
pub fn audit(opened: &[Element]) -> Option<Alarm> {
    let mut blocks: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut addresses = 0;
    for element in opened.iter().filter(|element| element.as_bytes()[0] == Namespace::Address as u8) {
        let block = match element.canonical() {
            [4, ..] => element.canonical().get(..3),
            _ => element.canonical().get(..5),
        };
        if let Some(block) = block {
            *blocks.entry(block).or_default() += 1;
            addresses += 1;
        }
    }
    let most = blocks.into_values().max()?;
    let share = most as f64 / addresses as f64;
    (addresses >= 20 && share >= 0.5).then_some(Alarm::Dense { share, opened: addresses })
}
