//! Frame: what goes over the wire, and the place that each frame has in a conversation.
//! In: bytes from the other side. Out: a body of the kind expected here, or a refusal.
//! Invariant: a frame is taken once, in its place, whole, after exactly the frames that this side saw: each carries the
//! hash of all before it, in both directions. What isn't canonical is refused.
//! Not here: secrecy and authenticity (`channel`); what bodies mean.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::oprf::{MAX_BATCH, POINT, PROOF};

/// Bytes of a body at most: a batch's answer with its proof, and a little.
pub const MAX_BODY: usize = MAX_BATCH * POINT + PROOF + 128;

/// Bytes before the body.
pub const HEADER: usize = 64;

/// `SM`, then the version of the frames.
const START: [u8; 3] = *b"SM\x01";

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Begin, or go on after a cut.
    Open = 1,
    /// The sender's public key.
    Key = 2,
    /// Blinded elements.
    Ask = 3,
    /// Evaluated elements and a proof.
    Answer = 4,
    /// Which records come next.
    More = 5,
    /// Tags and sealed labels.
    Records = 6,
    /// All was received.
    Done = 7,
}

/// One conversation, as one side sees it. Sides take turns.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    session: [u8; 16],
    sequence: u64,
    /// Hash of the terms and of all frames so far.
    so_far: [u8; 32],
}

impl Conversation {
    /// A conversation about something that both sides hold: its digest is what the first frame is bound to.
    pub(crate) fn new(session: [u8; 16], about: &[u8; 32]) -> Self {
        Self {
            session,
            sequence: 0,
            so_far: Sha256::new().chain_update(b"stillwatch match 1").chain_update(about).finalize().into(),
        }
    }

    /// A frame, which counts as sent.
    pub(crate) fn write(&mut self, kind: Kind, body: &[u8]) -> Result<Vec<u8>> {
        let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_BODY);
        let length = length.ok_or(Error::Misuse("a frame's body is too long"))?;
        let mut frame = Vec::with_capacity(HEADER + body.len());
        frame.extend_from_slice(&START);
        frame.push(kind as u8);
        frame.extend_from_slice(&self.session);
        frame.extend_from_slice(&self.sequence.to_le_bytes());
        frame.extend_from_slice(&self.so_far);
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(body);
        self.advance(&frame);
        Ok(frame)
    }

    /// The body of the next frame. A frame that is refused changes nothing.
    pub(crate) fn read<'a>(&mut self, frame: &'a [u8], expected: Kind) -> Result<&'a [u8]> {
        self.read_any(frame, &[expected]).map(|(_, body)| body)
    }

    /// As `read`, where one of several kinds may come.
    pub(crate) fn read_any<'a>(&mut self, frame: &'a [u8], expected: &[Kind]) -> Result<(Kind, &'a [u8])> {
        let found = self.check(frame, expected).map_err(|why| Error::Frame { sequence: self.sequence, why })?;
        self.advance(frame);
        Ok(found)
    }

    /// That the other side is refused, for a reason that lies in a body.
    pub(crate) fn refuse(&self, why: &'static str) -> Error {
        Error::Frame { sequence: self.sequence.saturating_sub(1), why }
    }

    /// Hash of the terms and of all frames so far: equal on both sides when they saw the same.
    pub(crate) fn so_far(&self) -> &[u8; 32] {
        &self.so_far
    }

    fn check<'a>(&self, frame: &'a [u8], expected: &[Kind]) -> std::result::Result<(Kind, &'a [u8]), &'static str> {
        let (header, body) = frame.split_first_chunk::<HEADER>().ok_or("it is shorter than a header")?;
        if header[..3] != START {
            return Err("it isn't of this version, or no frame at all");
        }
        let length = u32::from_le_bytes([header[60], header[61], header[62], header[63]]) as usize;
        if length > MAX_BODY {
            return Err("it says that it is longer than frames may be");
        }
        if length != body.len() {
            return Err("it is shorter or longer than it says");
        }
        let kind = *expected.iter().find(|kind| **kind as u8 == header[3]).ok_or("it isn't what comes next")?;
        if header[4..20] != self.session {
            return Err("it belongs to another match");
        }
        if header[20..28] != self.sequence.to_le_bytes() {
            return Err("it comes out of order, or again");
        }
        if header[28..60] != self.so_far {
            return Err("the other side has other terms, or saw other frames before it");
        }
        Ok((kind, body))
    }

    fn advance(&mut self, frame: &[u8]) {
        self.sequence += 1;
        self.so_far = Sha256::new().chain_update(self.so_far).chain_update(frame).finalize().into();
    }
}

/// A small body, in postcard.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    postcard::to_allocvec(value).map_err(|_| Error::Misuse("a body can't be written"))
}

/// A small body; only the bytes that `encode` would have written are taken.
pub(crate) fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes::<T>(bytes).ok()?;
    (rest.is_empty() && postcard::to_allocvec(&value).ok()? == bytes).then_some(value)
}
