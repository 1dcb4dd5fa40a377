//! Release: an object on its way out: proposed, reviewed, approved, recorded, sent, acknowledged; or stopped.
//! In: campaigns, recipients, a profile in force, people. Out: what may be sent, once it is in the ledger.
//! Invariant: steps are taken in this order only, each whole or not at all.
//! Not here: rows (`track::releases`), who may do what (the caller), the wire.

pub(crate) mod entries;
mod follow;
mod outgoing;
mod propose;
mod review;
mod send;

pub use follow::settle;
pub use outgoing::Outgoing;
pub use propose::{About, Asked, propose};
pub use review::{acknowledge, approve, reject, withdraw};
pub use send::{Sent, to_folder};
