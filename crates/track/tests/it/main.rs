//! Tests of the store, each on SQLite and on PostgreSQL.
//! In: a place of its own for each test. Out: what the store says, before and after it is opened anew.
//! Invariant: one test binary a crate; PostgreSQL is a real server, started here.
//! Not here: the command line (`stillwatch/tests`).

mod decisions;
mod effects;
mod epochs;
mod exchange;
mod faults;
mod fixture;
mod groups;
mod keeping;
mod laws;
mod matches;
mod people;
mod places;
mod reappearances;
mod saving;
mod trends;
