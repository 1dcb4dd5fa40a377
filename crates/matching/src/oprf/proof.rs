//! Proof: that each of a batch was multiplied by one published key (RFC 9497 §2.2).
//! In: the elements asked and answered, and the key or its public half. Out: 64 bytes, or whether they hold.
//! Invariant: same transcript as RFC 9497; the sums over a batch are computed in variable time, since both sides see what is in them.
//! Not here: decoding elements (`suite`).

use curve25519_dalek::traits::VartimeMultiscalarMul;
use curve25519_dalek::{RistrettoPoint, Scalar};
use sha2::{Digest, Sha512};

use super::key::PublicKey;
use super::suite::{CONTEXT, to_scalar};
use super::{POINT, PROOF};
use crate::error::Result;

const ELEMENT: [u8; 2] = [0, POINT as u8];

/// `GenerateProof` (§2.2.1). `asked` are the points of `asked_bytes`; `answered` starts with their multiples.
pub(super) fn prove(
    key: &Scalar,
    public: &PublicKey,
    asked: &[RistrettoPoint],
    asked_bytes: &[u8],
    answered: &[u8],
    nonce: &Scalar,
) -> Result<[u8; PROOF]> {
    let weights = weights(public, asked_bytes, answered)?;
    // ComputeCompositesFast.
    let m = RistrettoPoint::vartime_multiscalar_mul(&weights, asked);
    let z = m * key;
    let challenge = challenge(public, &m, &z, &RistrettoPoint::mul_base(nonce), &(m * nonce))?;
    let response = nonce - challenge * key;
    let mut proof = [0; PROOF];
    proof[..32].copy_from_slice(challenge.as_bytes());
    proof[32..].copy_from_slice(response.as_bytes());
    Ok(proof)
}

/// `VerifyProof` (§2.2.2), with half of each element asked (as `blind` has them): `halves` times two are the points of `asked_bytes`.
pub(super) fn verify(
    public: &PublicKey,
    halves: &[RistrettoPoint],
    asked_bytes: &[u8],
    answers: &[RistrettoPoint],
    answered: &[u8],
    proof: &[u8; PROOF],
) -> Result<bool> {
    let (Some(challenged), Some(response)) = (scalar(&proof[..32]), scalar(&proof[32..])) else {
        return Ok(false);
    };
    let weights = weights(public, asked_bytes, answered)?;
    let m = RistrettoPoint::vartime_multiscalar_mul(&weights, halves);
    let m = m + m;
    let z = RistrettoPoint::vartime_multiscalar_mul(&weights, answers);
    let t2 = RistrettoPoint::vartime_double_scalar_mul_basepoint(&challenged, &public.point, &response);
    let t3 = RistrettoPoint::vartime_multiscalar_mul([response, challenged], [m, z]);
    Ok(challenge(public, &m, &z, &t2, &t3)? == challenged)
}

fn scalar(bytes: &[u8]) -> Option<Scalar> {
    Scalar::from_canonical_bytes(bytes.try_into().ok()?).into()
}

/// The weights `di` of `ComputeComposites`: bound to every element asked and answered, and to its place.
fn weights(public: &PublicKey, asked: &[u8], answered: &[u8]) -> Result<Vec<Scalar>> {
    let separator_length = (b"Seed-".len() + CONTEXT.len()) as u16;
    let seed = Sha512::new()
        .chain_update(ELEMENT)
        .chain_update(public.to_bytes())
        .chain_update(separator_length.to_be_bytes())
        .chain_update(b"Seed-")
        .chain_update(CONTEXT)
        .finalize();
    let pairs = asked.as_chunks::<POINT>().0.iter().zip(answered.as_chunks::<POINT>().0);
    (0u16..)
        .zip(pairs)
        .map(|(at, (c, d))| to_scalar(&[&[0, 64], &seed, &at.to_be_bytes(), &ELEMENT, c, &ELEMENT, d, b"Composite"]))
        .collect()
}

fn challenge(
    public: &PublicKey,
    m: &RistrettoPoint,
    z: &RistrettoPoint,
    t2: &RistrettoPoint,
    t3: &RistrettoPoint,
) -> Result<Scalar> {
    let [m, z, t2, t3] = [m, z, t2, t3].map(|point| point.compress().to_bytes());
    to_scalar(&[&ELEMENT, &public.to_bytes(), &ELEMENT, &m, &ELEMENT, &z, &ELEMENT, &t2, &ELEMENT, &t3, b"Challenge"])
}
