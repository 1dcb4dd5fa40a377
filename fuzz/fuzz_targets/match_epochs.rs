//! Match epochs: any bytes to those who make an epoch key, and hold it.
//! In: bytes from libFuzzer. Out: a crash, if a promise is broken.
//! Invariant: the body is the one that `cargo test` runs on random and altered bytes (`anything`).
//! Not here: the promises (`crates/matching/tests/it/anything.rs`).
#![no_main]
#![expect(dead_code, reason = "each target runs one part of the body")]

#[path = "../../crates/matching/tests/it/anything.rs"]
mod anything;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| anything::together::epochs(bytes));
