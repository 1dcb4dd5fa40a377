//! Watch: follows another member's ledger, and finds out when it tells different people different things.
//! In: their checkpoint, what was seen last. Out: it grew, nothing new, a roll-back, or a fork with its evidence.
//! Invariant: what was seen last only moves forward, and only to what was proven to continue it.
//! Not here: fetching checkpoints; cosigning what was observed (`cosignature.rs`).

use std::path::{Path, PathBuf};

use crate::checkpoint::{MAX_BYTES, Signed};
use crate::error::{Error, Result};
use crate::files;
use crate::key::PublicKey;
use crate::proof::Consistency;
use crate::reader::Reader;

/// Where the proof that a ledger only grew comes from.
#[derive(Debug, Clone, Copy)]
pub enum Following<'a> {
    /// Their folder, or a copy of it: the proof is made from its tiles.
    Folder(&'a Path),
    /// A checkpoint by itself: enough to see a fork of one size or a roll-back, not that it grew honestly.
    Checkpoint(&'a [u8]),
    /// A proof from the size seen last, with their checkpoint in it.
    Proof(&'a Consistency),
}

/// What was observed.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// Seen for the first time: taken on trust.
    First(Signed),
    /// Nothing new.
    Same(Signed),
    /// It grew, and was proven to.
    Grown {
        /// The size seen before.
        from: u64,
        /// What it is now.
        now: Signed,
    },
    /// It is said to have grown, without a proof; what was seen last stays.
    Unproven {
        /// What was seen before.
        before: Signed,
        /// What is said now.
        now: Signed,
    },
    /// It is smaller than before: entries are gone, or an old copy is shown.
    RolledBack {
        /// What was seen before.
        before: Signed,
        /// What is shown now.
        now: Signed,
        /// Files with both checkpoints.
        evidence: Vec<PathBuf>,
    },
    /// Two signed checkpoints that can't be of one record.
    Fork {
        /// What was seen before.
        before: Signed,
        /// What is shown now.
        now: Signed,
        /// Files with both checkpoints.
        evidence: Vec<PathBuf>,
    },
}

/// Compares a ledger with what was seen of it last, which a state file keeps: the checkpoint, byte for byte.
///
/// On a fork or roll-back both checkpoints are kept beside the state file, as `….before` and `….after`.
///
/// # Errors
/// [`Error::Checkpoint`] where a checkpoint isn't signed by the key; [`Error::Altered`] where their folder isn't
/// what its own checkpoint says; [`Error::Io`].
pub fn observe(state: &Path, following: Following<'_>, key: &PublicKey, witnesses: &[PublicKey]) -> Result<Observed> {
    let reader = match following {
        Following::Folder(folder) => Some(Reader::open(folder, key, witnesses)?),
        _ => None,
    };
    let now = match (&following, &reader) {
        (Following::Checkpoint(bytes), _) => Signed::read(bytes, key, witnesses)?,
        (Following::Proof(proof), _) => Signed::read(&proof.checkpoint, key, witnesses)?,
        (_, Some(reader)) => reader.signed().clone(),
        (Following::Folder(folder), None) => return Err(Error::NoLedger((*folder).to_owned())),
    };
    let Some(before) = files::read(state, MAX_BYTES as u64)? else {
        files::replace(state, now.note())?;
        return Ok(Observed::First(now));
    };
    let before = Signed::read(&before, key, witnesses)?;
    if now.size < before.size {
        let evidence = keep(state, &before, &now)?;
        return Ok(Observed::RolledBack { before, now, evidence });
    }
    if now.size == before.size {
        if now.root == before.root {
            return Ok(Observed::Same(now));
        }
        let evidence = keep(state, &before, &now)?;
        return Ok(Observed::Fork { before, now, evidence });
    }
    let continues = match (following, &reader) {
        (Following::Checkpoint(_), _) => return Ok(Observed::Unproven { before, now }),
        (Following::Proof(proof), _) if proof.old != before.size => return Ok(Observed::Unproven { before, now }),
        // A proof that doesn't hold is no evidence of a fork: whoever carried it may have broken it.
        (Following::Proof(proof), _) => {
            proof.check(before.root, key, witnesses)?;
            true
        }
        // The root that their own tiles, which their checkpoint vouches for, had at the size seen before.
        (_, Some(reader)) => reader.root_at(before.size)? == before.root,
        (Following::Folder(_), None) => false,
    };
    if !continues {
        let evidence = keep(state, &before, &now)?;
        return Ok(Observed::Fork { before, now, evidence });
    }
    files::replace(state, now.note())?;
    Ok(Observed::Grown { from: before.size, now })
}

fn keep(state: &Path, before: &Signed, now: &Signed) -> Result<Vec<PathBuf>> {
    let beside = |end: &str| {
        let mut path = state.to_owned().into_os_string();
        path.push(end);
        PathBuf::from(path)
    };
    let evidence = vec![beside(".before"), beside(".after")];
    for (path, signed) in evidence.iter().zip([before, now]) {
        files::replace(path, signed.note())?;
    }
    Ok(evidence)
}
