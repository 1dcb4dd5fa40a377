//! It: the laws of synthetic traffic, seen from outside.
//! In: plans. Out: assertions.
//! Invariant: one binary; each module is one law.
//! Not here: tests of single functions (beside them).

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod laws;
mod plans;
