//! Tests of the ledger, one module a subject.
//! In: nothing. Out: verdicts.
//! Invariant: one binary.
//! Not here: the command line's tests.

#![expect(clippy::expect_used, reason = "the bodies of fuzz targets panic where a law is broken")]

mod altered;
mod crashes;
mod fixture;
mod fuzzing;
mod independent;
mod keys;
mod proofs;
mod recording;
mod watching;
mod witnesses;
