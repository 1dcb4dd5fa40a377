//! Deal: n members make a key of which each has a share, and nobody the whole.
//! In: packages of all others, round by round. Out: packages for them; at last one's own share, and everyone's public one.
//! Invariant: FROST's distributed key generation; everyone must have seen the same first packages, which the echo shows.
//! Not here: the channel: second packages are for one member's eyes only ([`crate::channel`]).

use std::collections::BTreeMap;

use frost_ristretto255::Identifier;
use frost_ristretto255::keys::dkg::{self, round1, round2};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::key::Setup;
use crate::error::{Error, Result};
use crate::oprf::Key;

/// Bytes of a package at most: a commitment for each coefficient, and a proof.
const MAX_PACKAGE: usize = 64 * 1024;

/// What members send each other, by member.
pub type Packages = BTreeMap<String, Vec<u8>>;

/// After the first package.
pub struct Dealing {
    setup: Setup,
    me: usize,
    secret: round1::SecretPackage,
    own: Vec<u8>,
}

/// After the second packages.
pub struct Sharing {
    setup: Setup,
    me: usize,
    secret: round2::SecretPackage,
    first: BTreeMap<Identifier, round1::Package>,
    echo: [u8; 32],
}

/// One's own share, and everyone's public one in the setup's order.
#[derive(Debug)]
pub struct Dealt {
    /// The share.
    pub key: Key,
    /// Public shares.
    pub shares: Vec<[u8; 32]>,
}

impl Dealing {
    /// Begins: the package for everyone.
    ///
    /// # Errors
    /// If the setup can't be, or one isn't a member of it.
    pub fn begin(setup: Setup, me: &str, rng: &mut impl CryptoRng) -> Result<(Self, Vec<u8>)> {
        setup.digest()?;
        let me = setup.seat(me).ok_or(Error::Misuse("one isn't a member of this setup"))?;
        let (secret, package) = dkg::part1(identifier(me)?, setup.members.len() as u16, setup.quorum, Older(rng))
            .map_err(|error| Error::Dealing(error.to_string()))?;
        let own = package.serialize().map_err(|error| Error::Dealing(error.to_string()))?;
        Ok((Self { setup, me, secret, own: own.clone() }, own))
    }

    /// Takes everyone else's first package: a package for each of them, and an echo of what was seen, for all.
    ///
    /// # Errors
    /// If a package is missing, malformed, or proves nothing.
    pub fn second(self, packages: &Packages) -> Result<(Sharing, Packages, [u8; 32])> {
        let mut echo = Sha256::new().chain_update(b"stillwatch echo 1").chain_update(self.setup.digest()?);
        let mut first = BTreeMap::new();
        for (seat, member) in self.setup.members.iter().enumerate() {
            let bytes = if seat == self.me { &self.own } else { package_of(packages, member)? };
            echo.update((bytes.len() as u64).to_le_bytes());
            echo.update(bytes);
            if seat != self.me {
                let package = round1::Package::deserialize(bytes).map_err(|_| malformed(member))?;
                // FROST's decoding lets bytes follow.
                if package.serialize().map_err(|_| malformed(member))? != *bytes {
                    return Err(malformed(member));
                }
                first.insert(identifier(seat)?, package);
            }
        }
        self.complete(packages)?;
        let (secret, shares) = dkg::part2(self.secret, &first).map_err(|error| named(&self.setup, &error))?;
        let shares = shares
            .into_iter()
            .map(|(to, share)| {
                let member = member(&self.setup, &to).ok_or(Error::Dealing("a package has no recipient".to_owned()))?;
                Ok((member, share.serialize().map_err(|error| Error::Dealing(error.to_string()))?))
            })
            .collect::<Result<Packages>>()?;
        let echo = echo.finalize().into();
        Ok((Sharing { setup: self.setup, me: self.me, secret, first, echo }, shares, echo))
    }

    fn complete(&self, packages: &Packages) -> Result<()> {
        if packages.len() + 1 != self.setup.members.len() {
            return Err(Error::Dealing("there are packages of others than the members".to_owned()));
        }
        Ok(())
    }
}

impl Sharing {
    /// Takes everyone else's package for oneself, and their echoes: the share.
    ///
    /// # Errors
    /// If members saw different first packages, or a share isn't what its dealer committed to; the member is named.
    pub fn finish(self, packages: &Packages, echoes: &BTreeMap<String, [u8; 32]>) -> Result<Dealt> {
        let mut second = BTreeMap::new();
        for (seat, member) in self.setup.members.iter().enumerate().filter(|(seat, _)| *seat != self.me) {
            if echoes.get(member) != Some(&self.echo) {
                return Err(Error::Dealing(format!(
                    "`{member}` saw other first packages: someone told members different things"
                )));
            }
            let bytes = package_of(packages, member)?;
            let package = round2::Package::deserialize(bytes).map_err(|_| malformed(member))?;
            if *Zeroizing::new(package.serialize().map_err(|_| malformed(member))?) != *bytes {
                return Err(malformed(member));
            }
            second.insert(identifier(seat)?, package);
        }
        let (share, public) =
            dkg::part3(&self.secret, &self.first, &second).map_err(|error| named(&self.setup, &error))?;
        let secret = Zeroizing::new(share.signing_share().serialize());
        let secret = secret.as_slice().try_into().map(Zeroizing::new);
        let key = Key::from_bytes(&*secret.map_err(|_| Error::Dealing("a share isn't 32 bytes".to_owned()))?)?;
        let shares = (0..self.setup.members.len())
            .map(|seat| {
                let share = public.verifying_shares().get(&identifier(seat)?).and_then(|share| share.serialize().ok());
                share
                    .and_then(|bytes| bytes.try_into().ok())
                    .ok_or(Error::Dealing("a public share is missing".to_owned()))
            })
            .collect::<Result<Vec<[u8; 32]>>>()?;
        Ok(Dealt { key, shares })
    }
}

fn package_of<'a>(packages: &'a Packages, member: &str) -> Result<&'a Vec<u8>> {
    let found = packages.get(member).filter(|bytes| bytes.len() <= MAX_PACKAGE);
    found.ok_or_else(|| Error::Dealing(format!("the package of `{member}` is missing, or longer than 64 KiB")))
}

fn malformed(member: &str) -> Error {
    Error::Dealing(format!("the package of `{member}` can't be read"))
}

fn named(setup: &Setup, error: &frost_ristretto255::Error) -> Error {
    let culprit = error.culprits().iter().find_map(|identifier| member(setup, identifier));
    Error::Dealing(match culprit {
        Some(member) => format!("`{member}`: {error}"),
        None => error.to_string(),
    })
}

fn identifier(seat: usize) -> Result<Identifier> {
    Identifier::try_from(seat as u16 + 1).map_err(|error| Error::Dealing(error.to_string()))
}

fn member(setup: &Setup, identifier_: &Identifier) -> Option<String> {
    let seat = (0..setup.members.len()).find(|seat| identifier(*seat).is_ok_and(|one| one == *identifier_))?;
    Some(setup.members[seat].clone())
}

/// The randomness handed in, as the crate that FROST is built on wants it.
struct Older<'a, R>(&'a mut R);

impl<R: CryptoRng> rand_core_of_frost::RngCore for Older<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill_bytes(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> std::result::Result<(), rand_core_of_frost::Error> {
        self.0.fill_bytes(dest);
        Ok(())
    }
}

impl<R: CryptoRng> rand_core_of_frost::CryptoRng for Older<'_, R> {}
