//! Snapshot: a cut match, kept and taken up again by another process.
//! In: a receiver or sender; what was kept. Out: bytes, piece by piece; a receiver or sender.
//! Invariant: what is kept holds secrets (blinds, keys): whoever keeps it encrypts it, and erases it when the match is over.
//! What doesn't fit the terms is refused.
//! Not here: files.
//!
//! A receiver is kept before each frame that it sends, a sender before each answer: then neither asks nor answers two
//! different things in one place.

use std::io::{Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Own;
use super::receiver::{Entry, Pending, Receiver};
use super::sender::Sender;
use super::terms::Terms;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::frame::{decode, encode};
use crate::oprf::{Blinded, Key, PublicKey};
use crate::record::TAG;

const RECEIVER: [u8; 4] = *b"SMR1";
const SENDER: [u8; 4] = *b"SMS1";

/// Bytes of a snapshot's head at most: a batch of the longest elements, with its blinds.
const MAX_HEAD: u32 = 4 << 20;

#[derive(Serialize, Deserialize)]
struct KeptReceiver {
    attempt: u32,
    key: Option<[u8; 32]>,
    handed: u64,
    at: u64,
    last_tag: Option<[u8; TAG]>,
    evaluated: u64,
    records: u64,
    subtrees: Vec<[u8; 32]>,
    pending: Option<KeptPending>,
    found: u64,
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

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct KeptSender {
    attempt: u32,
    key: [u8; 32],
    padding: [u8; 32],
    last_ask: Option<[u8; 32]>,
    last_count: u64,
    evaluated: u64,
    records: u64,
}

impl Receiver {
    /// Writes what another process needs to go on.
    ///
    /// # Errors
    /// What `out` says.
    pub fn save(&self, out: &mut impl Write) -> std::io::Result<()> {
        let kept = KeptReceiver {
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
            found: self.found.len() as u64,
        };
        head(out, RECEIVER, &self.digest, &kept)?;
        for entry in &self.entries {
            out.write_all(&entry.tag)?;
            out.write_all(&entry.key)?;
            out.write_all(&entry.index.to_le_bytes())?;
        }
        for at in &self.found {
            out.write_all(&at.to_le_bytes())?;
        }
        out.write_all(&self.sealed)?;
        Ok(())
    }

    /// Goes on where `save` was called: the next frame is [`Receiver::open`]'s.
    ///
    /// # Errors
    /// If what was kept belongs to other terms, or was cut or altered.
    pub fn restore(terms: Terms, own: Own, input: &mut impl Read) -> Result<Self> {
        let mut receiver = Self::new(terms, own)?;
        let kept: KeptReceiver = read_head(input, RECEIVER, &receiver.digest)?;
        if kept.handed > receiver.own.count || kept.evaluated > receiver.terms.receiver.size {
            return Err(bad("it has more elements than the terms"));
        }
        for _ in 0..kept.handed {
            let mut bytes = Zeroizing::new([0; TAG + 36]);
            input.read_exact(bytes.as_mut_slice()).map_err(|_| bad("it was cut"))?;
            let mut entry = Entry { tag: [0; TAG], key: [0; 32], index: 0 };
            entry.tag.copy_from_slice(&bytes[..TAG]);
            entry.key.copy_from_slice(&bytes[TAG..TAG + 32]);
            entry.index = u32::from_le_bytes([bytes[48], bytes[49], bytes[50], bytes[51]]);
            receiver.entries.push(entry);
        }
        if kept.found > kept.handed {
            return Err(bad("it has more matches than elements"));
        }
        for _ in 0..kept.found {
            let mut bytes = [0; 4];
            input.read_exact(&mut bytes).map_err(|_| bad("it was cut"))?;
            receiver.found.push(u32::from_le_bytes(bytes));
        }
        let sealed = kept.found * (receiver.terms.record() - TAG) as u64;
        let read = input.take(sealed).read_to_end(&mut receiver.sealed).map_err(|_| bad("it was cut"))?;
        if read as u64 != sealed {
            return Err(bad("it was cut"));
        }
        ended(input)?;
        let pending = kept.pending.as_ref().map(|pending| {
            let elements = pending.elements.iter().map(|bytes| Element::from_bytes(bytes, receiver.terms.namespace));
            let elements: Vec<Element> = elements.collect::<Option<_>>().ok_or(bad("an element isn't one"))?;
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
        Ok(receiver)
    }
}

impl Sender {
    /// Writes what another process needs to go on: not the set, which is added again.
    ///
    /// # Errors
    /// What `out` says.
    pub fn save(&self, out: &mut impl Write) -> std::io::Result<()> {
        let kept = KeptSender {
            attempt: self.attempt,
            key: *self.key.to_bytes(),
            padding: *self.padding,
            last_ask: self.last_ask,
            last_count: self.last_count,
            evaluated: self.progress.evaluated,
            records: self.progress.records,
        };
        head(out, SENDER, &self.digest, &kept)
    }

    /// Goes on where `save` was called, once the set was added again: it must be the one committed to, labels included, so
    /// that no key ever seals two labels.
    ///
    /// # Errors
    /// If what was kept belongs to other terms, or was cut or altered.
    pub fn restore(terms: Terms, own: Own, input: &mut impl Read) -> Result<Self> {
        let kept: KeptSender = read_head(input, SENDER, &terms.digest()?)?;
        ended(input)?;
        let mut sender = Self::with_key(terms, own, Key::from_bytes(&kept.key)?, Zeroizing::new(kept.padding))?;
        if kept.evaluated > sender.terms.receiver.size || kept.last_count > kept.evaluated {
            return Err(bad("it has more elements than the terms"));
        }
        sender.attempt = kept.attempt;
        sender.last_ask = kept.last_ask;
        sender.last_count = kept.last_count;
        sender.progress.evaluated = kept.evaluated;
        sender.progress.records = kept.records;
        Ok(sender)
    }
}

fn head<T: Serialize>(out: &mut impl Write, what: [u8; 4], terms: &[u8; 32], kept: &T) -> std::io::Result<()> {
    let bytes = Zeroizing::new(encode(kept).map_err(std::io::Error::other)?);
    out.write_all(&what)?;
    out.write_all(terms)?;
    out.write_all(&(bytes.len() as u32).to_le_bytes())?;
    out.write_all(&bytes)
}

fn read_head<T: Serialize + DeserializeOwned>(input: &mut impl Read, what: [u8; 4], terms: &[u8; 32]) -> Result<T> {
    let mut start = [0; 40];
    input.read_exact(&mut start).map_err(|_| bad("it was cut"))?;
    if start[..4] != what {
        return Err(bad("it isn't one of this side and version"));
    }
    if start[4..36] != *terms {
        return Err(bad("it belongs to other terms"));
    }
    let length = u32::from_le_bytes([start[36], start[37], start[38], start[39]]);
    if length > MAX_HEAD {
        return Err(bad("its head is too long"));
    }
    let mut bytes = Zeroizing::new(vec![0; length as usize]);
    input.read_exact(&mut bytes).map_err(|_| bad("it was cut"))?;
    decode(&bytes).ok_or(bad("its head isn't what was kept"))
}

fn ended(input: &mut impl Read) -> Result<()> {
    match input.read(&mut [0]) {
        Ok(0) => Ok(()),
        _ => Err(bad("something follows it")),
    }
}

fn bad(why: &'static str) -> Error {
    Error::Stored { what: "snapshot of a match", why }
}
