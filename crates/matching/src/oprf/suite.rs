//! Suite: what RFC 9497 §4.1 fixes for ristretto255-SHA512, and decoding group elements.
//! In: messages, bytes. Out: scalars, group elements.
//! Invariant: the identity is never accepted, from the wire or from a hash.
//! Not here: keys, proofs, blinding.

use std::num::NonZeroU16;

use curve25519_dalek::traits::Identity;
use curve25519_dalek::{RistrettoPoint, Scalar, ristretto::CompressedRistretto};
use hash2curve::{ExpandMsg, ExpandMsgXmd, Expander};
use sha2::Sha512;
use sha2::digest::typenum::U16;
use zeroize::Zeroizing;

use super::POINT;
use crate::error::{Error, Result};

/// `contextString` of mode 1 (RFC 9497 §3.1).
pub(super) const CONTEXT: &[u8] = b"OPRFV1-\x01-ristretto255-SHA512";

const WIDE: NonZeroU16 = NonZeroU16::MIN.saturating_add(63);

/// RFC 9380 `expand_message_xmd` to 64 bytes; `separator` in parts.
fn expand(message: &[&[u8]], separator: &[&[u8]]) -> Result<Zeroizing<[u8; 64]>> {
    // Errors can't be (they are for empty separators and long outputs), and are never taken for 64 zero bytes.
    let broken = Error::Misuse("RFC 9380's expansion refused its parameters");
    let mut wide = Zeroizing::new([0; 64]);
    let mut expander = <ExpandMsgXmd<Sha512> as ExpandMsg<U16>>::expand_message(message, separator, WIDE)
        .map_err(|_| broken.clone())?;
    match expander.fill_bytes(wide.as_mut_slice()) {
        Ok(64) => Ok(wide),
        _ => Err(broken),
    }
}

/// `HashToScalar` (RFC 9497 §4.1).
pub(super) fn to_scalar(message: &[&[u8]]) -> Result<Scalar> {
    Ok(Scalar::from_bytes_mod_order_wide(&*expand(message, &[b"HashToScalar-", CONTEXT])?))
}

/// `HashToScalar` with the separator that key derivation has (RFC 9497 §3.2.1).
pub(super) fn derive_scalar(message: &[&[u8]]) -> Result<Scalar> {
    Ok(Scalar::from_bytes_mod_order_wide(&*expand(message, &[b"DeriveKeyPair", CONTEXT])?))
}

/// `HashToGroup` (RFC 9497 §4.1). No input is known that hashes to the identity; one that does is refused (§3.3.2).
pub(super) fn to_group(input: &[u8]) -> Result<RistrettoPoint> {
    if input.len() > usize::from(u16::MAX) {
        return Err(Error::Misuse("an input is longer than 65535 bytes"));
    }
    let point = RistrettoPoint::from_uniform_bytes(&*expand(&[input], &[b"HashToGroup-", CONTEXT])?);
    if point == RistrettoPoint::identity() {
        return Err(Error::Misuse("an input hashes to the identity"));
    }
    Ok(point)
}

/// Encoded elements, one after the other: as many as the bytes hold, each canonical, none the identity (RFC 9497 §2.1).
pub(crate) fn points(bytes: &[u8]) -> Result<Vec<RistrettoPoint>> {
    let (each, rest) = bytes.as_chunks::<POINT>();
    if !rest.is_empty() {
        return Err(Error::Point(each.len()));
    }
    each.iter().enumerate().map(|(at, encoded)| point(encoded).ok_or(Error::Point(at))).collect()
}

/// One element; `None` if it isn't canonical or is the identity, which dalek decodes from 32 zero bytes.
pub(super) fn point(encoded: &[u8; POINT]) -> Option<RistrettoPoint> {
    CompressedRistretto(*encoded).decompress().filter(|point| *point != RistrettoPoint::identity())
}

/// Twice each element, encoded: one inversion for all.
pub(super) fn double_and_encode(halves: &[RistrettoPoint]) -> Vec<u8> {
    // Its full size from the start: what is secret isn't left behind in a smaller one.
    let mut encoded = Vec::with_capacity(halves.len() * POINT);
    RistrettoPoint::double_and_compress_batch(halves)
        .iter()
        .for_each(|point| encoded.extend_from_slice(point.as_bytes()));
    encoded
}
