//! Receiver: what is kept of the side that learns what is common.
//! In: a receiver, and how much of it was kept before; what was kept. Out: a head that replaces the one before, and what is to be
//! appended to two parts; a receiver.
//! Invariant: each entry and each found record is written once. Parts may be longer than the head says (a cut between writing
//! them and the head): what is beyond is ignored. Shorter or other parts are refused.
//! Not here: the sender's (`sender`).

use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::{bad, ended, head, read_head};
use crate::element::Element;
use crate::error::Result;
use crate::oprf::{Blinded, PublicKey};
use crate::pair::Own;
use crate::pair::receiver::{Entry, Pending, Receiver};
use crate::pair::terms::Terms;
use crate::record::TAG;

const RECEIVER: [u8; 4] = *b"SMR2";

/// Bytes of an entry: tag and key. Which element it is of, its place says.
const ENTRY: usize = TAG + 32;

/// How much of a receiver was kept so far. Nothing, by [`Saved::default`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    entries: Part,
    found: Part,
}

/// How long a part is, and the hash of it: a part that isn't the head's own is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    bytes: u64,
    hash: [u8; 32],
}

impl Saved {
    /// Bytes of the part of entries: what is new goes there, and anything that follows is to be cut off.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries.bytes
    }

    /// Bytes of the part of found records: what is new goes there, and anything that follows is to be cut off.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.found.bytes
    }
}

impl Part {
    fn grow(&mut self, item: &[u8]) {
        self.bytes += item.len() as u64;
        self.hash = Sha256::new().chain_update(self.hash).chain_update(item).finalize().into();
    }

    /// Reads all of it, `each` bytes at a time.
    fn read(&self, input: &mut impl Read, each: usize, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut so_far = Self::default();
        let mut item = Zeroizing::new(vec![0; each]);
        while so_far.bytes < self.bytes {
            input.read_exact(&mut item).map_err(|_| bad("a part of it is shorter than its head says"))?;
            so_far.grow(&item);
            take(&item)?;
        }
        if so_far == *self { Ok(()) } else { Err(bad("a part of it isn't the one that its head was written with")) }
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    attempt: u32,
    key: Option<[u8; 32]>,
    handed: u64,
    at: u64,
    last_tag: Option<[u8; TAG]>,
    evaluated: u64,
    records: u64,
    subtrees: Vec<[u8; 32]>,
    pending: Option<KeptPending>,
    saved: Saved,
}

#[derive(Serialize, Deserialize)]
struct KeptPending {
    elements: Vec<Vec<u8>>,
    blinds: Vec<[u8; 32]>,
    padding: Vec<[u8; 32]>,
}

impl Drop for KeptPending {
    fn drop(&mut self) {
        self.elements.zeroize();
        self.blinds.zeroize();
    }
}

impl Receiver {
    /// Writes what another process needs to go on: a head in place of the one before, and behind both parts what is new since
    /// `since`, which is what the last call (or [`Receiver::restore`]) gave. Parts must be on disk before the head replaces the
    /// old one. It costs what is new, and the batch that is on its way.
    ///
    /// # Errors
    /// What the writers say; or if `since` isn't of this match.
    pub fn save(
        &self,
        since: &Saved,
        head_of_it: &mut impl Write,
        entries: &mut impl Write,
        found: &mut impl Write,
    ) -> IoResult<Saved> {
        let other = || IoError::new(ErrorKind::InvalidInput, "what was kept before isn't of this match");
        let mut saved = *since;
        let kept_entries = usize::try_from(since.entries.bytes / ENTRY as u64).map_err(|_| other())?;
        let unsorted = self.entries.get(kept_entries..).ok_or_else(other)?;
        // Sorted already, and not kept since: only where someone begins to keep a match when records come.
        let mut new: Vec<&Entry> = if !self.sorted {
            unsorted.iter().collect()
        } else if unsorted.is_empty() {
            Vec::new()
        } else {
            self.entries.iter().filter(|entry| entry.index as usize >= kept_entries).collect()
        };
        new.sort_unstable_by_key(|entry| entry.index);
        let mut bytes = Zeroizing::new([0; ENTRY]);
        for entry in new {
            bytes[..TAG].copy_from_slice(&entry.tag);
            bytes[TAG..].copy_from_slice(&entry.key);
            entries.write_all(bytes.as_slice())?;
            saved.entries.grow(bytes.as_slice());
        }
        let each = self.terms.record() - TAG;
        let kept_found = usize::try_from(since.found.bytes / (4 + each as u64)).map_err(|_| other())?;
        for (number, at) in self.found.iter().enumerate().skip(kept_found) {
            let sealed = self.sealed.get(number * each..(number + 1) * each).ok_or_else(other)?;
            let record = [at.to_le_bytes().as_slice(), sealed].concat();
            found.write_all(&record)?;
            saved.found.grow(&record);
        }
        if saved.entries.bytes != (self.entries.len() * ENTRY) as u64
            || saved.found.bytes != (self.found.len() * (4 + each)) as u64
        {
            return Err(other());
        }
        let kept = Kept {
            attempt: self.attempt,
            key: self.key.map(|key| key.to_bytes()),
            handed: self.handed,
            at: self.at as u64,
            last_tag: self.last_tag,
            evaluated: self.progress.evaluated,
            records: self.progress.records,
            subtrees: self.commitment.subtrees().to_vec(),
            pending: self.pending.as_ref().map(|pending| {
                let (blinds, padding) = pending.blinded.to_parts();
                let elements = pending.elements.iter().map(|element| element.as_bytes().to_vec()).collect();
                KeptPending { elements, blinds, padding }
            }),
            saved,
        };
        head(head_of_it, RECEIVER, &self.digest, &kept)?;
        Ok(saved)
    }

    /// Goes on where `save` was called last: the next frame is [`Receiver::open`]'s; none, where [`Receiver::has_all`] says that
    /// nothing is missing. Parts are read in small pieces: buffer them.
    ///
    /// # Errors
    /// If what was kept belongs to other terms, or was cut or altered.
    pub fn restore(
        terms: Terms,
        own: Own,
        head_of_it: &mut impl Read,
        entries: &mut impl Read,
        found: &mut impl Read,
    ) -> Result<(Self, Saved)> {
        let mut receiver = Self::new(terms, own)?;
        let kept: Kept = read_head(head_of_it, RECEIVER, &receiver.digest)?;
        ended(head_of_it)?;
        let saved = kept.saved;
        if kept.handed > receiver.own.count || kept.evaluated > receiver.terms.receiver.size {
            return Err(bad("it has more elements than the terms"));
        }
        if kept.records > receiver.terms.sender.size || kept.evaluated < kept.handed {
            return Err(bad("it has more records than the terms"));
        }
        if saved.entries.bytes != kept.handed * ENTRY as u64 {
            return Err(bad("it has more or fewer entries than elements"));
        }
        let each = receiver.terms.record() - TAG + 4;
        if !saved.found.bytes.is_multiple_of(each as u64) || saved.found.bytes / each as u64 > kept.handed {
            return Err(bad("it has more matches than elements"));
        }
        saved.entries.read(entries, ENTRY, |bytes| {
            let mut entry = Entry { tag: [0; TAG], key: [0; 32], index: receiver.entries.len() as u32 };
            entry.tag.copy_from_slice(&bytes[..TAG]);
            entry.key.copy_from_slice(&bytes[TAG..]);
            receiver.entries.push(entry);
            Ok(())
        })?;
        saved.found.read(found, each, |record| {
            let (at, sealed) = record.split_first_chunk().ok_or(bad("it was altered"))?;
            let at = u32::from_le_bytes(*at);
            if u64::from(at) >= kept.handed || receiver.found.last().is_some_and(|before| *before >= at) {
                return Err(bad("it was altered"));
            }
            receiver.found.push(at);
            receiver.sealed.extend_from_slice(sealed);
            Ok(())
        })?;
        let pending = kept.pending.as_ref().map(|pending| {
            let elements = pending.elements.iter().map(|bytes| Element::from_bytes(receiver.terms.namespace, bytes));
            let elements = elements.collect::<Result<Vec<Element>>>()?;
            let blinded = Blinded::from_parts(&elements, &pending.blinds, &pending.padding)?;
            Ok(Pending { elements, blinded })
        });
        receiver.pending = pending.transpose()?;
        let committed = kept.handed + receiver.pending.as_ref().map_or(0, |pending| pending.elements.len() as u64);
        receiver.commitment.resume(committed, kept.subtrees)?;
        receiver.at =
            usize::try_from(kept.at).ok().filter(|at| *at <= receiver.entries.len()).ok_or(bad("it was altered"))?;
        receiver.attempt = kept.attempt;
        receiver.key = kept.key.map(|key| PublicKey::from_bytes(&key)).transpose()?;
        receiver.handed = kept.handed;
        receiver.last_tag = kept.last_tag;
        receiver.progress.evaluated = kept.evaluated;
        receiver.progress.records = kept.records;
        Ok((receiver, saved))
    }
}
