//! Match frames: any bytes to whoever takes frames, filters, tables, packages and messages of a private match.
//! In: bytes from libFuzzer. Out: a crash, if a promise is broken.
//! Invariant: the body is the one that `cargo test` runs on random and altered bytes (`anything::goes`).
//! Not here: the promises (`crates/matching/tests/it/anything.rs`).
#![no_main]

#[path = "../../crates/matching/tests/it/anything.rs"]
mod anything;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| anything::goes(bytes));
