//! Fuzz target: reading what clients add over TAXII.
//! In: bytes from the fuzzer. Out: a crash where a law is broken.
//! Invariant: the body is the one that tests run.
//! Not here: the laws (`bodies/taxii_body.rs`).

#![no_main]

#[path = "../bodies/taxii_body.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::run(bytes));
