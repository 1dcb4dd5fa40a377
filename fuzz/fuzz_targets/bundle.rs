//! Fuzz target: reading and checking bundles.
//! In: bytes from the fuzzer. Out: a crash where a law is broken.
//! Invariant: the body is the one that tests run.
//! Not here: the laws (`bodies/bundle.rs`).

#![no_main]

#[path = "../bodies/bundle.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::run(bytes));
