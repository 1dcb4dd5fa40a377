//! Peers: other servers that this node follows, or hands things to.
//! In: what the operator says of them; objects that came from them. Out: where to go on; what was taken, and what waits for a person.
//! Invariant: what was taken and how far the feed has come are written together; no secret is here, only the file that holds it.
//! Not here: asking them (`node::peer`), what objects mean (`intel`).

mod acknowledged;
mod feed;
mod inbox;
mod peer;
mod quarantine;
mod route;
mod take;

pub use acknowledged::{Complete, acknowledge, complete};
pub use feed::{Cursor, Feed, failed, feeds, follow, hold, moved, seen, unfollow, unhold};
pub use inbox::{Put, inbox_feeds, put_by};
pub use peer::{Peer, add, checkpoint, peer, peers, remove};
pub use quarantine::{Kept, Suspect, drop_it, let_in, open};
pub use route::{Route, route, route_failed, routes, unroute};
pub use take::{Heard, Taken, earlier, take};

/// The source under which a peer's objects are kept.
#[must_use]
pub fn source(peer: &str) -> String {
    format!("peer:{peer}")
}
