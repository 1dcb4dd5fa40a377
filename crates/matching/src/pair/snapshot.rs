//! Snapshot: a cut match, kept and taken up again by another process.
//! In: a receiver or sender; what was kept. Out: bytes, piece by piece; a receiver or sender.
//! Invariant: what is kept holds secrets (blinds, keys): whoever keeps it encrypts it, and erases it when the match is over.
//! What doesn't fit the terms is refused.
//! Not here: files.
//!
//! A receiver is kept before each frame that it sends, a sender before each answer: then neither asks nor answers two
//! different things in one place.

mod receiver;
mod sender;

use std::io::{Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::frame::{decode, encode};

pub use receiver::Saved;

/// Bytes of a snapshot's head at most: a batch of the longest elements, with its blinds.
const MAX_HEAD: u32 = 4 << 20;

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
