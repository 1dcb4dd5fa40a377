//! Feed: a collection of a peer that is followed, and how far that has come.
//! In: where a walk stands; what went wrong. Out: where to go on, and from when.
//! Invariant: `added_after` moves only when a walk has reached the end, for `next` belongs to the `added_after` it was given for.
//! Not here: what came (`take.rs`).

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use super::peer::peer;
use crate::error::{Error, Result};
use crate::store::Store;

/// Where a walk through a collection stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// `added_after` of the walk; empty: from the beginning.
    pub added_after: String,
    /// `next` of the page to ask for; empty: the first.
    pub next: String,
    /// The latest `date_added` that was seen; empty: none.
    pub last: String,
}

/// A collection that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The peer.
    pub peer: String,
    /// Id or alias of its collection.
    pub collection: String,
    /// Where the walk stands.
    pub cursor: Cursor,
    /// The hour that `taken` counts, since the epoch.
    pub hour: i64,
    /// Objects taken in that hour.
    pub taken: u64,
    /// When its end was last reached.
    pub synced: Option<Micros>,
    /// Failures since the last success.
    pub failures: u32,
    /// Not before then is it asked again.
    pub retry: Micros,
    /// What went wrong last; empty: nothing.
    pub because: String,
    /// Why a person has to look before it goes on.
    pub held: Option<String>,
}

/// A feed that begins; one that is there stays as it is.
pub(super) const FEED: &str = "INSERT INTO feeds (peer, collection, added_after, next, last, hour, taken, failures, retry, because) \
     VALUES ($1, $2, '', '', '', 0, 0, 0, 0, '') ON CONFLICT DO NOTHING";

/// Follows a collection of a peer from its beginning; one that is followed already stays as it is.
///
/// # Errors
/// When there is no such peer, or the store can't be written.
pub async fn follow(store: &Store, called: &str, collection: &str) -> Result<()> {
    peer(store, called).await?;
    let mut tx = store.write().await?;
    sqlx::query(FEED).bind(called).bind(collection).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Follows a collection no longer.
///
/// # Errors
/// When it isn't followed, or the store can't be written.
pub async fn unfollow(store: &Store, called: &str, collection: &str) -> Result<()> {
    change(store, "DELETE FROM feeds WHERE peer = $1 AND collection = $2 AND $3 = $3", called, collection, "").await
}

/// The feeds, by peer and collection; of one peer where one is named.
///
/// # Errors
/// When the store can't be read.
pub async fn feeds(store: &Store, called: Option<&str>) -> Result<Vec<Feed>> {
    let rows = sqlx::query(
        "SELECT peer, collection, added_after, next, last, hour, taken, synced, failures, retry, because, held \
         FROM feeds WHERE $1 = '' OR peer = $1 ORDER BY peer, collection",
    )
    .bind(called.unwrap_or_default())
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(read).collect()
}

/// Writes down that a walk stands elsewhere.
pub(super) async fn set(
    tx: &mut Transaction<'static, Any>,
    feed: &Feed,
    cursor: &Cursor,
    (hour, taken): (i64, u64),
) -> Result<()> {
    sqlx::query(
        "UPDATE feeds SET added_after = $3, next = $4, last = $5, hour = $6, taken = $7, failures = 0, retry = 0, \
         because = '' WHERE peer = $1 AND collection = $2",
    )
    .bind(&feed.peer)
    .bind(&feed.collection)
    .bind(&cursor.added_after)
    .bind(&cursor.next)
    .bind(&cursor.last)
    .bind(hour)
    .bind(i64::try_from(taken).unwrap_or(i64::MAX))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Moves a feed's cursor, nothing else: where a server no longer knows `next`.
///
/// # Errors
/// When the store can't be written.
pub async fn moved(store: &Store, feed: &Feed, cursor: &Cursor) -> Result<()> {
    let mut tx = store.write().await?;
    set(&mut tx, feed, cursor, (feed.hour, feed.taken)).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down that a walk reached the end.
///
/// # Errors
/// When the store can't be written.
pub async fn seen(store: &Store, feed: &Feed, at: Micros) -> Result<()> {
    let mut tx = store.write().await?;
    sqlx::query("UPDATE feeds SET synced = $3 WHERE peer = $1 AND collection = $2")
        .bind(&feed.peer)
        .bind(&feed.collection)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down that a peer failed, and from when it may be asked again.
///
/// # Errors
/// When the store can't be written.
pub async fn failed(store: &Store, feed: &Feed, because: &str, retry: Micros) -> Result<()> {
    let mut tx = store.write().await?;
    sqlx::query(
        "UPDATE feeds SET failures = failures + 1, because = $3, retry = $4 WHERE peer = $1 AND collection = $2",
    )
    .bind(&feed.peer)
    .bind(&feed.collection)
    .bind(because)
    .bind(retry)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Holds a feed until a person has looked.
///
/// # Errors
/// When it isn't followed, or the store can't be written.
pub async fn hold(store: &Store, called: &str, collection: &str, because: &str) -> Result<()> {
    change(store, "UPDATE feeds SET held = $3 WHERE peer = $1 AND collection = $2", called, collection, because).await
}

/// Lets a feed go on; what it had taken this hour is forgotten.
///
/// # Errors
/// When it isn't followed, or the store can't be written.
pub async fn unhold(store: &Store, called: &str, collection: &str) -> Result<()> {
    let sql = "UPDATE feeds SET held = NULL, taken = 0, retry = 0 WHERE peer = $1 AND collection = $2 AND $3 = $3";
    change(store, sql, called, collection, "").await
}

async fn change(store: &Store, sql: &'static str, called: &str, collection: &str, text: &str) -> Result<()> {
    let mut tx = store.write().await?;
    let done = sqlx::query(sql).bind(called).bind(collection).bind(text).execute(&mut *tx).await?;
    if done.rows_affected() == 0 {
        return Err(Error::unknown(
            format!("`{collection}` of `{called}` isn't followed"),
            "`stillwatch peer list` shows what is",
        ));
    }
    tx.commit().await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Feed> {
    Ok(Feed {
        peer: row.try_get(0)?,
        collection: row.try_get(1)?,
        cursor: Cursor { added_after: row.try_get(2)?, next: row.try_get(3)?, last: row.try_get(4)? },
        hour: row.try_get(5)?,
        taken: crate::campaign::count(row.try_get(6)?),
        synced: row.try_get(7)?,
        failures: u32::try_from(row.try_get::<i64, _>(8)?).unwrap_or(u32::MAX),
        retry: row.try_get(9)?,
        because: row.try_get(10)?,
        held: row.try_get(11)?,
    })
}
