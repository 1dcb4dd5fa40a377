//! Size: how large a set is said to be.
//! In: a count. Out: the same or a little more.
//! Invariant: what the other side learns of a size is O(log log n) bits, at most 12 % above the truth.
//! Not here: padding itself.

/// Elements of one set at most.
pub const MAX_SET: u64 = 1 << 27;

/// Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019, §4):
/// a size keeps as many leading bits as its length has, the rest is rounded up. At least 64.
#[must_use]
pub fn padded(count: u64) -> u64 {
    let count = count.max(64);
    let exponent = count.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1 << (exponent - kept)) - 1;
    // Sizes come from other members too: the largest numbers stay what they are or shrink, and are refused as no padded ones.
    count.saturating_add(mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow_by_at_most_an_eighth_and_stay_put() {
        assert_eq!(
            [0, 1, 64, 65, 1_000, 100_000, 1_000_000, 10_000_000].map(padded),
            [64, 64, 64, 72, 1_024, 100_352, 1_015_808, 10_223_616]
        );
        for count in 1..100_000 {
            let said = padded(count);
            assert!(said >= count && padded(said) == said);
            assert!(count < 64 || (said - count) * 8 <= count, "{count} {said}");
        }
        assert_ne!(padded(u64::MAX), u64::MAX);
    }
}
