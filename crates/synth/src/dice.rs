//! Dice: seeded randomness that can be entered anywhere.
//! In: a key of numbers (plan seed, actor, session, turn). Out: a stream of draws that depends on that key alone.
//! Invariant: pure integer and `f64` arithmetic that no library version changes, so the same plan gives the same bytes for ever.
//! Not here: what is drawn for (`honest`, `campaign`, `grammar`).

/// A counter-based generator (SplitMix64): draw `n` is a mix of key + n, so any draw is reached without the ones before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(u64);

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64: every input bit reaches every output bit.
pub(crate) const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// One number from several, order mattering.
pub(crate) fn key(parts: &[u64]) -> u64 {
    parts.iter().fold(0x5711_1a7c_0000_0001, |h, &p| mix(h.wrapping_add(GAMMA) ^ mix(p.wrapping_add(GAMMA))))
}

/// One number from a name.
pub(crate) fn name_key(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| mix((h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
}

/// A number in `0..1` from a key, without making dice.
pub(crate) fn unit_of(key: u64) -> f64 {
    (mix(key.wrapping_add(GAMMA)) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

impl Dice {
    /// Dice for `parts`.
    pub(crate) fn of(parts: &[u64]) -> Self {
        Self(key(parts))
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number in `0..n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (((self.bits() >> 32) * n as u64) >> 32) as usize
    }

    /// A number in `low..=high`.
    pub(crate) fn range(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// A number in `0..1`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number in `low..high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of `items`; the default of `T` when there is none.
    pub(crate) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        items.get(self.below(items.len())).copied().unwrap_or_default()
    }

    /// The index of one of `weights`, in proportion.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (i, w) in weights.enumerate() {
            last = i;
            left -= w;
            if left < 0.0 {
                break;
            }
        }
        last
    }

    /// A standard normal draw (Box-Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A log-normal draw.
    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// An exponential draw.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_fair_and_keys_differ() {
        let mut dice = Dice::of(&[1, 2]);
        let mean = (0..20_000).map(|_| dice.unit()).sum::<f64>() / 20_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let spread = (0..20_000).map(|_| dice.normal().powi(2)).sum::<f64>() / 20_000.0;
        assert!((spread - 1.0).abs() < 0.05, "{spread}");
        assert_ne!(key(&[1, 2]), key(&[2, 1]));
        assert_ne!(key(&[0]), key(&[0, 0]));
    }
}
