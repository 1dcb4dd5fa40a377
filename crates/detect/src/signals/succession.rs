//! Succession: new accounts take over when old ones are banned.
//! In: first and last exchanges, bans. Out: `Reading`.
//! Invariant: needs banned members and members that begin near the ban.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! Members whose traffic ends in refusals of service (403), and others that begin within two days of it with the same texts.
//! ## Why it matters
//! A banned account is replaced; pools fail over (reported February and September 2026).
//! ## How it is evaded
//! Waiting, or new templates for the new pool.
//! ## Honest look-alikes
//! A customer who moves to a new key: one organisation, no ban.
//! ## Example
//! `60 members were banned and 70 began within two days of it`

use stillwatch_model::{Family, Micros};

use super::{Reading, Signal};
use crate::account::Account;
use crate::group::Group;
use crate::scale::rise;

/// The signal.
pub const SIGNAL: Signal =
    Signal { name: "succession", family: Family::Protocol, weight: (1.6, 0.0), measure, needs: &["status"] };

fn measure(group: &Group<'_>) -> Option<Reading> {
    const DAY: f64 = 86_400e6;
    let banned: Vec<&Account> = group.accounts().filter(|a| a.sketch.counts.forbidden > 0).collect();
    if banned.len() < 2 {
        return None;
    }
    let mut ends: Vec<Micros> = banned.iter().map(|a| a.sketch.last).collect();
    ends.sort_unstable();
    let ban = ends[ends.len() / 2];
    let heirs = group
        .accounts()
        .filter(|a| {
            a.sketch.counts.forbidden == 0
                && ((a.sketch.first - ban) as f64).abs() < 2.0 * DAY
                && a.sketch.first > group.population.first_day()
        })
        .count();
    let value = heirs.min(banned.len()) as f64 / group.size();
    Some(Reading {
        value,
        evidence: rise(value, 0.02, 0.25),
        because: format!(
            "{} members were refused service and {heirs} others began within two days of it",
            banned.len()
        ),
    })
}
