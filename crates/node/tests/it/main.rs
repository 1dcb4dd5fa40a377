//! Tests of the node: releases on SQLite and on PostgreSQL, TAXII over HTTP.
//! In: a place of its own for each test. Out: what store, ledger and outbox hold afterwards; what clients are told.
//! Invariant: one test binary a crate; places and findings are the store's own test data.
//! Not here: the command line (`stillwatch/tests`).

mod access;
mod adding;
mod authority;
mod came_back;
mod certificates;
mod cut;
mod deciding;
mod faults;
mod filters;
#[path = "../../../track/tests/it/fixture.rs"]
mod fixture;
mod following;
mod fuzzing;
mod gate;
mod groups;
mod handing;
mod hub;
mod idle;
mod intel;
mod issuer;
mod kill;
mod killed;
mod lab;
mod limits;
mod matched;
mod media;
mod notices;
mod openapi;
mod paging;
mod path;
mod peers;
mod people;
#[expect(dead_code, reason = "other tests of the store use the rest")]
#[path = "../../../track/tests/it/places.rs"]
mod places;
mod pooled;
mod profiles;
mod receipts;
mod recorded;
mod reload;
mod resources;
mod rounds;
mod schemathesis;
mod sealed;
mod served;
mod servers;
mod slow;
mod trends;
mod watched;
mod wire;
mod world;
