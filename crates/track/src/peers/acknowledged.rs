//! Acknowledged: what recipients said that they have.
//! In: hashes of objects, from a recipient. Out: deliveries of which that recipient has everything.
//! Invariant: only hashes of what was handed over to that recipient are kept: nobody fills the store with others.
//! Not here: writing it into the ledger (`node::release`).

use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::Store;

/// A delivery of which the recipient has everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complete {
    /// The release.
    pub release: String,
    /// The recipient.
    pub recipient: String,
}

/// Keeps hashes (SHA-256, hexadecimal) of objects that a recipient says it has; returns how many are new.
///
/// # Errors
/// When the store can't be written.
pub async fn acknowledge(store: &Store, recipient: &str, hashes: &[&str], at: Micros) -> Result<u64> {
    let given = rows::given(store.dialect(), &[("hash", Kind::Text)]);
    let sql = format!(
        "INSERT INTO acknowledged (recipient, hash, recorded) SELECT DISTINCT $2, r.hash, $3 FROM {given} \
         WHERE EXISTS (SELECT 1 FROM deliveries d JOIN release_items i ON i.release = d.release \
         AND i.recipient = d.recipient WHERE d.recipient = $2 AND d.state = 'delivered' AND i.fate = 'leaves' \
         AND i.hash = r.hash) ON CONFLICT DO NOTHING"
    );
    let hashes: Vec<[&str; 1]> = hashes.iter().map(|hash| [*hash]).collect();
    let mut tx = store.write().await?;
    let done =
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&hashes)?).bind(recipient).bind(at).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}

/// Deliveries that were handed over and not acknowledged yet, of which the recipient has everything.
///
/// # Errors
/// When the store can't be read.
pub async fn complete(store: &Store) -> Result<Vec<Complete>> {
    let rows = sqlx::query(
        "SELECT d.release, d.recipient FROM deliveries d WHERE d.state = 'delivered' AND NOT EXISTS \
         (SELECT 1 FROM release_items i WHERE i.release = d.release AND i.recipient = d.recipient \
         AND i.fate = 'leaves' AND NOT EXISTS \
         (SELECT 1 FROM acknowledged a WHERE a.recipient = d.recipient AND a.hash = i.hash)) ORDER BY d.id",
    )
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(|row| Ok(Complete { release: row.try_get(0)?, recipient: row.try_get(1)? })).collect()
}
