//! Owed: entries that the ledger must have, written down with the change that they are about.
//! In: entries as text. Out: those that the ledger has not taken over yet, in order.
//! Invariant: an entry is owed in the transaction of its change; before the ledger is written to, its size is kept here, so that
//! an interrupted attempt is found and not done twice.
//! Not here: the ledger.

use sqlx::{Any, Row, Transaction};

use crate::by::By;
use crate::error::Result;
use crate::releases::step;
use crate::store::Store;

/// An entry that the ledger is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Its place among all.
    pub place: i64,
    /// What it is about.
    pub about: String,
    /// The entry, canonical JSON.
    pub body: String,
    /// The ledger's size when taking it over was begun.
    pub since: Option<u64>,
}

/// Owes the ledger an entry; returns its place.
pub(crate) async fn owe(tx: &mut Transaction<'static, Any>, about: &str, body: &str) -> Result<i64> {
    let place: i64 =
        sqlx::query("SELECT COALESCE(MAX(place), 0) + 1 FROM owed").fetch_one(&mut **tx).await?.try_get(0)?;
    sqlx::query("INSERT INTO owed (place, about, body) VALUES ($1, $2, $3)")
        .bind(place)
        .bind(about)
        .bind(body)
        .execute(&mut **tx)
        .await?;
    Ok(place)
}

/// Owes the ledger an entry of its own, about something that changes nothing here (a view, say).
///
/// # Errors
/// When the store can't be written.
pub async fn owe_alone(store: &Store, about: &str, body: &str) -> Result<()> {
    let mut tx = store.write().await?;
    owe(&mut tx, about, body).await?;
    tx.commit().await?;
    Ok(())
}

/// Owes the ledger entries of their own, all in one transaction: what each is about, and the entry.
///
/// # Errors
/// When the store can't be written.
pub async fn owe_all(store: &Store, all: &[(String, String)]) -> Result<()> {
    let mut tx = store.write().await?;
    for (about, body) in all {
        owe(&mut tx, about, body).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What is owed, in order, at most so many. Where taking it over begins only now, `size`, the ledger's, is kept with it.
///
/// # Errors
/// When the store can't be written.
pub async fn open(store: &Store, size: u64, most: u32) -> Result<Vec<Owed>> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let mut tx = store.write().await?;
    let last: Option<i64> = sqlx::query(
        "SELECT MAX(place) FROM (SELECT place FROM owed WHERE entry IS NULL ORDER BY place LIMIT $1) AS part",
    )
    .bind(i64::from(most))
    .fetch_one(&mut *tx)
    .await?
    .try_get(0)?;
    let Some(last) = last else { return Ok(Vec::new()) };
    sqlx::query("UPDATE owed SET since = $1 WHERE entry IS NULL AND since IS NULL AND place <= $2")
        .bind(size)
        .bind(last)
        .execute(&mut *tx)
        .await?;
    let rows =
        sqlx::query("SELECT place, about, body, since FROM owed WHERE entry IS NULL AND place <= $1 ORDER BY place")
            .bind(last)
            .fetch_all(&mut *tx)
            .await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            let since: Option<i64> = row.try_get(3)?;
            Ok(Owed {
                place: row.try_get(0)?,
                about: row.try_get(1)?,
                body: row.try_get(2)?,
                since: since.and_then(|since| u64::try_from(since).ok()),
            })
        })
        .collect()
}

/// How many entries are owed.
///
/// # Errors
/// When the store can't be read.
pub async fn count(store: &Store) -> Result<u64> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT COUNT(*) FROM owed WHERE entry IS NULL").fetch_one(&mut *tx).await?;
    Ok(crate::campaign::count(row.try_get(0)?))
}

/// Writes down where the ledger has entries: (place, index). Releases of which nothing is owed any more are recorded, and may be
/// sent. Returns these.
///
/// # Errors
/// When the store can't be written.
pub async fn recorded(store: &Store, taken: &[(i64, u64)], by: &By) -> Result<Vec<String>> {
    let mut tx = store.write().await?;
    for (place, index) in taken {
        sqlx::query("UPDATE owed SET entry = $2 WHERE place = $1 AND entry IS NULL")
            .bind(*place)
            .bind(i64::try_from(*index).unwrap_or(i64::MAX))
            .execute(&mut *tx)
            .await?;
    }
    let rows = sqlx::query(
        "SELECT r.id FROM releases r WHERE r.state = 'approved' AND NOT EXISTS \
         (SELECT 1 FROM owed o WHERE o.about = r.id AND o.entry IS NULL) ORDER BY r.place",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut ready = Vec::new();
    for row in &rows {
        let id: String = row.try_get(0)?;
        sqlx::query("UPDATE releases SET state = 'recorded' WHERE id = $1").bind(&id).execute(&mut *tx).await?;
        step(&mut tx, &id, "recorded", "", by).await?;
        crate::releases::ready(&mut tx, &id, by).await?;
        ready.push(id);
    }
    tx.commit().await?;
    Ok(ready)
}

/// Follows the history of campaigns: each change since the last time is shown to `entry`, and what that makes of it is owed.
///
/// # Errors
/// When the store can't be written.
pub async fn follow(
    store: &Store,
    name: &str,
    entry: &(dyn Fn(&Past) -> Result<Option<String>> + Sync),
) -> Result<Vec<Past>> {
    let mut tx = store.write().await?;
    let row = sqlx::query("SELECT place FROM cursors WHERE name = $1").bind(name).fetch_optional(&mut *tx).await?;
    let from: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    let rows = sqlx::query(
        "SELECT place, campaign, recorded, author, what, became FROM history WHERE place > $1 AND what = 'status' ORDER BY place",
    )
    .bind(from)
    .fetch_all(&mut *tx)
    .await?;
    let mut seen = Vec::new();
    for row in &rows {
        let past = Past {
            place: row.try_get(0)?,
            campaign: row.try_get(1)?,
            at: row.try_get(2)?,
            author: row.try_get(3)?,
            became: row.try_get(5)?,
        };
        if let Some(body) = entry(&past)? {
            owe(&mut tx, &past.campaign, &body).await?;
        }
        seen.push(past);
    }
    if let Some(last) = seen.last() {
        sqlx::query(
            "INSERT INTO cursors (name, place) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET place = excluded.place",
        )
        .bind(name)
        .bind(last.place)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(seen)
}

/// A change of a campaign's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Its place in the history.
    pub place: i64,
    /// The campaign.
    pub campaign: String,
    /// When, microseconds since the epoch.
    pub at: stillwatch_model::Micros,
    /// Who.
    pub author: String,
    /// The status that it got.
    pub became: String,
}
