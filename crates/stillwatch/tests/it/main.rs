//! Tests of the command line as a user runs it.
//! In: the built programs. Out: exit codes, stdout, stderr.
//! Invariant: one test binary a crate.
//! Not here: tests of what the engine reads (`engine/tests`).

#![expect(clippy::expect_used, reason = "a test that cannot run its program has failed")]

mod campaigns;
mod deciding;
mod evidence;
mod hub;
mod intel;
mod lab;
mod ledger;
mod matching;
mod node;
mod notice;
#[expect(dead_code, unused_imports, unused_macros, reason = "the store's tests use all of it")]
#[path = "../../../track/tests/it/places.rs"]
mod places;
mod policy;
mod pooled;
mod release;
#[cfg(feature = "with-engine")]
mod with_engine;
mod without_engine;
