//! Sender: what is kept of the side whose set is compared with.
//! In: a sender; what was kept, and its set again. Out: a few bytes; a sender.
//! Invariant: its set is added again, and must be the one committed to, labels included.
//! Not here: the receiver's (`receiver`).

use std::io::{Read, Write};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{bad, ended, head, read_head};
use crate::error::Result;
use crate::oprf::Key;
use crate::pair::Own;
use crate::pair::sender::Sender;
use crate::pair::terms::Terms;

const SENDER: [u8; 4] = *b"SMS1";

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
