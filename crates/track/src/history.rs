//! History: every change to a campaign, in order.
//! In: changes, within the transaction that makes them. Out: `Change`s.
//! Invariant: nothing is changed without an entry; entries are never changed; what was absorbed keeps its own.
//! Not here: deleting (`expire.rs`).

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Change;

use crate::by::By;
use crate::error::Result;
use crate::store::Store;
use crate::time::instant;

/// A change about to be written down.
pub(crate) struct Entry<'a> {
    pub(crate) campaign: &'a str,
    pub(crate) what: &'a str,
    pub(crate) was: String,
    pub(crate) became: String,
    pub(crate) because: &'a str,
}

/// Writes a change down.
pub(crate) async fn write(tx: &mut Transaction<'static, Any>, by: &By, entry: Entry<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO history (place, campaign, recorded, author, what, was, became, because) \
         SELECT COALESCE(MAX(place), 0) + 1, $1, $2, $3, $4, $5, $6, $7 FROM history",
    )
    .bind(entry.campaign)
    .bind(by.at)
    .bind(&by.author)
    .bind(entry.what)
    .bind(entry.was)
    .bind(entry.became)
    .bind(entry.because)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The changes of a campaign and of what it absorbed, oldest first.
///
/// # Errors
/// When the store can't be read, or there is no such campaign.
pub async fn history(store: &Store, id: &str) -> Result<Vec<Change>> {
    let mut tx = store.read().await?;
    let id = crate::find::campaign(&mut tx, id).await?;
    changes(&mut tx, &id).await
}

/// The changes, within a transaction.
pub(crate) async fn changes(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Change>> {
    let rows = sqlx::query(
        "SELECT campaign, recorded, author, what, was, became, because FROM history \
         WHERE campaign = $1 OR campaign IN (SELECT alias FROM aliases WHERE campaign = $1) ORDER BY place",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Change {
                at: instant(row.try_get(1)?),
                author: row.try_get(2)?,
                what: row.try_get(3)?,
                before: row.try_get(4)?,
                after: row.try_get(5)?,
                because: row.try_get(6)?,
            })
        })
        .collect()
}
