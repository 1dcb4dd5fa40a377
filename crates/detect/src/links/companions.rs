//! Companions: accounts that already have a link and also do the same at the same time.
//! In: accounts, their links. Out: links by timing, by a common move to a new model, by succession.
//! Invariant: never the only link of a pair: half the world is awake at once, and everybody tries a new model.
//! Not here: what accounts hold or send in common (`links.rs`).

use std::collections::HashMap;

use stillwatch_model::{LinkKind, Micros};

use super::{DAY, Link};
use crate::account::Account;

/// Active ten-minute slots an account must have before two can be called synchronised.
const SLOTS: f64 = 6.0;
/// Share of all accounts that may move to a model with two others before their moving together says nothing.
const CROWD: f64 = 0.1;

/// Further links of pairs that are linked already.
pub(super) fn find(accounts: &[Account], links: &[Link]) -> Vec<Link> {
    let mut pairs: Vec<(u32, u32)> = links.iter().map(|l| (l.a, l.b)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let active: Vec<f64> =
        accounts.iter().map(|a| a.sketch.slots().iter().map(|w| f64::from(w.count_ones())).sum()).collect();
    let moved: Vec<Vec<(u64, i32)>> = accounts.iter().map(Account::moves).collect();
    let mut movers: HashMap<(u64, i32), f64> = HashMap::new();
    for &to in moved.iter().flatten() {
        *movers.entry(to).or_default() += 1.0;
    }
    let first = accounts.iter().map(|a| a.sketch.first).min().unwrap_or(0);
    let mut found = Vec::new();
    for (a, b) in pairs {
        let (x, y) = (&accounts[a as usize], &accounts[b as usize]);
        if x.is_of_one_firm(y) {
            continue;
        }
        let mut link = |kind, weight: f64| {
            if weight >= 0.05 {
                found.push(Link { a, b, kind, weight, thing: 0 });
            }
        };
        link(LinkKind::Timing, synchrony(x, y, active[a as usize], active[b as usize]));
        let together = moved[a as usize].iter().any(|to| {
            moved[b as usize].contains(to) && movers.get(to).is_some_and(|n| *n <= CROWD * accounts.len() as f64)
        });
        link(LinkKind::Pivot, if together { 0.5 } else { 0.0 });
        let heir = succeeds(x, y, first) || succeeds(y, x, first);
        link(LinkKind::Succession, if heir { 1.0 } else { 0.0 });
    }
    found
}

/// How far two accounts are active in the same ten minutes more often than their volumes would have it.
fn synchrony(x: &Account, y: &Account, in_x: f64, in_y: f64) -> f64 {
    if in_x.min(in_y) < SLOTS {
        return 0.0;
    }
    let both: f64 = x.sketch.slots().iter().zip(y.sketch.slots()).map(|(a, b)| f64::from((a & b).count_ones())).sum();
    // Within the hours in which both are active at all: the same time zone is no coincidence to be told.
    let hours = x.sketch.hours().iter().zip(y.sketch.hours()).filter(|&(&a, &b)| a > 0 && b > 0).count() as f64;
    let (hours_x, hours_y) = (busy(x), busy(y));
    if hours_x == 0.0 || hours_y == 0.0 {
        return 0.0;
    }
    let chance = hours * (in_x / hours_x / 6.0) * (in_y / hours_y / 6.0) * 6.0;
    let beyond = (both - chance) / (chance + 1.0).sqrt();
    (0.25 * (beyond - 2.5)).clamp(0.0, 1.0)
}

/// Hours of the week with an exchange.
fn busy(account: &Account) -> f64 {
    account.sketch.hours().iter().filter(|&&n| n > 0).count() as f64
}

/// Whether `heir` begins within two days of `banned` being refused service, and was not there before.
fn succeeds(banned: &Account, heir: &Account, first: Micros) -> bool {
    let refused = banned.share(banned.sketch.counts.forbidden) >= 0.02;
    refused
        && heir.sketch.counts.forbidden == 0
        && (heir.sketch.first - banned.sketch.last).abs() < 2 * DAY
        && heir.sketch.first > first + DAY
}
