//! Laws of sketches and shapes of findings.
//! In: the public functions. Out: nothing; they hold or they don't.
//! Invariant: one test binary a crate.
//! Not here: tests of single functions (beside them).

mod fairness;
mod sketch_laws;
mod vectors;
mod worlds;
