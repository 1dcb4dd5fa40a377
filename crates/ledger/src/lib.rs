//! Ledger: what was released, changed, viewed and decided, so that nobody can change the record unseen.
//! In: entries, a key, a folder. Out: an append-only Merkle log in the C2SP tlog-tiles layout, and proofs about it.
//! Invariant: leans on no other crate of ours, so an auditor builds it alone; holds who, what and when, never content.
//! Not here: what may be released (`policy`), and sending it.

mod checkpoint;
mod cosignature;
mod edge;
mod entry;
mod error;
mod export;
mod files;
mod key;
mod layout;
mod log;
mod proof;
mod reader;
mod verify;
mod watch;

pub use checkpoint::{Cosigned, MAX_SIZE, Signed};
pub use cosignature::cosign;
pub use entry::{Approval, Change, Entry, Outcome, Step, Way, What};
pub use error::{Altered, Error, Place, Result};
pub use export::export;
pub use key::{Key, PublicKey};
pub use layout::{MAX_BUNDLE, split_bundle};
pub use log::Log;
pub use proof::{Consistency, Proof};
pub use reader::Reader;
pub use tlog_tiles::{EMPTY_HASH, Hash};
pub use verify::{Verified, verify};
pub use watch::{Following, Observed, observe};
