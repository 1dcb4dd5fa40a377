//! Key: a VOPRF key, or one holder's part of one, and what it does.
//! In: randomness, or a scalar from a shared key. Out: evaluated elements with a proof; outputs for one's own inputs.
//! Invariant: never zero, never shown, erased when dropped.
//! Not here: blinding (`blind`), the proof's arithmetic (`proof`).

use curve25519_dalek::traits::Identity;
use curve25519_dalek::{RistrettoPoint, Scalar, ristretto::CompressedRistretto};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::blind::{Output, finalize};
use super::suite::{derive_scalar, double_and_encode, point, points, to_group};
use super::{MAX_BATCH, POINT, proof};
use crate::error::{Error, Result};

/// `pkS`: what answers are checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) point: RistrettoPoint,
    bytes: [u8; POINT],
}

impl PublicKey {
    /// Decodes a key.
    ///
    /// # Errors
    /// If it isn't canonical or is the identity.
    pub fn from_bytes(bytes: &[u8; POINT]) -> Result<Self> {
        Ok(Self { point: point(bytes).ok_or(Error::Point(0))?, bytes: *bytes })
    }

    /// The encoded key.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; POINT] {
        self.bytes
    }

    /// The key that belongs to `factor` times the secret: what a holder's answer is checked against once its part of a
    /// quorum is in it.
    pub(crate) fn scaled(&self, factor: &Scalar) -> Result<Self> {
        Self::of(self.point * factor)
    }

    pub(crate) fn point(&self) -> RistrettoPoint {
        self.point
    }

    pub(crate) fn of(point: RistrettoPoint) -> Result<Self> {
        if point == RistrettoPoint::identity() {
            return Err(Error::Point(0));
        }
        Ok(Self { point, bytes: point.compress().to_bytes() })
    }
}

/// `skS`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Key {
    scalar: Scalar,
    #[zeroize(skip)]
    public: PublicKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key(public {:?})", CompressedRistretto(self.public.bytes))
    }
}

impl Key {
    /// A fresh key (RFC 9497 §3.2).
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        loop {
            if let Ok(key) = Self::of(random(rng)) {
                return key;
            }
        }
    }

    /// `DeriveKeyPair` (RFC 9497 §3.2.1).
    ///
    /// # Errors
    /// If 256 tries give zero, which doesn't happen.
    pub fn derive(seed: &[u8; 32], info: &[u8]) -> Result<Self> {
        let length = u16::try_from(info.len()).map_err(|_| Error::Misuse("key info is longer than 65535 bytes"))?;
        (0..=u8::MAX)
            .find_map(|counter| Self::of(derive_scalar(&[seed, &length.to_be_bytes(), info, &[counter]]).ok()?).ok())
            .ok_or(Error::Misuse("no key can be derived from this seed"))
    }

    /// A key that was kept.
    ///
    /// # Errors
    /// If it isn't a canonical scalar, or zero.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        Self::of(
            Option::from(Scalar::from_canonical_bytes(*bytes))
                .ok_or(Error::Misuse("a key isn't a canonical scalar"))?,
        )
    }

    /// The secret, for whoever has to keep it; erased when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.scalar.to_bytes())
    }

    /// What others check with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// `Evaluate` (RFC 9497 §3.3.1): outputs for inputs of one's own.
    ///
    /// # Errors
    /// If an input is longer than 65535 bytes.
    pub fn evaluate(&self, inputs: &[impl AsRef<[u8]>]) -> Result<Vec<Output>> {
        let half = Zeroizing::new(self.scalar.div_by_2());
        let halves = inputs.iter().map(|input| Ok(to_group(input.as_ref())? * *half));
        let halves: Zeroizing<Vec<RistrettoPoint>> = Zeroizing::new(halves.collect::<Result<_>>()?);
        Ok(finalize(inputs, &Zeroizing::new(double_and_encode(&halves))))
    }

    /// `BlindEvaluate` (RFC 9497 §3.3.2) for a batch: the evaluated elements, then one proof for all.
    ///
    /// # Errors
    /// If an element isn't canonical or is the identity, or there are none or more than [`MAX_BATCH`].
    pub fn answer(&self, blinded: &[u8], rng: &mut impl CryptoRng) -> Result<Vec<u8>> {
        let nonce = Zeroizing::new(random(rng));
        self.answer_with(blinded, &nonce)
    }

    /// `answer` with the proof's random scalar given: for RFC 9497's vectors.
    ///
    /// # Errors
    /// As [`Key::answer`]; and if the scalar isn't canonical.
    #[doc(hidden)]
    pub fn answer_with_nonce(&self, blinded: &[u8], nonce: &[u8; 32]) -> Result<Vec<u8>> {
        let nonce = Option::from(Scalar::from_canonical_bytes(*nonce)).ok_or(Error::Misuse("no canonical scalar"))?;
        self.answer_with(blinded, &nonce)
    }

    fn answer_with(&self, blinded: &[u8], nonce: &Scalar) -> Result<Vec<u8>> {
        if blinded.is_empty() || blinded.len() > MAX_BATCH * POINT {
            return Err(Error::Misuse("a batch holds 1 to 4096 elements"));
        }
        let asked = points(blinded)?;
        let half = Zeroizing::new(self.scalar.div_by_2());
        let halves: Vec<RistrettoPoint> = asked.iter().map(|point| point * *half).collect();
        let mut answer = double_and_encode(&halves);
        let proof = proof::prove(&self.scalar, &self.public, &asked, blinded, &answer, nonce)?;
        answer.extend_from_slice(&proof);
        Ok(answer)
    }

    /// The key times `factor`: a holder's part in a quorum.
    pub(crate) fn scaled(&self, factor: &Scalar) -> Result<Self> {
        Self::of(self.scalar * factor)
    }

    fn of(scalar: Scalar) -> Result<Self> {
        if scalar == Scalar::ZERO {
            return Err(Error::Misuse("a key is zero"));
        }
        Ok(Self { scalar, public: PublicKey::of(RistrettoPoint::mul_base(&scalar))? })
    }
}

/// A scalar that isn't zero: zero would blind nothing, and spoil a whole batch of inversions.
pub(super) fn random(rng: &mut impl CryptoRng) -> Scalar {
    loop {
        let scalar = Scalar::random(rng);
        if scalar != Scalar::ZERO {
            return scalar;
        }
    }
}
