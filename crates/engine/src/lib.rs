//! Engine: the only crate that names DataFusion, Arrow and Parquet.
//! In: traffic logs. Out: sketches and findings.
//! Invariant: opens no listening socket.
//! Not here: the science (`stillwatch-detect`).

pub mod config;
pub mod ending;
mod hunt;
mod one_pass;
pub mod pipeline;
mod pool;
mod saved;
pub mod scan;
pub mod sketch_udaf;
pub mod sources;
pub mod verbs;
