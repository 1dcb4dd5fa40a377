//! Fuzz target: reading queries of TAXII, and where pages end.
//! In: bytes from the fuzzer. Out: a crash where a law is broken.
//! Invariant: the body is the one that tests run.
//! Not here: the laws (`bodies/taxii_query.rs`).

#![no_main]

#[path = "../bodies/taxii_query.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::run(bytes));
