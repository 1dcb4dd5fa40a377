//! Sets: which of many things hang together.
//! In: pairs. Out: one representative a set, the smallest of its things.
//! Invariant: the result doesn't depend on the order of pairs.
//! Not here: what makes a pair.

/// Disjoint sets of `0..n`.
#[derive(Debug)]
pub(crate) struct Sets(Vec<u32>);

impl Sets {
    /// Everything by itself.
    pub(crate) fn new(n: usize) -> Self {
        Self((0..n as u32).collect())
    }

    /// The representative of the set that `at` is in.
    pub(crate) fn root(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            // Halving keeps the paths short.
            self.0[at as usize] = self.0[self.0[at as usize] as usize];
            at = self.0[at as usize];
        }
        at
    }

    /// Makes one set of two.
    pub(crate) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}
