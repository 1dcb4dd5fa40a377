//! Checkpoint: size and root of a ledger, signed (C2SP tlog-checkpoint, signed-note).
//! In: a key and a tree, or a note. Out: a note, or what a verified note says.
//! Invariant: a `Signed` was verified; its time is the ledger's own cosignature, which never goes back.
//! Not here: where it is kept (`log.rs`).

use signed_note::{Note, Signature, Signer, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash};

use crate::cosignature::{self, AtTime, Checker};
use crate::error::{Error, Result};
use crate::key::{COSIGNATURE, Key, PublicKey};

/// Most entries that a ledger may have: beyond any use, and well within what tile arithmetic takes.
pub const MAX_SIZE: u64 = 1 << 40;
/// Most bytes of a checkpoint: a hundred signatures fit.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// A witness's word.
#[derive(Debug, Clone, PartialEq)]
pub struct Cosigned {
    /// The witness.
    pub by: String,
    /// When it saw the checkpoint, in seconds since 1970.
    pub time: u64,
}

/// A checkpoint whose signatures were verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// The ledger's name.
    pub origin: String,
    /// How many entries it covers.
    pub size: u64,
    /// The root of the tree over them (RFC 6962, section 2.1).
    pub root: Hash,
    /// When the ledger signed it, in seconds since 1970; none where another program's log doesn't say.
    pub time: Option<u64>,
    /// Witnesses whose cosignatures were verified.
    pub witnesses: Vec<Cosigned>,
    /// Names on signatures by keys that aren't known: they say nothing.
    pub unknown: Vec<String>,
    note: Vec<u8>,
    text: usize,
}

impl Signed {
    /// Reads a note and verifies it: the ledger's key must have signed, known witnesses' lines must be right.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] where anything is malformed, a signature is wrong, or the ledger's own is missing.
    pub fn read(bytes: &[u8], key: &PublicKey, witnesses: &[PublicKey]) -> Result<Self> {
        let wrong = |why: &str| Error::Checkpoint(why.to_owned());
        if bytes.len() > MAX_BYTES {
            return Err(wrong("it is longer than a checkpoint can be"));
        }
        let note = Note::from_bytes(bytes).map_err(|error| Error::Checkpoint(error.to_string()))?;
        let own = StandardVerifier::new(&key.to_line()).map_err(|error| Error::Key(error.to_string()))?;
        let own_id = (own.name().to_owned(), own.key_id());
        let mut known: Vec<Box<dyn Verifier>> = vec![Box::new(own), Box::new(Checker(key.clone()))];
        let mut others: Vec<&PublicKey> = Vec::new();
        for witness in witnesses.iter().filter(|witness| *witness != key) {
            if !others.contains(&witness) {
                others.push(witness);
                known.push(Box::new(Checker(witness.clone())));
            }
        }
        let (verified, unknown) =
            note.verify(&VerifierList::new(known)).map_err(|error| Error::Checkpoint(error.to_string()))?;
        if !verified.iter().any(|s| (s.name(), s.id()) == (&own_id.0, own_id.1)) {
            return Err(Error::Checkpoint(format!("it isn't signed by `{}`", key.name)));
        }
        let checkpoint = Checkpoint::from_bytes(note.text()).map_err(|error| Error::Checkpoint(error.to_string()))?;
        if checkpoint.origin() != key.name {
            return Err(Error::Checkpoint(format!("it is of `{}`", checkpoint.origin())));
        }
        if checkpoint.size() > MAX_SIZE {
            return Err(wrong("it covers more entries than a ledger can have"));
        }
        if checkpoint.size() == 0 && *checkpoint.hash() != tlog_tiles::EMPTY_HASH {
            return Err(wrong("it covers nothing, and its root says otherwise"));
        }
        let said = |key: &PublicKey| {
            let line = verified.iter().find(|s| s.name() == key.name && s.id() == key.id(COSIGNATURE));
            line.and_then(cosignature::time)
        };
        let cosigned = |key: &&PublicKey| Some(Cosigned { by: key.name.clone(), time: said(key)? });
        Ok(Self {
            origin: checkpoint.origin().to_owned(),
            size: checkpoint.size(),
            root: *checkpoint.hash(),
            time: said(key),
            witnesses: others.iter().filter_map(cosigned).collect(),
            unknown: unknown.iter().map(|s| s.name().to_owned()).collect(),
            note: bytes.to_owned(),
            text: note.text().len(),
        })
    }

    /// Signs a tree's size and root at a time in seconds since 1970.
    pub(crate) fn make(key: &Key, size: u64, root: Hash, time: u64) -> Result<Self> {
        let wrong = |error: &dyn std::fmt::Display| Error::Checkpoint(error.to_string());
        let checkpoint = Checkpoint::new(&key.name, size, root, "").map_err(|e| wrong(&e))?;
        let mut note = Note::new(&checkpoint.to_bytes(), &[]).map_err(|e| wrong(&e))?;
        note.add_sigs(&[&Plain(key), &AtTime { key, time }]).map_err(|e| wrong(&e))?;
        Self::read(&note.to_bytes(), &key.public(), &[])
    }

    /// The same with further signature lines; those that a key had made before are replaced.
    pub(crate) fn with_lines(&self, lines: &str, key: &PublicKey, witnesses: &[PublicKey]) -> Result<Self> {
        let wrong = |error: &dyn std::fmt::Display| Error::Checkpoint(error.to_string());
        let mut new = Vec::new();
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let line = Signature::from_bytes(line.as_bytes()).map_err(|e| wrong(&e))?;
            let from = witnesses.iter().any(|w| w.name == line.name() && w.id(COSIGNATURE) == line.id());
            if !from {
                return Err(Error::Checkpoint(format!("`{}` is no witness whose key was given", line.name())));
            }
            new.push(line);
        }
        let (text, old) = self.note.split_at(self.text);
        let old = String::from_utf8_lossy(old);
        let mut all = Vec::new();
        for line in old.lines().filter(|line| !line.is_empty()) {
            let line = Signature::from_bytes(line.as_bytes()).map_err(|e| wrong(&e))?;
            if !new.iter().any(|n| (n.name(), n.id()) == (line.name(), line.id())) {
                all.push(line);
            }
        }
        all.extend(new);
        let note = Note::new(text, &all).map_err(|e| wrong(&e))?;
        Self::read(&note.to_bytes(), key, witnesses)
    }

    /// The note, byte for byte.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.note.get(..self.text).unwrap_or_default()
    }
}

/// A key that signs a note as it is.
struct Plain<'a>(&'a Key);

impl Signer for Plain<'_> {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn key_id(&self) -> u32 {
        self.0.public().id(0x01)
    }

    fn sign(&self, text: &[u8]) -> std::result::Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(ed25519_dalek::Signer::try_sign(&self.0.signing, text)?.to_vec())
    }
}
