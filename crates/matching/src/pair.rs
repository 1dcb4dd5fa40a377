//! Pair: two labs compare sets; the receiver learns what is common, and opens what the sender attached to it.
//! In: terms that both agreed on, elements in batches, frames. Out: frames; matches.
//! Invariant: whatever the other side does, the receiver shows nothing of its set but its size, and the sender nothing of its
//! own but its size and what the receiver named; each frame sent is the same whether or not elements match.
//! Not here: agreeing on terms, whether a match may take place (policy), both directions at once (run it twice, [`Terms::reversed`]).
//!
//! 2HashDH (Jarecki, Kiayias, Krawczyk, ASIACRYPT 2014) as RFC 9497's VOPRF, used for set intersection in the manner of
//! Jarecki and Liu (TCC 2009; SCN 2010): the sender's key is fresh for one match, its set goes over as tags made with that key.

mod receiver;
mod sender;
mod snapshot;
mod terms;

pub use receiver::{Match, Receiver, Turn};
pub use sender::Sender;
pub use snapshot::Saved;
pub use terms::{Party, Terms};

use crate::commit::Salt;

/// One's own set: how many elements it really has, and the salt of the commitment in the terms.
#[derive(Clone)]
pub struct Own {
    /// Elements without padding.
    pub count: u64,
    /// The commitment's salt.
    pub salt: Salt,
}

/// How far one side is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Elements evaluated, padding included.
    pub evaluated: u64,
    /// Out of.
    pub elements: u64,
    /// Records gone over, padding included.
    pub records: u64,
    /// Out of.
    pub of_records: u64,
    /// Bytes of frames sent.
    pub sent: u64,
    /// Bytes of frames received.
    pub received: u64,
}
