//! Rng: seeded randomness for tests.
//! In: a seed. Out: a generator.
//! Invariant: same seed, same numbers.
//! Not here: anything that ships.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A generator; same seed, same numbers.
pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}
