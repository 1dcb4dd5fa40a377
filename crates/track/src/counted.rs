//! Counted: exchanges of windows that overlap, counted once.
//! In: sightings. Out: for each how many of its exchanges count; exchanges by hour.
//! Invariant: never more than was sent; the order of sightings never shows; windows that don't overlap all count.
//! Not here: folding the rest (`fold.rs`).
//!
//! Within each hour, of the runs that saw it those count that don't overlap and together saw most. Two runs whose windows
//! don't overlap saw different exchanges, so their sum is never too much; of runs that overlap the one that saw most stands for
//! the others. Findings of one run have different members, and always add up.

use std::collections::BTreeMap;
use std::ops::Range;

use stillwatch_model::Micros;

use crate::sighting::Sighting;

/// Exchanges, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// What counts of each sighting, in the order given.
    pub each: Vec<u64>,
    /// By hour from the epoch.
    pub hours: BTreeMap<i64, u64>,
}

/// One run within one hour.
struct Seen {
    from: Micros,
    to: Micros,
    count: u64,
    run: usize,
}

/// Counts.
#[must_use]
pub fn counted(sightings: &[Sighting]) -> Counted {
    counted_within(sightings, i64::MIN..i64::MAX)
}

/// Counts what lies within hours, counted from the epoch.
#[must_use]
pub fn counted_within(sightings: &[Sighting], within: Range<i64>) -> Counted {
    let mut runs: Vec<&str> = sightings.iter().map(|s| s.run.as_str()).collect();
    runs.sort_unstable();
    runs.dedup();
    let run_of = |s: &Sighting| runs.binary_search(&s.run.as_str()).unwrap_or(0);
    let mut by_hour: BTreeMap<i64, BTreeMap<usize, Seen>> = BTreeMap::new();
    for sighting in sightings {
        let run = run_of(sighting);
        for (hour, count) in hours(sighting, &within) {
            let seen = by_hour.entry(hour).or_default().entry(run).or_insert(Seen {
                from: sighting.from,
                to: sighting.to,
                count: 0,
                run,
            });
            seen.count += count;
        }
    }
    let mut counting: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let mut out = Counted { each: vec![0; sightings.len()], hours: BTreeMap::new() };
    for (hour, seen) in by_hour {
        let (total, runs) = most(seen.into_values().collect());
        out.hours.insert(hour, total);
        counting.insert(hour, runs);
    }
    for (each, sighting) in out.each.iter_mut().zip(sightings) {
        let run = run_of(sighting);
        *each = hours(sighting, &within)
            .filter(|(hour, _)| counting.get(hour).is_some_and(|runs| runs.contains(&run)))
            .map(|(_, count)| count)
            .sum();
    }
    out
}

fn hours<'a>(sighting: &'a Sighting, within: &'a Range<i64>) -> impl Iterator<Item = (i64, u64)> + 'a {
    let first = sighting.body.hours.first;
    sighting
        .body
        .hours
        .counts
        .iter()
        .enumerate()
        .map(move |(at, count)| (first + at as i64, *count))
        .filter(|h| h.1 > 0 && within.contains(&h.0))
}

/// The runs that don't overlap and together saw most (weighted interval scheduling); ties go to the earlier.
fn most(mut seen: Vec<Seen>) -> (u64, Vec<usize>) {
    seen.sort_by_key(|s| (s.to, s.from, s.run));
    // best[i]: the most that the first i give, and whether the last of them is taken.
    let mut best: Vec<(u64, bool, usize)> = vec![(0, false, 0)];
    for (at, one) in seen.iter().enumerate() {
        let before = seen[..at].partition_point(|s| s.to < one.from);
        let with = best[before].0 + one.count;
        let without = best[at].0;
        best.push(if with > without { (with, true, before) } else { (without, false, at) });
    }
    let (mut at, mut runs) = (seen.len(), Vec::new());
    while at > 0 {
        let (_, taken, before) = best[at];
        if taken {
            runs.push(seen[at - 1].run);
        }
        at = before;
    }
    (best[seen.len()].0, runs)
}
