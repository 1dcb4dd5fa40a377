//! Fuzz target: reading checkpoints and proofs of a ledger.
//! In: bytes from the fuzzer. Out: a crash where a law is broken.
//! Invariant: the body is the one that tests run.
//! Not here: the laws (`bodies/ledger_checkpoint.rs`).

#![no_main]

#[path = "../bodies/ledger_checkpoint.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::run(bytes));
