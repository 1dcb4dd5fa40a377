//! Terms: what two labs agree on before they match.
//! In: names, sizes, roots. Out: a digest that every frame is bound to.
//! Invariant: sides with other terms refuse each other's first frame.
//! Not here: how terms are agreed on.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::element::Namespace;
use crate::error::{Error, Result};
use crate::frame::encode;
use crate::oprf::{MAX_BATCH, POINT};
use crate::record::{SEALING, TAG};
use crate::size::{MAX_SET, padded};

/// One side of a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The member's name.
    pub name: String,
    /// How large its set is said to be: a size that [`padded`] gives.
    pub size: u64,
    /// Root of the commitment to its set, with what is attached to each element (`commit`).
    pub root: [u8; 32],
}

/// What two labs agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// A number that no other match has.
    pub session: [u8; 16],
    /// What is compared.
    pub namespace: Namespace,
    /// Who learns what is common.
    pub receiver: Party,
    /// Whose labels are opened.
    pub sender: Party,
    /// Bytes of a label at most; 0 for none.
    pub label: u16,
    /// Whether the other direction is matched too.
    pub two_sided: bool,
}

impl Terms {
    /// What every frame of the match is bound to.
    ///
    /// # Errors
    /// If the terms can't be kept to.
    pub fn digest(&self) -> Result<[u8; 32]> {
        for party in [&self.receiver, &self.sender] {
            if party.size != padded(party.size) || party.size > MAX_SET {
                return Err(Error::Misuse("a set's size in the terms isn't a padded one, or is more than 2^27"));
            }
            if party.name.is_empty() || party.name.len() > 255 {
                return Err(Error::Misuse("a member's name in the terms is empty, or longer than 255 bytes"));
            }
        }
        if self.receiver.name == self.sender.name {
            return Err(Error::Misuse("a member can't match with itself"));
        }
        if self.label > 1024 {
            return Err(Error::Misuse("labels in the terms are longer than 1024 bytes"));
        }
        Ok(Sha256::new().chain_update(b"stillwatch pair 1").chain_update(encode(self)?).finalize().into())
    }

    /// The same match the other way round: for when both are to learn what is common.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut terms = self.clone();
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"stillwatch reversed").chain_update(self.session).finalize().into();
        terms.session.copy_from_slice(&digest[..16]);
        std::mem::swap(&mut terms.receiver, &mut terms.sender);
        terms
    }

    /// Bytes of one record.
    pub(super) fn record(&self) -> usize {
        match self.label {
            0 => TAG,
            label => TAG + SEALING + usize::from(label),
        }
    }

    /// Records in one frame, which leaves as much room as other frames do for whoever carries it.
    pub(super) fn records_a_frame(&self) -> usize {
        MAX_BATCH * POINT / self.record()
    }
}
