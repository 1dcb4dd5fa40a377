//! Matching: what two labs, or many, have in common, without showing each other the rest.
//! In: elements, frames as bytes, randomness. Out: frames as bytes; which elements are common, and what was attached to them.
//! Invariant: no I/O, no clock, no randomness of its own, no other crate of ours: an auditor reads it alone. No cryptography
//! of its own either: protocols are published ones, put together from others' crates (`docs/matching.md`).
//! Not here: who may match what with whom (`share`), sending frames, recording rounds (`node`).

pub mod bins;
pub mod budget;
pub mod channel;
pub mod check;
pub mod commit;
mod element;
pub mod epoch;
mod error;
mod frame;
mod label;
mod normalise;
pub mod oprf;
pub mod pair;
pub mod pool;
mod record;
mod size;
pub mod templates;
pub mod walk;

pub use element::{Element, MAX_ELEMENT, Namespace};
pub use error::{Error, Result};
pub use frame::{HEADER, MAX_BODY};
pub use label::{LABEL, Label};
pub use normalise::normalise;
pub use size::{MAX_SET, padded};
