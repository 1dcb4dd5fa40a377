//! Record: what a VOPRF output stands for once it is out: a tag to compare by, and a key that opens what is attached.
//! In: outputs, labels. Out: tags and sealed labels of one length.
//! Invariant: tag and key are made from the output by HKDF, apart from each other and by purpose; a key seals one thing once.
//! Not here: where outputs come from.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::{Error, Result};
use crate::oprf::Output;

/// Bytes of a tag. Two elements out of 2^27 on each side share one with probability 2^-74.
pub(crate) const TAG: usize = 16;

/// What sealing adds: a length in two bytes, and the authenticator.
pub(crate) const SEALING: usize = 18;

/// Tag and key of one element.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Derived {
    pub(crate) tag: [u8; TAG],
    pub(crate) key: [u8; 32],
}

impl Derived {
    /// From an output, for one purpose. RFC 5869 §3.3: the output is a uniform key already, so that only expanding is needed.
    pub(crate) fn new(output: &Output, purpose: &[u8]) -> Result<Self> {
        let broken = Error::Misuse("HKDF refused its parameters");
        let hkdf = Hkdf::<Sha256>::from_prk(output.as_slice()).map_err(|_| broken.clone())?;
        let mut both = zeroize::Zeroizing::new([0; TAG + 32]);
        hkdf.expand_multi_info(&[b"stillwatch match 1 ", purpose], both.as_mut_slice()).map_err(|_| broken)?;
        let mut derived = Self { tag: [0; TAG], key: [0; 32] };
        derived.tag.copy_from_slice(&both[..TAG]);
        derived.key.copy_from_slice(&both[TAG..]);
        Ok(derived)
    }
}

/// Bytes of a nonce where members share a key.
pub(crate) const NONCE: usize = 24;

/// Appends a label, padded to `length` and sealed. The nonce is zero: each key seals one label, once.
pub(crate) fn seal(key: &[u8; 32], bound_to: &[u8], label: &[u8], length: usize, out: &mut Vec<u8>) -> Result<()> {
    let start = pad(label, length, out)?;
    let tag = ChaCha20Poly1305::new(&Key::from(*key))
        .encrypt_inout_detached(&Nonce::default(), bound_to, (&mut out[start..]).into())
        .map_err(|_| Error::Misuse("a label can't be sealed"))?;
    out.extend_from_slice(&tag);
    Ok(())
}

/// The label in `sealed`; nothing, if it isn't what its key sealed.
pub(crate) fn open(key: &[u8; 32], bound_to: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (hidden, tag) = sealed.split_last_chunk::<16>()?;
    let mut hidden = hidden.to_vec();
    ChaCha20Poly1305::new(&Key::from(*key))
        .decrypt_inout_detached(&Nonce::default(), bound_to, hidden.as_mut_slice().into(), &Tag::from(*tag))
        .ok()?;
    unpad(&hidden)
}

/// As `seal`, where everyone who has the element has the key: with a nonce of 24 random bytes, which goes first.
pub(crate) fn seal_shared(
    key: &[u8; 32],
    bound_to: &[u8],
    label: &[u8],
    length: usize,
    out: &mut Vec<u8>,
    rng: &mut impl CryptoRng,
) -> Result<()> {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    out.extend_from_slice(&nonce);
    let start = pad(label, length, out)?;
    let tag = XChaCha20Poly1305::new(&Key::from(*key))
        .encrypt_inout_detached(&XNonce::from(nonce), bound_to, (&mut out[start..]).into())
        .map_err(|_| Error::Misuse("a label can't be sealed"))?;
    out.extend_from_slice(&tag);
    Ok(())
}

/// What `seal_shared` sealed.
pub(crate) fn open_shared(key: &[u8; 32], bound_to: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let (hidden, tag) = sealed.split_last_chunk::<16>()?;
    let mut hidden = hidden.to_vec();
    XChaCha20Poly1305::new(&Key::from(*key))
        .decrypt_inout_detached(&XNonce::from(*nonce), bound_to, hidden.as_mut_slice().into(), &Tag::from(*tag))
        .ok()?;
    unpad(&hidden)
}

fn pad(label: &[u8], length: usize, out: &mut Vec<u8>) -> Result<usize> {
    if label.len() > length || length > usize::from(u16::MAX) {
        return Err(Error::Misuse("a label is longer than was agreed"));
    }
    let start = out.len();
    out.extend_from_slice(&(label.len() as u16).to_le_bytes());
    out.extend_from_slice(label);
    out.resize(start + 2 + length, 0);
    Ok(start)
}

fn unpad(padded: &[u8]) -> Option<Vec<u8>> {
    let (length, label) = padded.split_first_chunk::<2>()?;
    let (label, padding) = label.split_at_checked(u16::from_le_bytes(*length).into())?;
    padding.iter().all(|byte| *byte == 0).then(|| label.to_vec())
}
