//! Inbox: what others put into this node's own collections, as what came from them.
//! In: a collection, a client. Out: objects behind an instant, in the order in which they came.
//! Invariant: objects above a collection's levels are there too: they came to this node, and are shown to nobody else.
//! Not here: taking them (`take.rs`).

use sqlx::Row;
use stillwatch_model::Micros;

use crate::error::Result;
use crate::exchange::Collection;
use crate::store::Store;

/// An object that somebody put into a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// When, microseconds since the epoch.
    pub date_added: Micros,
    /// The object, exactly as written.
    pub json: String,
}

/// Who put something into a collection after an instant.
///
/// # Errors
/// When the store can't be read.
pub async fn senders(store: &Store, collection: &Collection, after: Micros) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "SELECT DISTINCT source FROM collection_objects WHERE collection = $1 AND date_added > $2 ORDER BY source",
    )
    .bind(collection.number)
    .bind(after)
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// What a client put into a collection after an instant, at most so many objects.
///
/// # Errors
/// When the store can't be read.
pub async fn put_by(
    store: &Store,
    collection: &Collection,
    client: &str,
    after: Micros,
    limit: u32,
) -> Result<Vec<Put>> {
    let rows = sqlx::query(
        "SELECT date_added, json FROM collection_objects WHERE collection = $1 AND source = $2 AND date_added > $3 \
         ORDER BY date_added LIMIT $4",
    )
    .bind(collection.number)
    .bind(client)
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(|row| Ok(Put { date_added: row.try_get(0)?, json: row.try_get(1)? })).collect()
}

/// A client's way into a collection of this node's as a feed, which is made where there is none yet.
///
/// # Errors
/// When the store can't be written.
pub async fn inbox_feed(store: &Store, client: &str, collection: &str) -> Result<super::Feed> {
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO feeds (peer, collection, added_after, next, last, hour, taken, failures, retry, because) \
         VALUES ($1, $2, '', '', '', 0, 0, 0, 0, '') ON CONFLICT DO NOTHING",
    )
    .bind(client)
    .bind(collection)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let all = super::feeds(store, Some(client)).await?;
    all.into_iter()
        .find(|feed| feed.collection == collection)
        .ok_or_else(|| crate::Error::unknown(format!("`{collection}` of `{client}` isn't followed"), "try again"))
}
