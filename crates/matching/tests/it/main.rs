//! Tests of matching: vectors, laws, attacks.
//! In: published vectors, generated sets, frames that someone tampered with. Out: nothing.
//! Invariant: every source of randomness is seeded.
//! Not here: speed (`benches`).

mod oprf;
mod rng;
