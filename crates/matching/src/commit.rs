//! Commit: a set that can't be changed afterwards, and can be audited.
//! In: elements with what is attached to them, in order, and a secret salt. Out: a Merkle root; later, proofs of single leaves.
//! Invariant: RFC 9162's tree; a root and a proof show nothing of leaves that weren't opened, since each has a salt of its own.
//! Not here: where roots are recorded (the ledger), who may ask for leaves to be opened.

use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// What salts are made from: kept by the set's owner, shown to nobody.
pub type Salt = Zeroizing<[u8; 32]>;

/// A root.
pub type Root = [u8; 32];

/// What the root is made of, one leaf an element; whoever audits hashes the same.
#[derive(Clone)]
pub struct Leaf(Vec<u8>);

impl Leaf {
    /// Leaf `index`: the element with what is attached to it.
    ///
    /// # Errors
    /// None that can be.
    pub fn new(salt: &Salt, index: u64, element: &[u8], attached: &[u8]) -> Result<Self> {
        Ok(Self::opened(&leaf_salt(salt, index)?, element, attached))
    }

    /// A leaf that its owner opened by giving its salt ([`leaf_salt`]).
    #[must_use]
    pub fn opened(salt: &[u8; 16], element: &[u8], attached: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(24 + element.len() + attached.len());
        bytes.extend_from_slice(salt);
        bytes.extend_from_slice(&(element.len() as u32).to_le_bytes());
        bytes.extend_from_slice(element);
        bytes.extend_from_slice(attached);
        Self(bytes)
    }
}

impl AsRef<[u8]> for Leaf {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// One leaf's salt: shown when that leaf is audited.
///
/// # Errors
/// None that can be: 16 bytes are never too many for HKDF, and 32 never too few for a key.
pub fn leaf_salt(salt: &Salt, index: u64) -> Result<[u8; 16]> {
    let broken = Error::Misuse("HKDF refused its parameters");
    let mut out = [0; 16];
    let hkdf = Hkdf::<Sha256>::from_prk(salt.as_slice()).map_err(|_| broken.clone())?;
    hkdf.expand_multi_info(&[b"stillwatch leaf", &index.to_le_bytes()], &mut out).map_err(|_| broken)?;
    Ok(out)
}

/// A root in the making, in memory that grows with the logarithm of the set.
#[derive(Clone)]
pub struct Commitment {
    salt: Salt,
    count: u64,
    /// Roots of full subtrees, largest first: one for each bit of `count`.
    full: Vec<Root>,
}

impl Commitment {
    /// Of no elements yet.
    #[must_use]
    pub fn new(salt: Salt) -> Self {
        Self { salt, count: 0, full: Vec::new() }
    }

    /// Adds the next element.
    ///
    /// # Errors
    /// None that can be.
    pub fn add(&mut self, element: &[u8], attached: &[u8]) -> Result<()> {
        let leaf = Leaf::new(&self.salt, self.count, element, attached)?;
        let mut node: Root = Sha256::new().chain_update([0]).chain_update(&leaf).finalize().into();
        for _ in 0..self.count.trailing_ones() {
            if let Some(left) = self.full.pop() {
                node = parent(&left, &node);
            }
        }
        self.full.push(node);
        self.count += 1;
        Ok(())
    }

    pub(crate) fn subtrees(&self) -> &[Root] {
        &self.full
    }

    /// Goes on from a count and the subtrees of that many leaves.
    pub(crate) fn resume(&mut self, count: u64, full: Vec<Root>) -> Result<()> {
        if full.len() != count.count_ones() as usize {
            return Err(Error::Stored { what: "commitment", why: "it hasn't as many subtrees as its count needs" });
        }
        self.count = count;
        self.full = full;
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The root (RFC 9162 §2.1.1).
    ///
    /// # Errors
    /// If there are none.
    pub fn root(&self) -> Result<Root> {
        let mut from_the_right = self.full.iter().rev();
        let last = *from_the_right.next().ok_or(Error::Misuse("a set without elements has no root"))?;
        Ok(from_the_right.fold(last, |right, left| parent(left, &right)))
    }
}

fn parent(left: &Root, right: &Root) -> Root {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}
