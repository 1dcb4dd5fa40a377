//! Retention: how many days each kind of thing is kept.
//! In: the store's own setting. Out: when what is recorded now expires.
//! Invariant: every kind has a limit unless somebody says `forever`.
//! Not here: deleting (`expire.rs`).

use std::collections::BTreeMap;

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use crate::error::{Error, Result};
use crate::time::DAY;

/// A kind of thing that expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kept {
    /// Shortened local exchanges: text of customers.
    Examples,
    /// Addresses and clients of sightings: they pass on to others.
    Networks,
    /// Statements of evidence.
    Evidence,
    /// Decisions that ended, with their histories: they name accounts.
    Decisions,
}

impl Kept {
    /// Every kind.
    pub const ALL: [Kept; 4] = [Kept::Examples, Kept::Networks, Kept::Evidence, Kept::Decisions];

    /// The name as typed and stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kept::Examples => "examples",
            Kept::Networks => "networks",
            Kept::Evidence => "evidence",
            Kept::Decisions => "decisions",
        }
    }

    /// Days that it is kept when nothing else was set.
    #[must_use]
    pub fn default_days(self) -> u32 {
        match self {
            Kept::Examples => 30,
            Kept::Networks => 90,
            Kept::Evidence => 365,
            Kept::Decisions => 730,
        }
    }

    /// Fewest days: what is needed longer isn't deleted.
    pub(crate) fn least_days(self) -> u32 {
        if self == Kept::Decisions { 31 } else { 0 }
    }

    /// Reads `examples`, `networks`, `evidence` or `decisions`.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            Error::refused(
                format!("nothing is kept under `{name}`"),
                "kinds are: examples, networks, evidence, decisions",
            )
        })
    }
}

/// Days of each kind; `None` is for ever.
pub type Retention = BTreeMap<Kept, Option<u32>>;

/// The store's setting.
pub(crate) async fn retention(tx: &mut Transaction<'static, Any>) -> Result<Retention> {
    let mut days: Retention = Kept::ALL.into_iter().map(|kind| (kind, Some(kind.default_days()))).collect();
    for row in sqlx::query("SELECT kind, days FROM retention").fetch_all(&mut **tx).await? {
        let (kind, set): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        days.insert(Kept::parse(&kind)?, u32::try_from(set).ok());
    }
    Ok(days)
}

/// When what is recorded `at` expires.
pub(crate) fn expires(days: &Retention, kind: Kept, at: Micros) -> Option<Micros> {
    days.get(&kind).copied().flatten().map(|days| at.saturating_add(i64::from(days) * DAY))
}
