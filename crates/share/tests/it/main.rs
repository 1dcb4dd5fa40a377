//! Tests of STIX as others see it.
//! In: made campaigns, others' bundles. Out: bundles, faults.
//! Invariant: one test binary a crate.
//! Not here: small private functions (tested beside them).

fn main() {}
