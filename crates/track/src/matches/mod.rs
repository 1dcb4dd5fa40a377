//! Matches: what a node keeps of matching privately with others.
//! In: rounds, epochs, sizes, hashes. Out: the same, as they stand.
//! Invariant: no element, output, share or key is in the store.
//! Not here: what is matched, and how (`node::matching`).

pub mod epochs;
pub mod files;
pub mod holding;
