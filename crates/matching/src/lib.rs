//! Matching: what two labs, or many, have in common, without showing each other the rest.
//! In: elements, frames as bytes, randomness. Out: frames as bytes; which elements are common, and what was attached to them.
//! Invariant: no I/O, no clock, no randomness of its own, no other crate of ours: an auditor reads it alone. No cryptography
//! of its own either: protocols are published ones, put together from others' crates (`docs/matching.md`).
//! Not here: who may match what with whom (`share`), sending frames, recording rounds (`node`).

mod error;
pub mod oprf;

pub use error::{Error, Result};
