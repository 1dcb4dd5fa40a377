//! Blind: asking for outputs without showing inputs (RFC 9497 §3.3.2).
//! In: inputs and randomness. Out: elements to send; from the answer, outputs.
//! Invariant: a blind is used once and erased; no answer gives an output before its proof has held.
//! Not here: answering (`key`).

use curve25519_dalek::{RistrettoPoint, Scalar};
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::key::{PublicKey, random};
use super::suite::{double_and_encode, points, to_group};
use super::{MAX_BATCH, POINT, PROOF, proof};
use crate::error::{Error, Result};

/// `Nh` bytes that only the key's holder and who asked with this input can make.
pub type Output = Zeroizing<[u8; 64]>;

/// What was asked, with the blinds that open the answer. Inputs that were kept out of it are padding.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Blinded {
    blinds: Vec<Scalar>,
    /// Half of each element sent: it was encoded while being doubled.
    #[zeroize(skip)]
    halves: Vec<RistrettoPoint>,
    #[zeroize(skip)]
    message: Vec<u8>,
}

impl std::fmt::Debug for Blinded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blinded({} elements)", self.blinds.len())
    }
}

impl Blinded {
    /// `Blind` for a batch, then `padding` elements that stand for nothing and can't be told from the rest.
    ///
    /// # Errors
    /// If there are none or more than [`MAX_BATCH`], or an input is longer than 65535 bytes.
    pub fn new(inputs: &[impl AsRef<[u8]>], padding: usize, rng: &mut impl CryptoRng) -> Result<Self> {
        let all = inputs.len().saturating_add(padding);
        if all == 0 || all > MAX_BATCH {
            return Err(Error::Misuse("a batch holds 1 to 4096 elements"));
        }
        let blinds: Vec<Scalar> = inputs.iter().map(|_| random(rng)).collect();
        Self::with(inputs, blinds, (0..padding).map(|_| RistrettoPoint::random(rng)))
    }

    /// `new` with the blinds given: for RFC 9497's vectors, and for asking again after a cut.
    ///
    /// # Errors
    /// As [`Blinded::new`]; and if a blind isn't canonical or is zero.
    #[doc(hidden)]
    pub fn with_blinds(inputs: &[impl AsRef<[u8]>], blinds: &[[u8; 32]]) -> Result<Self> {
        Self::with(inputs, decoded(blinds, inputs.len())?, std::iter::empty())
    }

    fn with(
        inputs: &[impl AsRef<[u8]>],
        blinds: Vec<Scalar>,
        padding: impl Iterator<Item = RistrettoPoint>,
    ) -> Result<Self> {
        let mut blinded = Self { blinds, halves: Vec::with_capacity(inputs.len()), message: Vec::new() };
        for (input, blind) in inputs.iter().zip(&blinded.blinds) {
            let half = Zeroizing::new(blind.div_by_2());
            blinded.halves.push(to_group(input.as_ref())? * *half);
        }
        blinded.halves.extend(padding);
        blinded.message = double_and_encode(&blinded.halves);
        Ok(blinded)
    }

    /// Blinds and padding, for whoever keeps a cut match.
    pub(crate) fn to_parts(&self) -> (Vec<[u8; 32]>, Vec<[u8; 32]>) {
        let padding = self.halves[self.blinds.len()..].iter().map(|half| half.compress().to_bytes());
        (self.blinds.iter().map(Scalar::to_bytes).collect(), padding.collect())
    }

    /// From what `to_parts` gave, with the same inputs.
    pub(crate) fn from_parts(inputs: &[impl AsRef<[u8]>], blinds: &[[u8; 32]], padding: &[[u8; 32]]) -> Result<Self> {
        if inputs.len() + padding.len() > MAX_BATCH || inputs.len() + padding.len() == 0 {
            return Err(Error::Misuse("a batch holds 1 to 4096 elements"));
        }
        let padding = points(padding.as_flattened())?;
        Self::with(inputs, decoded(blinds, inputs.len())?, padding.into_iter())
    }

    /// What to send: the encoded elements.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// How many elements the message has, padding included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.halves.len()
    }

    /// `Finalize` (RFC 9497 §3.3.2): outputs for the inputs, in their order.
    ///
    /// # Errors
    /// If the answer has another size than was asked, an element of it isn't valid, or its proof doesn't hold for `public`.
    pub fn finalize(&self, inputs: &[impl AsRef<[u8]>], answer: &[u8], public: &PublicKey) -> Result<Vec<Output>> {
        let evaluated = self.check(answer, public)?;
        self.unblind(inputs, &evaluated)
    }

    /// The evaluated elements of an answer whose proof holds for `public`.
    pub(crate) fn check(&self, answer: &[u8], public: &PublicKey) -> Result<Vec<RistrettoPoint>> {
        let refused = || Error::Proof { holder: String::new() };
        let Some((evaluated, proof)) = answer.split_last_chunk::<PROOF>() else { return Err(refused()) };
        if evaluated.len() != self.count() * POINT {
            return Err(refused());
        }
        let answers = points(evaluated)?;
        if !proof::verify(public, &self.halves, &self.message, &answers, evaluated, proof)? {
            return Err(refused());
        }
        Ok(answers)
    }

    /// Outputs from evaluated elements that were checked.
    pub(crate) fn unblind(&self, inputs: &[impl AsRef<[u8]>], evaluated: &[RistrettoPoint]) -> Result<Vec<Output>> {
        if inputs.len() != self.blinds.len() || evaluated.len() != self.count() {
            return Err(Error::Misuse("the inputs aren't those that were blinded"));
        }
        let mut inverses = Zeroizing::new(self.blinds.clone());
        // No blind is zero: `random` and `with_blinds` see to it.
        Scalar::invert_batch_alloc(&mut inverses);
        let halves: Vec<RistrettoPoint> = evaluated
            .iter()
            .zip(inverses.iter())
            .map(|(point, inverse)| {
                let half = Zeroizing::new(inverse.div_by_2());
                point * *half
            })
            .collect();
        let halves = Zeroizing::new(halves);
        Ok(finalize(inputs, &Zeroizing::new(double_and_encode(&halves))))
    }
}

/// The last hash of `Finalize` and `Evaluate`, over unblinded elements one after the other.
pub(super) fn finalize(inputs: &[impl AsRef<[u8]>], unblinded: &[u8]) -> Vec<Output> {
    inputs
        .iter()
        .zip(unblinded.as_chunks::<POINT>().0)
        .map(|(input, element)| {
            let input = input.as_ref();
            let output = Sha512::new()
                .chain_update((input.len() as u16).to_be_bytes())
                .chain_update(input)
                .chain_update([0, POINT as u8])
                .chain_update(element)
                .chain_update(b"Finalize")
                .finalize();
            Zeroizing::new(output.into())
        })
        .collect()
}

fn decoded(blinds: &[[u8; 32]], count: usize) -> Result<Vec<Scalar>> {
    blinds
        .iter()
        .map(|bytes| Option::from(Scalar::from_canonical_bytes(*bytes)).filter(|blind| *blind != Scalar::ZERO))
        .collect::<Option<Vec<Scalar>>>()
        .filter(|blinds| blinds.len() == count)
        .ok_or(Error::Misuse("blinds must be as many canonical scalars, none zero"))
}
