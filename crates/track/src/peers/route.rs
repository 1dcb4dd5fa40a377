//! Route: how a recipient of releases is reached.
//! In: a recipient, a collection of a peer or of this node. Out: the same.
//! Invariant: a recipient has one way.
//! Not here: what goes there (`releases`).

use sqlx::Row;
use stillwatch_model::Micros;

use super::peer::peer;
use crate::error::{Error, Result};
use crate::store::Store;

/// How a recipient is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The recipient, as releases and profiles name it.
    pub recipient: String,
    /// The peer that things are handed to; none: they are put into a collection of this node.
    pub peer: Option<String>,
    /// Id or alias of the collection; of this node's: `ROOT/COLLECTION`.
    pub collection: String,
    /// The public key that they are sealed to; none: they go as they are.
    pub seal_to: Option<String>,
    /// Failures since the last success.
    pub failures: u32,
    /// Not before then is it tried again.
    pub retry: Micros,
    /// What went wrong last; empty: nothing.
    pub because: String,
}

/// Says how a recipient is reached, from now on.
///
/// # Errors
/// When there is no such peer, or the store can't be written.
pub async fn route(store: &Store, route: &Route) -> Result<()> {
    if let Some(called) = &route.peer {
        peer(store, called).await?;
    }
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO routes (recipient, peer, collection, seal_to, failures, retry, because) \
         VALUES ($1, $2, $3, $4, 0, 0, '') ON CONFLICT (recipient) DO UPDATE SET peer = excluded.peer, \
         collection = excluded.collection, seal_to = excluded.seal_to, failures = 0, retry = 0, because = ''",
    )
    .bind(&route.recipient)
    .bind(route.peer.as_deref().unwrap_or_default())
    .bind(&route.collection)
    .bind(route.seal_to.as_ref())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a recipient's way away: what is for it waits.
///
/// # Errors
/// When it has none, or the store can't be written.
pub async fn unroute(store: &Store, recipient: &str) -> Result<()> {
    let mut tx = store.write().await?;
    let done = sqlx::query("DELETE FROM routes WHERE recipient = $1").bind(recipient).execute(&mut *tx).await?;
    if done.rows_affected() == 0 {
        return Err(Error::unknown(
            format!("`{recipient}` has no way to be reached"),
            "`stillwatch peer list` shows who has",
        ));
    }
    tx.commit().await?;
    Ok(())
}

/// All ways, by recipient.
///
/// # Errors
/// When the store can't be read.
pub async fn routes(store: &Store) -> Result<Vec<Route>> {
    let rows = sqlx::query(
        "SELECT recipient, peer, collection, seal_to, failures, retry, because FROM routes ORDER BY recipient",
    )
    .fetch_all(store.pool())
    .await?;
    rows.iter()
        .map(|row| {
            let peer: String = row.try_get(1)?;
            Ok(Route {
                recipient: row.try_get(0)?,
                peer: (!peer.is_empty()).then_some(peer),
                collection: row.try_get(2)?,
                seal_to: row.try_get(3)?,
                failures: u32::try_from(row.try_get::<i64, _>(4)?).unwrap_or(u32::MAX),
                retry: row.try_get(5)?,
                because: row.try_get(6)?,
            })
        })
        .collect()
}

/// Writes down how a delivery over a way went; nothing in `because`: well.
///
/// # Errors
/// When the store can't be written.
pub async fn route_failed(store: &Store, recipient: &str, because: &str, retry: Micros) -> Result<()> {
    let mut tx = store.write().await?;
    sqlx::query(
        "UPDATE routes SET failures = CASE WHEN $2 = '' THEN 0 ELSE failures + 1 END, because = $2, retry = $3 \
         WHERE recipient = $1",
    )
    .bind(recipient)
    .bind(because)
    .bind(retry)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
