//! It: the engine's integration tests, one binary.
//! In: invented logs. Out: exchanges, errors, counts.
//! Invariant: no network, no clock but the one given, nothing written but under the temporary folder.
//! Not here: tests of small private functions, which stand beside them.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot make its input has failed")]

mod accounts;
mod errors;
mod hunt;
mod opened;
mod parquet;
mod program;
mod reading;
mod sketching;
mod sources;
