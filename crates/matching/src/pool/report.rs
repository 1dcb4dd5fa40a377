//! Report: one member's report of one element.
//! In: an element with its output under an epoch key, a label. Out: bytes, all of one length.
//! Invariant: equal elements of different members have equal tags and different rest; nothing else can be told of them.
//! Not here: opening.

use blahaj::Sharks;
use hkdf::Hkdf;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::element::Element;
use crate::epoch::EpochKey;
use crate::error::{Error, Result};
use crate::oprf::Output;
use crate::record::{Derived, NONCE, SEALING, TAG, seal_shared};

pub(super) const SHARE: usize = 32;

/// What a pool is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolTerms {
    /// The epoch key's public side.
    pub epoch: EpochKey,
    /// How many members must report an element.
    pub threshold: u8,
    /// Bytes of an element at most, so that reports don't show its length.
    pub element: u16,
    /// Bytes of a label at most.
    pub label: u16,
}

impl PoolTerms {
    /// What a pool's reports are bound to.
    ///
    /// # Errors
    /// If the threshold isn't 2 to the number of members.
    pub fn digest(&self) -> Result<[u8; 32]> {
        if !(2..=self.epoch.setup().members.len()).contains(&usize::from(self.threshold)) {
            return Err(Error::Misuse("a pool's threshold is 2 members or more, and no more than there are"));
        }
        let digest = Sha256::new().chain_update(b"stillwatch pool 1").chain_update(self.epoch.digest());
        let digest = digest.chain_update([self.threshold]).chain_update(self.element.to_le_bytes());
        Ok(digest.chain_update(self.label.to_le_bytes()).finalize().into())
    }

    /// Bytes of one report.
    #[must_use]
    pub fn report(&self) -> usize {
        TAG + SHARE + NONCE + SEALING + 2 + usize::from(self.element) + usize::from(self.label)
    }
}

/// One member's report of one element.
///
/// # Errors
/// If it is no member, or the element or label is too long.
pub fn report(
    terms: &PoolTerms,
    member: &str,
    element: &Element,
    output: &Output,
    label: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>> {
    let seat = terms.epoch.setup().seat(member).ok_or(Error::Misuse("it isn't a member of this epoch"))?;
    let digest = terms.digest()?;
    let derived = Derived::new(output, &[b"pool".as_slice(), &digest].concat())?;
    let secret = Secret(derived.key);
    let mut bytes = Vec::with_capacity(terms.report());
    bytes.extend_from_slice(&derived.tag);
    bytes.extend_from_slice(&secret.shares(terms.threshold, seat)?[seat]);
    let mut plain = Zeroizing::new(Vec::new());
    let length = u16::try_from(element.as_bytes().len()).ok().filter(|length| *length <= terms.element);
    let length = length.ok_or(Error::Misuse("an element is longer than the pool's terms allow"))?;
    plain.extend_from_slice(&length.to_le_bytes());
    plain.extend_from_slice(element.as_bytes());
    if label.len() > usize::from(terms.label) {
        return Err(Error::Misuse("a label is longer than was agreed"));
    }
    plain.extend_from_slice(label);
    let room = 2 + usize::from(terms.element) + usize::from(terms.label);
    let key = secret.key()?;
    seal_shared(&key, &bound(&digest, member), &plain, room, &mut bytes, rng)?;
    Ok(bytes)
}

/// What a report is bound to: so that no member passes off another's as its own.
pub(super) fn bound(digest: &[u8; 32], member: &str) -> Vec<u8> {
    [digest.as_slice(), member.as_bytes()].concat()
}

/// What members share of an element: it makes their shares, and the key of what they attach.
#[derive(Zeroize)]
#[zeroize(drop)]
pub(super) struct Secret(pub(super) [u8; 32]);

impl Secret {
    /// Shares of seats 0 to `upto`, on the polynomial that this secret alone determines.
    pub(super) fn shares(&self, threshold: u8, upto: usize) -> Result<Vec<[u8; SHARE]>> {
        let mut rng = ChaCha20Rng::from_seed(*self.derived(b"polynomial")?);
        let dealt = Sharks(threshold).dealer_rng(&self.0, &mut rng).take(upto + 1);
        dealt
            .map(|share| {
                let bytes = Zeroizing::new(Vec::from(&share));
                bytes.get(1..).and_then(|y| y.try_into().ok()).ok_or(Error::Misuse("a share isn't 32 bytes"))
            })
            .collect()
    }

    pub(super) fn key(&self) -> Result<Zeroizing<[u8; 32]>> {
        self.derived(b"key")
    }

    fn derived(&self, purpose: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
        let broken = Error::Misuse("HKDF refused its parameters");
        let mut out = Zeroizing::new([0; 32]);
        let hkdf = Hkdf::<Sha256>::from_prk(&self.0).map_err(|_| broken.clone())?;
        hkdf.expand_multi_info(&[b"stillwatch pool 1 ", purpose], out.as_mut_slice()).map_err(|_| broken)?;
        Ok(out)
    }
}
