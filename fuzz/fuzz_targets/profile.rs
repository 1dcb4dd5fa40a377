//! Fuzz target: reading sharing profiles, and deciding with them.
//! In: bytes from the fuzzer. Out: a crash where a law is broken.
//! Invariant: the body is the one that tests run.
//! Not here: the laws (`bodies/profile.rs`).

#![no_main]

#[path = "../bodies/profile.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::run(bytes));
