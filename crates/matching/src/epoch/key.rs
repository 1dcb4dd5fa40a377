//! Key: an epoch key's public side.
//! In: who takes part, and every holder's public share. Out: the same, checked.
//! Invariant: members' shares lie on one polynomial of degree t-1; the hub knows the secret of its share.
//! Not here: secrets.

use curve25519_dalek::{RistrettoPoint, Scalar};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::element::Namespace;
use crate::error::{Error, Result};
use crate::frame::encode;
use crate::oprf::{Blinded, Key, PublicKey};

/// Members that hold a share at most: a quorum is a bit each.
pub const MAX_MEMBERS: usize = 128;

/// Who makes a key for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The epoch's number.
    pub epoch: u64,
    /// What the key is for, and nothing else.
    pub namespace: Namespace,
    /// The hub's name.
    pub hub: String,
    /// Members that hold a share, sorted by name.
    pub members: Vec<String>,
    /// How many members' shares an evaluation needs, besides the hub's.
    pub quorum: u16,
}

impl Setup {
    /// What every message about this key is bound to.
    ///
    /// # Errors
    /// If it can't be.
    pub fn digest(&self) -> Result<[u8; 32]> {
        if !(2..=MAX_MEMBERS).contains(&self.members.len()) {
            return Err(Error::Misuse("a shared key needs 2 to 128 members"));
        }
        if self.members.windows(2).any(|two| two[0] >= two[1]) || self.members.contains(&self.hub) {
            return Err(Error::Misuse("members must be sorted, each there once, and the hub none of them"));
        }
        if self.members.iter().chain([&self.hub]).any(|name| name.is_empty() || name.len() > 255) {
            return Err(Error::Misuse("a member's name is empty, or longer than 255 bytes"));
        }
        // With one, every member could evaluate with the hub alone: no more than a key that the hub has.
        if !(2..=self.members.len()).contains(&usize::from(self.quorum)) {
            return Err(Error::Misuse("a quorum is 2 members or more, and no more than there are"));
        }
        Ok(Sha256::new().chain_update(b"stillwatch epoch 1").chain_update(encode(self)?).finalize().into())
    }

    /// A member's place, from 0.
    #[must_use]
    pub fn seat(&self, member: &str) -> Option<usize> {
        self.members.iter().position(|name| name == member)
    }
}

/// An epoch key's public side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochKey {
    setup: Setup,
    hub: PublicKey,
    shares: Vec<PublicKey>,
    digest: [u8; 32],
}

impl EpochKey {
    /// From what its holders published: the hub's share with its proof of possession ([`possession`]), members' in their order.
    ///
    /// # Errors
    /// If shares don't belong to one key, or the hub doesn't know its secret: it could then have chosen the whole key.
    pub fn new(setup: Setup, hub: &[u8; 32], proof: &[u8], shares: &[[u8; 32]]) -> Result<Self> {
        let about = setup.digest()?;
        if shares.len() != setup.members.len() {
            return Err(Error::Dealing("there aren't as many shares as members".to_owned()));
        }
        let hub = PublicKey::from_bytes(hub)?;
        let asked = possession_asked(&about)?;
        asked.check(proof, &hub).map_err(|_| Error::Proof { holder: setup.hub.clone() })?;
        let points = shares.iter().map(PublicKey::from_bytes).collect::<Result<Vec<_>>>()?;
        let first: Vec<usize> = (0..usize::from(setup.quorum)).collect();
        for seat in first.len()..points.len() {
            let expected: RistrettoPoint =
                first.iter().map(|other| points[*other].point() * lagrange(&first, *other, seat as u64 + 1)).sum();
            if expected != points[seat].point() {
                return Err(Error::Dealing(format!("the share of `{}` isn't of this key", setup.members[seat])));
            }
        }
        let mut digest = Sha256::new().chain_update(b"stillwatch key 1").chain_update(about);
        digest.update(hub.to_bytes());
        shares.iter().for_each(|share| digest.update(share));
        Ok(Self { setup, hub, shares: points, digest: digest.finalize().into() })
    }

    /// What it is for.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// What requests, filters and reports under this key are bound to.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// What a holder's answers as one of this quorum are checked with.
    pub(crate) fn expected(&self, holder: &str, quorum: &[usize]) -> Result<PublicKey> {
        if holder == self.setup.hub {
            return Ok(self.hub);
        }
        let seat = self.setup.seat(holder).filter(|seat| quorum.contains(seat));
        let seat = seat.ok_or(Error::Misuse("it isn't a holder of this quorum"))?;
        self.shares[seat].scaled(&lagrange(quorum, seat, 0))
    }

    /// Whether this is a holder's own share.
    pub(crate) fn has(&self, holder: &str, public: &PublicKey) -> bool {
        match self.setup.seat(holder) {
            Some(seat) => self.shares[seat] == *public,
            None => holder == self.setup.hub && self.hub == *public,
        }
    }
}

/// The hub's proof that it knows the secret of its share.
///
/// # Errors
/// If the setup can't be.
pub fn possession(setup: &Setup, key: &Key, rng: &mut impl CryptoRng) -> Result<Vec<u8>> {
    key.answer(possession_asked(&setup.digest()?)?.message(), rng)
}

fn possession_asked(about: &[u8; 32]) -> Result<Blinded> {
    Blinded::with_blinds(&[[b"possession".as_slice(), about].concat()], &[Scalar::ONE.to_bytes()])
}

/// The factor of a seat's share when those of a quorum are put together to the polynomial's value at `x`; seats count from 0,
/// their places on the polynomial from 1 as FROST's identifiers do.
pub(crate) fn lagrange(quorum: &[usize], seat: usize, x: u64) -> Scalar {
    let place = |seat: usize| Scalar::from(seat as u64 + 1);
    let others = quorum.iter().filter(|other| **other != seat);
    let (above, below) = others.fold((Scalar::ONE, Scalar::ONE), |(above, below), other| {
        (above * (place(*other) - Scalar::from(x)), below * (place(*other) - place(seat)))
    });
    // Seats differ, so this isn't zero.
    above * below.invert()
}

/// A quorum as bits; seats from 0.
pub(crate) fn bits(quorum: &[usize]) -> u128 {
    quorum.iter().fold(0, |bits, seat| bits | 1 << seat)
}

/// A quorum from bits: as many as are needed, all of them members.
pub(crate) fn seats(bits: u128, setup: &Setup) -> Option<Vec<usize>> {
    let seats: Vec<usize> = (0..setup.members.len()).filter(|seat| bits >> seat & 1 == 1).collect();
    (bits.count_ones() == u32::from(setup.quorum) && seats.len() == usize::from(setup.quorum)).then_some(seats)
}
