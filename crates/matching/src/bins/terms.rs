//! Terms: what members and hub agree on before tables are made.
//! In: an epoch key, a threshold, sizes. Out: a digest that shares are derived under; how large tables are.
//! Invariant: every member's table is as large, whatever it holds; what the hub would have to compute is bounded.
//! Not here: making tables (`table`).

use sha2::{Digest, Sha256};

use crate::epoch::EpochKey;
use crate::error::{Error, Result};
use crate::size::padded;

/// Elements of one member at most.
const MAX_SIZE: u64 = 1 << 22;

/// Bins, times ways of choosing k members, at most: some twenty minutes on one core.
const MAX_WORK: u128 = 1 << 39;

/// What bins are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinTerms {
    /// The epoch key's public side.
    pub epoch: EpochKey,
    /// How many members must have an element.
    pub threshold: u8,
    /// Pairs of tables: an element of exactly k members is missed with probability 0.0614 to this power, where all sets are full
    /// ([`BinTerms::PAIRS`]: 7.6e-13).
    pub pairs: u8,
    /// Elements of the largest set: a size that [`crate::padded`] gives.
    pub size: u64,
}

impl BinTerms {
    /// Pairs of tables of the paper.
    pub const PAIRS: u8 = 10;

    /// What shares are derived under.
    ///
    /// # Errors
    /// If the terms can't be kept to, or ask for more than the hub can compute.
    pub fn digest(&self) -> Result<[u8; 32]> {
        let members = self.epoch.setup().members.len();
        Self::possible(members, self.threshold, self.pairs, self.size).map_err(Error::Misuse)?;
        let digest = Sha256::new().chain_update(b"stillwatch bins 1").chain_update(self.epoch.digest());
        let digest = digest.chain_update([self.threshold, self.pairs]).chain_update(self.size.to_le_bytes());
        Ok(digest.finalize().into())
    }

    /// Whether so many members can agree on this, before they have a key.
    ///
    /// # Errors
    /// Says what can't be kept to, or is more than the hub can compute.
    pub fn possible(members: usize, threshold: u8, pairs: u8, size: u64) -> std::result::Result<(), &'static str> {
        if !(2..=members).contains(&usize::from(threshold)) {
            return Err("a threshold is 2 members or more, and no more than there are");
        }
        if !(1..=20).contains(&pairs) {
            return Err("there are 1 to 20 pairs of tables");
        }
        if size != padded(size) || size > MAX_SIZE {
            return Err("the size in the terms isn't a padded one, or is more than 2^22");
        }
        let choices = (0..u128::from(threshold))
            .try_fold(1u128, |choices, at| (choices <= MAX_WORK).then(|| choices * (members as u128 - at) / (at + 1)));
        let bins = 2 * u128::from(pairs) * u128::from(threshold) * u128::from(size);
        if choices.is_none_or(|choices| choices * bins > MAX_WORK) {
            return Err("there are too many ways of choosing members for sets of this size");
        }
        Ok(())
    }

    /// Tables of one member.
    #[must_use]
    pub fn tables(&self) -> u32 {
        2 * u32::from(self.pairs)
    }

    /// Bins of one table.
    #[must_use]
    pub fn bins(&self) -> usize {
        usize::from(self.threshold).saturating_mul(usize::try_from(self.size).unwrap_or(usize::MAX))
    }

    /// Bytes that each member gives the hub.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (8 * self.tables() as usize).saturating_mul(self.bins())
    }
}
