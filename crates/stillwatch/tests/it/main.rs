//! Tests of the command line as a user runs it.
//! In: the built programs. Out: exit codes, stdout, stderr.
//! Invariant: one test binary a crate.
//! Not here: tests of what the engine reads (`engine/tests`).

mod without_engine;
#[cfg(feature = "with-engine")]
mod with_engine;
