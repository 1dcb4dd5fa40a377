//! Tests of the node, each on SQLite and on PostgreSQL.
//! In: a place of its own for each test. Out: what store, ledger and outbox hold afterwards.
//! Invariant: one test binary a crate; places and findings are the store's own test data.
//! Not here: the command line (`stillwatch/tests`).

#[expect(dead_code, reason = "other tests of the store use the rest")]
#[path = "../../../track/tests/it/fixture.rs"]
mod fixture;
mod kill;
mod path;
#[expect(dead_code, reason = "other tests of the store use the rest")]
#[path = "../../../track/tests/it/places.rs"]
mod places;
mod profiles;
mod world;
