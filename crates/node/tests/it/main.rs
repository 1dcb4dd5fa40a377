//! Tests of the node, in one binary.
//! In: the node's parts. Out: passes or fails.
//! Invariant: needs no network but this machine's own address.
//! Not here: the command line's tests.

mod gate;
