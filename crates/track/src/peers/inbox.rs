//! Inbox: what others put into this node's own collections, as what came from them.
//! In: a collection, a client. Out: objects behind an instant, in the order in which they came.
//! Invariant: objects above a collection's levels are there too: they came to this node, and are shown to nobody else.
//! Not here: taking them (`take.rs`).

use sqlx::Row;
use stillwatch_model::Micros;

use super::feed::{FEED, Feed};
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
        "SELECT date_added, json FROM collection_objects WHERE +collection = $1 AND source = $2 AND date_added > $3 \
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

/// Every client's way into a collection of this node's as a feed: those that are there, and one for each that put something in since
/// the last time; `own` is who this node is itself. Only what came since then is looked at.
///
/// # Errors
/// When the store can't be written.
pub async fn inbox_feeds(store: &Store, collection: &Collection, called: &str, own: &str) -> Result<Vec<Feed>> {
    let cursor = format!("inbox: {}", collection.number);
    let mut tx = store.write().await?;
    let row = sqlx::query("SELECT place FROM cursors WHERE name = $1").bind(&cursor).fetch_optional(&mut *tx).await?;
    let from: Micros = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    // The sign keeps SQLite from walking the whole collection by an index of its own, in place of what is new.
    let rows = sqlx::query(
        "SELECT source, MAX(date_added) FROM collection_objects WHERE +collection = $1 AND date_added > $2 \
         GROUP BY source ORDER BY source",
    )
    .bind(collection.number)
    .bind(from)
    .fetch_all(&mut *tx)
    .await?;
    let mut last = from;
    for row in &rows {
        let (source, at): (String, Micros) = (row.try_get(0)?, row.try_get(1)?);
        last = last.max(at);
        if source != own {
            sqlx::query(FEED).bind(source).bind(called).execute(&mut *tx).await?;
        }
    }
    if last > from {
        sqlx::query(
            "INSERT INTO cursors (name, place) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET place = excluded.place",
        )
        .bind(&cursor)
        .bind(last)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(super::feeds(store, None).await?.into_iter().filter(|feed| feed.collection == called).collect())
}
