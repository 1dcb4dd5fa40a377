//! Oprf: RFC 9497's verifiable mode over ristretto255 with SHA-512, in batches.
//! In: inputs, blinded elements, a key. Out: outputs that only key and input make; proofs that one key was used.
//! Invariant: byte for byte what RFC 9497 says (its vectors and the crate `voprf` are the tests); the group, hashing to it and
//! hashing are others' reviewed crates. Secrets meet constant-time operations only; variable time is for what the wire shows.
//! Not here: who may ask, and how often (`budget`), what outputs are used for (`record`).
//!
//! Why not the crate `voprf` itself: it multiplies one by one where a batch can share work. Here the multiplication is by half
//! the scalar and doubled while encoding (one inversion a batch), and the two sums that a proof is about are one multi-scalar
//! multiplication each: the same bytes for a third of the work of answering, a quarter of that of checking (`docs/matching.md`).

mod blind;
mod key;
mod proof;
mod suite;

pub use blind::{Blinded, Output};
pub use key::{Key, PublicKey};

/// Elements in one batch at most: what a batch's proof is about (RFC 9497 §2.2.1 counts them in two bytes).
pub const MAX_BATCH: usize = 4096;

/// Bytes of an encoded group element.
pub const POINT: usize = 32;

/// Bytes of a proof.
pub const PROOF: usize = 64;

pub(crate) use suite::points;
