//! Tests of matching: vectors, laws, attacks.
//! In: published vectors, generated sets, frames that someone tampered with. Out: nothing.
//! Invariant: every source of randomness is seeded.
//! Not here: speed (`benches`).

#![expect(clippy::unwrap_used, reason = "a test's fixtures and helpers end the test when they can't be made")]

mod anything;
mod bins;
mod channel;
mod check;
mod committed;
mod epoch;
mod normalise;
mod oprf;
mod pair;
mod pair_attacks;
mod pair_cut;
mod pair_seen;
mod pool;
mod rng;
mod shared;
mod templates;
mod three;
mod two;
mod walk;
