//! Independent: others' implementations verify our ledgers and proofs.
//! In: ledgers of many sizes. Out: their verdicts.
//! Invariant: `sigstore-merkle` shares no code with `tlog_tiles`; Go's `x/mod/sumdb` no language.
//! Not here: our own checks (`proofs.rs`).

use sigstore_merkle::{verify_consistency_proof, verify_inclusion_proof};
use stillwatch_ledger::Reader;

use crate::fixture::{Done, entry, ledger};
