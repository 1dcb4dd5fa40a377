//! Detect: the science as plain functions.
//! In: exchanges' columns, one at a time. Out: sketches, links, campaigns, each score explained.
//! Invariant: no Arrow, no I/O, no clock, no randomness that isn't seeded.
//! Not here: reading logs and running this at scale (`engine`).

pub mod account;
pub mod calibrate;
pub mod campaign;
pub mod cohort;
pub mod community;
pub mod cues;
pub mod evaluate;
pub mod explain;
pub mod fingerprint;
pub mod group;
mod kin;
pub mod kmv;
pub mod link;
pub mod links;
pub mod lone;
pub mod membership;
pub mod payers;
mod scale;
mod sets;
mod shared;
pub mod signals;
pub mod sketch;
pub mod text;
pub mod texts;
mod times;
pub mod verdicts;
