//! Status: what became of a request to add objects, kept for its sender to ask (TAXII 2.1, section 4.3).
//! In: a status resource as text. Out: the same text, for the client that made the request.
//! Invariant: kept in the transaction that added the objects; nobody else's is told.
//! Not here: what the text says (the node).

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use crate::error::Result;
use crate::owed;
use crate::store::Store;
use crate::time::DAY;

/// How long a status is kept: TAXII 2.1, section 4.3, asks for 24 hours after it is complete.
const KEPT: Micros = 7 * DAY;

/// A status resource about to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id, a UUID.
    pub id: String,
    /// The API root in which it was asked for.
    pub root: String,
    /// By whom.
    pub client: String,
    /// The resource.
    pub body: String,
    /// What the ledger is owed for it.
    pub owes: Option<String>,
}

pub(super) async fn put(tx: &mut Transaction<'static, Any>, kept: &Kept, at: Micros) -> Result<()> {
    sqlx::query("DELETE FROM statuses WHERE asked < $1").bind(at - KEPT).execute(&mut **tx).await?;
    sqlx::query("INSERT INTO statuses (id, root, client, asked, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(&kept.id)
        .bind(&kept.root)
        .bind(&kept.client)
        .bind(at)
        .bind(&kept.body)
        .execute(&mut **tx)
        .await?;
    if let Some(owes) = &kept.owes {
        owed::owe(tx, &kept.client, owes).await?;
    }
    Ok(())
}

/// A status resource, and whose request it was.
///
/// # Errors
/// When the store can't be read.
pub async fn status(store: &Store, root: &str, id: &str) -> Result<Option<(String, String)>> {
    let row = sqlx::query("SELECT client, body FROM statuses WHERE id = $1 AND root = $2")
        .bind(id)
        .bind(root)
        .fetch_optional(store.pool())
        .await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}
