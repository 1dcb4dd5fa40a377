//! Gate: what this member does about accounts, clients and networks, and the answer to each request.
//! In: facts, rules, what people say, the time. Out: decisions with their history, a table to look them up in, exports for points.
//! Invariant: no socket, no clock, no store: time is handed in, changes are handed out. Each member decides alone.
//! Not here: HTTP and gRPC (`node`), keeping decisions (`track`), finding campaigns (`detect`).

pub mod access;
pub mod action;
pub mod book;
pub mod clock;
pub mod decide;
pub mod decision;
pub mod enforce;
pub mod entry;
pub mod error;
pub mod facts;
pub mod feed;
pub mod points;
#[cfg(test)]
mod published;
pub mod rules;
pub mod span;
pub mod standing;
pub mod subject;
pub mod table;

pub use access::Access;
pub use action::Action;
pub use book::{Applied, Book, Change, Rollback};
pub use clock::Steady;
pub use decide::{Answer, Request};
pub use decision::Decision;
pub use entry::Entry;
pub use error::GateError;
pub use facts::Facts;
pub use feed::Feed;
pub use rules::Rules;
pub use span::span;
pub use standing::{Decay, Standing};
pub use subject::{Kind, Subject};
pub use table::{Live, Table};
