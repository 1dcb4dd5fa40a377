//! Node: where store, policy and ledger meet, and what talks to others.
//! In: the store, a profile in force, the ledger. Out: releases on their way; what was sent, to whom, and who has it.
//! Invariant: nothing goes out that isn't approved and in the ledger; what goes out is one type with one constructor.
//! Not here: what may leave (`share`), how the record is kept (`ledger`), rows (`track`).

pub mod access;
pub mod api;
pub mod config;
pub mod decisions;
mod error;
pub mod gate;
pub mod http;
pub mod intel;
pub mod matching;
pub mod notices;
pub mod outward;
pub mod own;
pub mod peer;
pub mod profile;
pub mod publish;
mod receipts;
pub mod record;
pub mod release;
pub mod seal;
pub mod serve;
pub mod taxii;

pub use ed25519_dalek::VerifyingKey;
pub use error::{Error, Result};
pub use receipts::Receipts;
pub use record::Record;
