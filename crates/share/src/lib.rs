//! Share: campaigns as STIX 2.1, and any STIX 2.1 bundle given back unchanged.
//! In: what the store knows of a campaign; bundles. Out: bundles, validated objects, faults with line and path.
//! Invariant: does no I/O; an object is kept as it was written.
//! Not here: the store (`track`).

mod fault;
mod json;
pub mod stix;

pub use fault::{Fault, Severity};
