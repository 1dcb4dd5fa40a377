//! STIX: Structured Threat Information Expression 2.1 (OASIS Standard, 10 June 2021).
//! In: campaigns, or bundles by anybody. Out: bundles, objects as they were written, faults with line and path.
//! Invariant: does no I/O; what was read is given back byte for byte; what is made is canonical JSON (RFC 8785).
//! Not here: which campaigns may leave, and to whom; the store (`track`).

pub mod bundle;
pub mod campaign;
pub mod decided;
pub mod effect;
pub mod extension;
mod fault;
pub mod heard;
pub mod id;
mod json;
pub mod limits;
mod made;
pub mod marking;
pub mod notice;
pub mod object;
pub mod opinion;
pub mod sighting;
mod sketch;
pub mod validate;
pub mod version;

pub use bundle::Bundle;
pub use fault::{Fault, Severity};
pub use limits::Limits;
pub use object::Object;
