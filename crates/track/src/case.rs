//! Case: all that the store has of one campaign, as it was at one instant.
//! In: an id, an alias, or the beginning of one. Out: `Case`, from which an evidence bundle is made.
//! Invariant: one read transaction, and one order: the same store gives the same case, whichever database keeps it.
//! Not here: what is left out of a bundle, and how it is written (the command line).

use serde::Serialize;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::{Change, Example, Membership};

use crate::campaign::{count, sightings};
use crate::error::Result;
use crate::expire::{Tombstone, graves_of};
use crate::labels::{self, Label};
use crate::objects::{self, Object};
use crate::releases::{self, Course};
use crate::retention::{Retention, retention};
use crate::sighting::Body;
use crate::store::Store;
use crate::time::instant;
use crate::{find, history, show};

/// All that the store has of one campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The campaign with its course.
    pub course: stillwatch_model::Course,
    /// The runs that saw it, by window, with what each found of it.
    pub runs: Vec<Seen>,
    /// Who is and was in it, by account.
    pub members: Vec<Membership>,
    /// Every change, oldest first.
    pub history: Vec<Change>,
    /// What people concluded about it and its accounts.
    pub labels: Vec<Label>,
    /// What was deleted of it.
    pub tombstones: Vec<Tombstone>,
    /// Its local examples: text of customers.
    pub examples: Vec<Example>,
    /// Days that each kind is kept; `None` is for ever.
    pub retention: Retention,
    /// What was proposed to leave of it, oldest first.
    pub releases: Vec<Course>,
    /// Objects of one source that the store keeps, of any campaign: by id and version.
    pub told: Vec<Object>,
}

/// What one run found of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// The run.
    pub run: String,
    /// The finding.
    pub finding: String,
    /// First instant of the run's window, RFC 3339 UTC.
    pub from: String,
    /// Last instant of the run's window, RFC 3339 UTC.
    pub to: String,
    /// Exchanges that the run read, of everybody.
    pub read: u64,
    /// Accounts that the run read, of everybody.
    pub read_accounts: u64,
    /// When the run was taken into the store, RFC 3339 UTC.
    pub saved: String,
    /// Who had it taken in.
    pub author: String,
    /// Exchanges of the campaign's members.
    pub exchanges: u64,
    /// Members.
    pub accounts: u64,
    /// The rest; instants in it are microseconds since 1970.
    pub found: Body,
}

/// Reads it; `source` is whose objects come with it.
///
/// # Errors
/// When there is no such campaign, or the store can't be read.
pub async fn case(store: &Store, id: &str, source: &str) -> Result<Case> {
    let mut tx = store.read().await?;
    let id = find::campaign(&mut tx, id).await?;
    Ok(Case {
        course: show::course(&mut tx, &id).await?,
        runs: runs(&mut tx, &id).await?,
        members: show::members_of(&mut tx, &id).await?,
        history: history::changes(&mut tx, &id).await?,
        labels: labels::all(&mut tx).await?.labels.into_iter().filter(|label| label.campaign() == id).collect(),
        tombstones: graves_of(&mut tx, &id).await?,
        examples: show::examples_of(&mut tx, &id).await?,
        retention: retention(&mut tx).await?,
        releases: releases::courses(&mut tx, &id).await?,
        told: told(&mut tx, source).await?,
    })
}

async fn runs(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Seen>> {
    let mut all = Vec::new();
    for sighting in sightings(tx, id).await? {
        let row = sqlx::query("SELECT exchanges, accounts, saved, author FROM runs WHERE run = $1")
            .bind(&sighting.run)
            .fetch_one(&mut **tx)
            .await?;
        all.push(Seen {
            run: sighting.run,
            finding: sighting.finding,
            from: instant(sighting.from),
            to: instant(sighting.to),
            read: count(row.try_get(0)?),
            read_accounts: count(row.try_get(1)?),
            saved: instant(row.try_get(2)?),
            author: row.try_get(3)?,
            exchanges: sighting.exchanges,
            accounts: sighting.accounts,
            found: sighting.body,
        });
    }
    Ok(all)
}

async fn told(tx: &mut Transaction<'static, Any>, source: &str) -> Result<Vec<Object>> {
    let sql = format!("SELECT {} FROM objects WHERE source = $1 ORDER BY id, version", objects::COLUMNS);
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(source).fetch_all(&mut **tx).await?;
    rows.iter().map(objects::read).collect()
}

impl Label {
    /// The campaign that it is about, or whose member.
    #[must_use]
    pub fn campaign(&self) -> &str {
        match self {
            Self::Campaign { campaign, .. } | Self::Account { campaign, .. } => campaign,
        }
    }
}
