//! Tests: table, explanation and page of invented reports.
//! In: `fixture`. Out: snapshots and checks.
//! Invariant: one test binary; snapshots are reviewed, never edited by hand.
//! Not here: numbers, ticks and layout, which are tested beside their code.

mod explain;
mod fixture;
mod page;
mod table;
