//! Tests of the command line as a user runs it.
//! In: the built programs. Out: exit codes, stdout, stderr.
//! Invariant: one test binary a crate.
//! Not here: tests of what the engine reads (`engine/tests`).

#![expect(clippy::expect_used, reason = "a test that cannot run its program has failed")]

mod campaigns;
mod ledger;
mod node;
mod policy;
#[cfg(feature = "with-engine")]
mod with_engine;
mod without_engine;
