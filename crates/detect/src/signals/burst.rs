//! Burst: members were created close together.
//! In: creation times. Out: `Reading`.
//! Invariant: the population's own sign-ups are what chance is.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! How many times more members than chance were created within the shortest window that holds four in five of them.
//! ## Why it matters
//! Account factories work in batches.
//! ## How it is evaded
//! Aged accounts, bought accounts, creation spread over months.
//! ## Honest look-alikes
//! A class, a launch day: human rhythm, own payments.
//! ## Example
//! `80 % of 150 accounts were created within 2.0 days, 70 times what chance gives`

use stillwatch_model::{Family, Micros};

use super::{Reading, Signal};
use crate::group::Group;
use crate::scale::{percent, ramp};
use crate::times::shortest;

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "burst", family: Family::Identity, weight: (2.0, 0.8), measure, needs: &["accounts.created"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    let mut created: Vec<Micros> = group.accounts().filter_map(|a| a.created).collect();
    if created.len() < 4 {
        return None;
    }
    created.sort_unstable();
    let (from, to) = shortest(&created)?;
    let inside = created.iter().filter(|&&c| from <= c && c <= to).count() as f64;
    let everybody = &group.population.created;
    let within = (everybody.partition_point(|&c| c <= to) - everybody.partition_point(|&c| c < from)) as f64 - inside;
    let others = (everybody.len() as f64 - created.len() as f64).max(0.0);
    let chance = (within + 1.0) / (others + 2.0);
    let share = inside / created.len() as f64;
    let value = share / chance;
    let sure = ((created.len() as f64 - 2.0) / 8.0).min(1.0);
    let days = (to - from) as f64 / 86_400e6;
    Some(Reading {
        value,
        evidence: ramp(value.ln(), 1.0, 3.0) * sure,
        because: format!(
            "{} of {} accounts were created within {days:.1} days, {value:.0} times what chance gives",
            percent(share),
            created.len()
        ),
    })
}
