//! Tests of the gate, in one binary.
//! In: rules, facts, decisions. Out: passes or fails.
//! Invariant: needs no network and no clock.
//! Not here: HTTP (`node`).
