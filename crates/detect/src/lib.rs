//! Detect: the science as plain functions.
//! In: exchanges' columns, one at a time. Out: sketches, links, campaigns, each score explained.
//! Invariant: no Arrow, no I/O, no clock, no randomness that isn't seeded.
//! Not here: reading logs and running this at scale (`engine`).

pub mod fingerprint;
pub mod text;
