//! TAXII: TAXII 2.1 (OASIS Standard, 10 June 2021), the server's side.
//! In: requests of a known client. Out: resources, byte for byte what others sent, and what became of what this client sent.
//! Invariant: access first, then filters; what a client may not have it can't count, page or match; no list is ever empty.
//! Not here: who the client is, how much it may ask (`http`).

mod add;
mod collections;
mod discovery;
mod forbidden;
pub mod media;
pub mod next;
mod objects;
pub mod query;
pub mod received;
mod remove;
mod resource;
mod route;
mod status;

pub(crate) use add::came;
pub(crate) use received::read as read_received;
pub use route::routes;
