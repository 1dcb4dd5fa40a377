//! Kmv: which keys an account used, and how often, in bounded space.
//! In: 64-bit key hashes. Out: the K keys of smallest hash, each with its exact count, and an estimate of how many there are.
//! Invariant: a key among the K smallest at the end was among them all along, so counts are exact, and neither order
//!   nor split changes anything. Two accounts keep the same keys of those they share (coordinated sampling).
//! Not here: what a key means.
//!
//! Bottom-k sampling: Bar-Yossef et al. 2002; Cohen and Kaplan 2007.

use serde::{Deserialize, Serialize};

/// The `K` keys of smallest hash, with their counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kmv<const K: usize> {
    entries: Vec<(u64, u32)>,
}

impl<const K: usize> Default for Kmv<K> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<const K: usize> Kmv<K> {
    /// Counts `key` once more.
    pub fn add(&mut self, key: u64) {
        self.add_many(key, 1);
    }

    fn add_many(&mut self, key: u64, count: u32) {
        if self.entries.len() == K && self.entries.last().is_some_and(|&(largest, _)| key > largest) {
            return;
        }
        match self.entries.binary_search_by_key(&key, |&(held, _)| held) {
            Ok(at) => self.entries[at].1 = self.entries[at].1.saturating_add(count),
            Err(at) => {
                if self.entries.len() == K {
                    self.entries.pop();
                }
                self.entries.insert(at, (key, count));
            }
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for &(key, count) in &other.entries {
            self.add_many(key, count);
        }
    }

    /// The keys kept, ascending, with their counts.
    #[must_use]
    pub fn entries(&self) -> &[(u64, u32)] {
        &self.entries
    }

    /// Whether every key is kept.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.entries.len() < K
    }

    /// Estimated number of distinct keys; exact below `K`, relative error about `1/sqrt(K-2)` above.
    #[must_use]
    pub fn distinct(&self) -> f64 {
        match self.entries.last() {
            Some(&(largest, _)) if !self.is_exact() => (K as f64 - 1.0) / ((largest as f64 + 1.0) / 2f64.powi(64)),
            _ => self.entries.len() as f64,
        }
    }

    /// Largest hash up to which both sides would have kept a common key.
    #[must_use]
    pub fn horizon(&self) -> u64 {
        if self.is_exact() { u64::MAX } else { self.entries.last().map_or(u64::MAX, |&(largest, _)| largest) }
    }

    /// Whether the invariants of the type hold; for decoding what others wrote.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.entries.len() <= K
            && self.entries.windows(2).all(|w| w[0].0 < w[1].0)
            && self.entries.iter().all(|&(_, count)| count > 0)
    }

    /// Heap bytes held.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.entries.capacity() * size_of::<(u64, u32)>()
    }
}
