//! Tests of the gate, in one binary.
//! In: rules, facts, decisions. Out: passes or fails.
//! Invariant: needs no network and no clock.
//! Not here: HTTP (`node`).

mod exports;
mod faults;
mod fixture;
mod laws;
mod people;
mod reading;
mod standing;
mod streams;
