//! Back off: when a peer that failed is asked again.
//! In: how often it failed in a row, what it asked for. Out: an instant.
//! Invariant: twice as long each time, up to an hour, with chance in it so that many don't come back at once; never sooner than
//! the peer asked for, nor later than a day.
//! Not here: what failed.

use rand_core::RngCore;
use stillwatch_model::Micros;

const SECOND: Micros = 1_000_000;
const FIRST: Micros = 15 * SECOND;
const LONGEST: Micros = 3_600 * SECOND;
const DAY: u64 = 86_400;

/// When to ask again, after `failures` in a row, the last one just now.
pub(super) fn again(now: Micros, failures: u32, after: Option<u64>) -> Micros {
    let chance = f64::from(rand_core::OsRng.next_u32()) / f64::from(u32::MAX);
    at(now, failures, after, chance)
}

fn at(now: Micros, failures: u32, after: Option<u64>, chance: f64) -> Micros {
    let whole = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    let wait = whole / 2 + ((whole / 2) as f64 * chance) as Micros;
    let asked = after.map_or(0, |seconds| seconds.min(DAY) as Micros * SECOND);
    now.saturating_add(wait.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_longer_each_time_and_never_for_ever() {
        let waits: Vec<Micros> = (1..40).map(|failures| at(0, failures, None, 1.0)).collect();
        assert_eq!(waits.first(), Some(&FIRST));
        assert!(waits.is_sorted(), "{waits:?}");
        assert_eq!(waits.last(), Some(&LONGEST));
        assert_eq!(at(0, 1, Some(100), 0.0), 100 * SECOND);
        assert_eq!(at(0, 1, Some(u64::MAX), 0.0), DAY as Micros * SECOND);
        assert_eq!(at(0, 3, None, 0.0), 2 * FIRST);
    }
}
