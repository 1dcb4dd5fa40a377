//! Tests of the node, over HTTP, each on a store of its own.
//! In: requests of clients with several roles. Out: statuses, headers and bodies as TAXII 2.1 and RFC 9110 say.
//! Invariant: one test binary a crate; no test waits for a time of its own.
//! Not here: rows and pages on both databases (`track/tests`), the command line (`stillwatch/tests`).

mod access;
mod adding;
mod filters;
mod lab;
mod limits;
mod media;
mod paging;
mod peers;
mod resources;
mod wire;
