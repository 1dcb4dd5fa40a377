//! Tests of STIX as others see it.
//! In: made campaigns, others' bundles. Out: bundles, faults.
//! Invariant: one test binary a crate.
//! Not here: small private functions (tested beside them).

#![expect(clippy::expect_used, reason = "a test that cannot set up its case has failed")]

mod bundles;
mod campaigns;
mod documentation;
mod faults;
mod fixture;
mod fuzzing;
mod peers;
