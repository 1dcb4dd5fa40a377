//! Known: an epoch as a row of the store, read.
//! In: a row. Out: its setup, terms and key.
//! Invariant: a key's public side is checked once and then known by its bytes.
//! Not here: shares.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use stillwatch_matching::Namespace;
use stillwatch_matching::bins::BinTerms;
use stillwatch_matching::epoch::{EpochKey, Setup};
use stillwatch_matching::pool::PoolTerms;
use stillwatch_model::Micros;
use stillwatch_track::matches::epochs::{self, Epoch, State};

use super::call::{Id, Public, Terms};
use crate::error::{Error, Result};
use crate::matching::{Place, broken};

/// An epoch, read.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its row.
    pub row: Epoch,
    /// The digest of its setup.
    pub id: Id,
    /// Who makes its key.
    pub setup: Setup,
    /// On which terms.
    pub terms: Terms,
}

/// Keys that were checked, by the hash of what was checked.
static CHECKED: LazyLock<Mutex<HashMap<[u8; 32], EpochKey>>> = LazyLock::new(Mutex::default);
/// How many of them are remembered.
const REMEMBERED: usize = 64;

impl Known {
    /// The epoch of a row.
    pub(super) fn of(row: Epoch) -> Result<Self> {
        let bad = || {
            Error::refused(
                format!("epoch {} of `{}` can't be read from the store", row.number, row.namespace),
                "restore a backup of the store, or use the newer `stillwatch` that wrote it",
            )
        };
        let setup: Setup = serde_json::from_str(&row.setup).map_err(|_| bad())?;
        let terms: Terms = serde_json::from_str(&row.terms).map_err(|_| bad())?;
        let id = setup.digest().map_err(broken)?;
        if hex::encode(id) != row.id {
            return Err(bad());
        }
        Ok(Self { row, id, setup, terms })
    }

    /// The epoch with this id.
    ///
    /// # Errors
    /// When it isn't known here, or the store can't be read.
    pub async fn get(place: &Place, id: &Id) -> Result<Self> {
        let row = epochs::get(&place.store, &hex::encode(id)).await?;
        Self::of(
            row.ok_or_else(|| {
                Error::refused("no such epoch is known here", "`stillwatch match epoch list` shows all")
            })?,
        )
    }

    /// The newest active epoch of a namespace with a pool to look up in: one with bins has none.
    ///
    /// # Errors
    /// When there is none, or the store can't be read.
    pub async fn with_pool(place: &Place, namespace: Namespace) -> Result<Self> {
        for row in epochs::all(&place.store).await? {
            if row.namespace == namespace.name() && row.state == State::Active {
                let known = Self::of(row)?;
                if known.published().is_ok() {
                    return Ok(known);
                }
            }
        }
        Err(Error::refused(
            format!("there is no active epoch of `{}` with a pool to look up in", namespace.name()),
            "`stillwatch match epoch list` shows all; in one with bins nothing is looked up",
        ))
    }

    /// The newest epoch of a namespace in one of these states; of that number, where one is given.
    ///
    /// # Errors
    /// When there is none, or the store can't be read.
    pub async fn newest(place: &Place, namespace: Namespace, number: Option<u64>, states: &[State]) -> Result<Self> {
        let all = epochs::all(&place.store).await?;
        let found = all.into_iter().find(|row| {
            row.namespace == namespace.name() && number.is_none_or(|n| n == row.number) && states.contains(&row.state)
        });
        let which = states.iter().map(|state| state.name()).collect::<Vec<_>>().join(" or ");
        let number = number.map_or(String::new(), |number| format!(" {number}"));
        Self::of(found.ok_or_else(|| {
            Error::refused(
                format!("there is no epoch{number} of `{}` that is {which}", namespace.name()),
                "`stillwatch match epoch list` shows all",
            )
        })?)
    }

    /// The key, checked.
    ///
    /// # Errors
    /// When it was never made.
    pub fn key(&self) -> Result<EpochKey> {
        let text = self.row.public.as_deref();
        let text =
            text.ok_or_else(|| Error::refused("the key of this epoch isn't made", "make it, or begin another"))?;
        let hash: [u8; 32] = Sha256::new().chain_update(self.id).chain_update(text).finalize().into();
        let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = checked.get(&hash) {
            return Ok(key.clone());
        }
        let public: Public = serde_json::from_str(text)
            .map_err(|_| Error::refused("the epoch's key can't be read from the store", "restore a backup"))?;
        let key = public.key(self.setup.clone())?;
        if checked.len() >= REMEMBERED {
            checked.clear();
        }
        checked.insert(hash, key.clone());
        Ok(key)
    }

    /// What its pool's reports are bound to.
    ///
    /// # Errors
    /// When its key was never made.
    pub fn pool(&self) -> Result<PoolTerms> {
        let Terms { threshold, element, label, .. } = self.terms;
        Ok(PoolTerms { epoch: self.key()?, threshold, element, label })
    }

    /// What its tables of bins are bound to.
    ///
    /// # Errors
    /// When its terms have none, or its key was never made.
    pub fn bins(&self) -> Result<BinTerms> {
        let Terms { threshold, bins: size, .. } = self.terms;
        if size == 0 {
            return Err(Error::refused("members give reports in this epoch, no bins", "report as its terms say"));
        }
        Ok(BinTerms { epoch: self.key()?, threshold, pairs: BinTerms::PAIRS, size })
    }

    /// That it has a pool to publish and to look up in.
    pub(super) fn published(&self) -> Result<()> {
        if self.terms.bins == 0 {
            return Ok(());
        }
        Err(Error::refused(
            format!(
                "nothing is published in epoch {} of `{}`: equal tags would show what its bins hide",
                self.row.number, self.row.namespace
            ),
            "open another epoch without bins for looking up, if members agree to show those",
        ))
    }

    /// That it is active, and its time not over.
    pub(super) fn active(&self) -> Result<()> {
        if self.row.state == State::Active && self.row.ends > now() {
            return Ok(());
        }
        Err(Error::refused(
            format!("epoch {} of `{}` isn't active", self.setup.epoch, self.setup.namespace.name()),
            "its share is erased, or its time is over: the next epoch has another key",
        ))
    }

    /// That somebody is one of its members.
    pub(super) fn member(&self, from: &str) -> Result<()> {
        match self.setup.seat(from) {
            Some(_) => Ok(()),
            None => Err(Error::refused("you are no member of this epoch", "ask the hub to be one of the next")),
        }
    }

    /// That somebody is its hub.
    pub(super) fn hub(&self, from: &str) -> Result<()> {
        if self.setup.hub == from {
            return Ok(());
        }
        Err(Error::refused("only the hub of this epoch may say that", "ask the hub"))
    }

    /// That this node is its hub.
    pub(super) fn own_hub(&self, place: &Place) -> Result<()> {
        if self.setup.hub == place.name {
            return Ok(());
        }
        Err(Error::refused(format!("`{}` is the hub of this epoch", self.setup.hub), "do it there"))
    }
}

/// The time.
pub(super) fn now() -> Micros {
    Timestamp::now().as_microsecond()
}
