//! Key: the key of this node's channels, in a file.
//! In: a path. Out: a key; its public half as text.
//! Invariant: the file is its owner's alone, and never overwritten; its text is wiped from memory.
//! Not here: whose keys others are (`track::matches`).

use std::io::Write;
use std::path::Path;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_core::{OsRng, RngCore};
use stillwatch_matching::channel::ChannelKey;
use zeroize::Zeroizing;

use super::{broken, files};
use crate::error::{Error, Result};

/// What the text of a key begins with.
const BEGIN: &str = "stillwatch-matching-key-1 ";

/// Makes a key, and writes it to a new file; returns its public half.
///
/// # Errors
/// When there is such a file, or it can't be written.
pub fn make_key(path: &Path) -> Result<String> {
    let key = ChannelKey::generate(&mut random());
    let secret = Zeroizing::new(hex::encode(key.as_bytes()));
    let text = Zeroizing::new(format!("{BEGIN}{}\n", secret.as_str()));
    let mut file = files::fresh(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|source| Error::File { path: path.display().to_string(), source })?;
    public(&key)
}

/// Reads a key.
///
/// # Errors
/// When there is no such file, or it holds no key.
pub fn read_key(path: &Path) -> Result<ChannelKey> {
    let how = "`stillwatch match key` makes one; it stays the same for as long as others know it";
    let said = |why: &dyn std::fmt::Display| Error::setup(format!("cannot use `{}`: {why}", path.display()), how);
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|error| said(&error))?);
    let digits = text.trim().strip_prefix(BEGIN).ok_or_else(|| said(&"it holds no key for matching"))?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, bytes.as_mut_slice()).map_err(|_| said(&"it holds no key for matching"))?;
    Ok(ChannelKey::from_bytes(bytes))
}

/// The public half, as others add it: 64 hexadecimal digits.
///
/// # Errors
/// None that can be.
pub fn public(key: &ChannelKey) -> Result<String> {
    Ok(hex::encode(key.public().map_err(broken)?))
}

/// Randomness, seeded by the system's.
pub(super) fn random() -> ChaCha20Rng {
    let mut seed = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(seed.as_mut_slice());
    ChaCha20Rng::from_seed(*seed)
}
