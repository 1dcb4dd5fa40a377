//! Stix pattern: any bytes as a pattern and observed-data.
//! In: bytes from libFuzzer. Out: a crash, if a promise is broken.
//! Invariant: the body is the one that `cargo test` runs on random and mutated strings (`anything::goes`).
//! Not here: the promises (`crates/pattern/tests/it/anything.rs`).
#![no_main]

#[path = "../../crates/pattern/tests/it/anything.rs"]
mod anything;

libfuzzer_sys::fuzz_target!(|data: &[u8]| anything::goes(data));
