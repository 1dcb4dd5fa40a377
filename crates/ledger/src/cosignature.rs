//! Cosignature: a witness says that it saw a checkpoint, and when.
//! In: a checkpoint's text, a key, a time. Out: signature lines as C2SP tlog-cosignature v1 has them (Ed25519).
//! Invariant: the time is signed with the text.
//! Not here: whether a witness should sign (`watch.rs`).

use ed25519_dalek::{Signer as _, Verifier as _};
use signed_note::{Note, Signature, Signer, Verifier};

use crate::checkpoint::Signed;
use crate::error::{Error, Result};
use crate::key::{COSIGNATURE, Key, PublicKey};

/// The line with which a witness cosigns a checkpoint, at a time in seconds since 1970.
///
/// Ask [`crate::observe`] first: signing what wasn't compared with the last checkpoint is worth nothing.
///
/// # Errors
/// [`Error::Checkpoint`] where the result is no note.
pub fn cosign(seen: &Signed, witness: &Key, time: u64) -> Result<String> {
    let mut note = Note::new(seen.text(), &[]).map_err(|error| Error::Checkpoint(error.to_string()))?;
    note.add_sigs(&[&AtTime { key: witness, time }]).map_err(|error| Error::Checkpoint(error.to_string()))?;
    let bytes = note.to_bytes();
    Ok(String::from_utf8_lossy(bytes.get(seen.text().len() + 1..).unwrap_or_default()).into_owned())
}

/// A key that signs at a given time.
pub(crate) struct AtTime<'a> {
    pub(crate) key: &'a Key,
    pub(crate) time: u64,
}

impl Signer for AtTime<'_> {
    fn name(&self) -> &str {
        &self.key.name
    }

    fn key_id(&self) -> u32 {
        self.key.public().id(COSIGNATURE)
    }

    fn sign(&self, text: &[u8]) -> std::result::Result<Vec<u8>, ed25519_dalek::SignatureError> {
        let signature = self.key.signing.try_sign(&message(self.time, text))?;
        Ok([&self.time.to_be_bytes()[..], &signature.to_bytes()].concat())
    }
}

/// Checks cosignatures of a key.
pub(crate) struct Checker(pub(crate) PublicKey);

impl Verifier for Checker {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn key_id(&self) -> u32 {
        self.0.id(COSIGNATURE)
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let Some((time, rest)) = signature.split_first_chunk::<8>() else { return false };
        let Ok(signature) = ed25519_dalek::Signature::from_slice(rest) else { return false };
        let time = u64::from_be_bytes(*time);
        i64::try_from(time).is_ok() && self.0.key.verify(&message(time, text), &signature).is_ok()
    }
}

/// The time that a cosignature says; its signature was checked before.
pub(crate) fn time(signature: &Signature) -> Option<u64> {
    signature.signature().first_chunk::<8>().map(|time| u64::from_be_bytes(*time))
}

fn message(time: u64, text: &[u8]) -> Vec<u8> {
    [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat()
}
