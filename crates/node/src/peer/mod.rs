//! Peer: other servers: following their collections, handing releases to them.
//! In: peers, feeds and routes of the store. Out: what came, in the store; deliveries, handed over.
//! Invariant: a peer is not believed: what it sends is bounded, read piece by piece, and held for a person where it contradicts
//! itself; what goes to it is in the ledger first.
//! Not here: rows (`track::peers`), what received objects mean (`intel`).

mod ask;
mod back_off;
mod envelope;
mod inbox;
mod judge;
mod ledger;
mod look;
mod push;
mod round;
mod take;
mod walk;

pub use ask::{Asker, Failure};
pub use inbox::{Inbox, inbox};
pub use ledger::{Watched, watch};
pub use look::{Offer, look};
pub use push::{Pushed, push};
pub use round::{Round, Us, round};
pub use walk::{Walked, Way, With, walk};
