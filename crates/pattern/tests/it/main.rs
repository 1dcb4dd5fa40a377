//! Tests of the pattern crate, one binary.
//! In: vectors under `tests/data`, and patterns made at random. Out: pass or fail.
//! Invariant: no clock, no network; vectors are other programs' verdicts and are never edited by hand.
//! Not here: speed (`benches`).

mod anything;
mod evaluating;
mod laws;
mod messages;
mod mutated;
mod random;
mod vectors;
