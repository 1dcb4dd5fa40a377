//! Notices: what the journal of peers has of notices of acting and of acknowledgements; what became of ours; who here has read.
//! In: types of objects, ids, what the ledger is owed for each. Out: objects as they came, courses of releases.
//! Invariant: nothing here is seen by rules: no row of `indicators`, `remarks` or `subjects` comes of it; what the ledger is owed for
//! something that came is owed in the transaction that passes it.
//! Not here: what an object says (`stix::notice`), proposing (`node`).

use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;
use stillwatch_model::Micros;

use crate::by::By;
use crate::error::Result;
use crate::intel;
use crate::owed;
use crate::store::Store;

/// Cursor of what the ledger was owed for.
const CURSOR: &str = "ledger: notices";
/// Arrivals passed in one transaction.
const BATCH: i64 = 1_000;

/// A version of an object, as a peer sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// Its STIX id.
    pub id: String,
    /// The peer.
    pub peer: String,
    /// The object as it was written.
    pub json: String,
    /// When it came.
    pub at: Micros,
    /// The peer has the object no longer.
    pub gone: bool,
}

/// Every version of every object of a type that peers sent, at most 10,000; by id and peer.
///
/// # Errors
/// When the store can't be read.
pub async fn received(store: &Store, kind: &str) -> Result<Vec<Came>> {
    // Ids of a type stand together: `.` follows `-`.
    let rows = sqlx::query(
        "SELECT o.id, SUBSTR(o.source, 6), o.json, o.received, \
         (SELECT r.what FROM received r WHERE r.id = o.id AND 'peer:' || r.peer = o.source ORDER BY r.place DESC LIMIT 1) \
         FROM objects o WHERE o.id >= $1 AND o.id < $2 AND o.source LIKE 'peer:%' \
         ORDER BY o.id, o.source, o.version LIMIT 10000",
    )
    .bind(format!("{kind}--"))
    .bind(format!("{kind}-."))
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(came).collect()
}

fn came(row: &AnyRow) -> Result<Came> {
    let last: Option<String> = row.try_get(4)?;
    Ok(Came {
        id: row.try_get(0)?,
        peer: row.try_get(1)?,
        json: row.try_get(2)?,
        at: row.try_get(3)?,
        gone: last.as_deref() == Some("gone"),
    })
}

/// Ids of received objects that begin so, at most 20.
///
/// # Errors
/// When the store can't be read.
pub async fn beginning(store: &Store, beginning: &str) -> Result<Vec<String>> {
    // Ids are ASCII; `~` sorts behind every character of one.
    let rows = sqlx::query(
        "SELECT DISTINCT id FROM objects WHERE id >= $1 AND id < $2 AND source LIKE 'peer:%' ORDER BY id LIMIT 20",
    )
    .bind(beginning)
    .bind(format!("{beginning}~"))
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// What the ledger is owed for something that came: what it is about, and the entry.
pub type Owes<'a> = dyn Fn(&Came) -> Result<Option<(String, String)>> + Sync + 'a;

/// Shows `owes` each notice and acknowledgement that came since the last time; what it makes of it is owed to the ledger. Returns how
/// many there were.
///
/// # Errors
/// When the store can't be written.
pub async fn follow(store: &Store, owes: &Owes<'_>) -> Result<u64> {
    let mut count = 0;
    loop {
        let mut tx = store.write().await?;
        let row =
            sqlx::query("SELECT place FROM cursors WHERE name = $1").bind(CURSOR).fetch_optional(&mut *tx).await?;
        let from: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
        let end: Option<i64> = sqlx::query("SELECT MAX(place) FROM received").fetch_one(&mut *tx).await?.try_get(0)?;
        let Some(end) = end.filter(|end| *end > from) else { return Ok(count) };
        let rows = sqlx::query(
            "SELECT r.id, r.peer, o.json, r.recorded, r.what, r.place FROM received r \
             JOIN objects o ON o.id = r.id AND o.version = r.version AND o.source = 'peer:' || r.peer \
             WHERE r.place > $1 AND r.type IN ('action-notice', 'notice-acknowledgement') AND r.what IN ('came', 'let') \
             ORDER BY r.place LIMIT $2",
        )
        .bind(from)
        .bind(BATCH)
        .fetch_all(&mut *tx)
        .await?;
        let is_all = i64::try_from(rows.len()).unwrap_or(i64::MAX) < BATCH;
        let mut upto = end;
        for row in &rows {
            if let Some((about, body)) = owes(&came(row)?)? {
                owed::owe(&mut tx, &about, &body).await?;
            }
            if !is_all {
                upto = row.try_get(5)?;
            }
        }
        sqlx::query(
            "INSERT INTO cursors (name, place) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET place = excluded.place",
        )
        .bind(CURSOR)
        .bind(upto)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        count += rows.len() as u64;
        if is_all {
            return Ok(count);
        }
    }
}

/// How an object of ours fares on its way to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Course {
    /// The release.
    pub release: String,
    /// How the release stands.
    pub state: String,
    /// To whom.
    pub recipient: String,
    /// How its delivery stands, where there is one.
    pub delivery: Option<String>,
}

/// How an object of ours fares, of releases about one of `subjects`, oldest first. What takes others back isn't told.
///
/// # Errors
/// When the store can't be read.
pub async fn courses(store: &Store, subjects: [&str; 2], object: &str) -> Result<Vec<Course>> {
    let rows = sqlx::query(
        "SELECT r.id, r.state, i.recipient, d.state FROM releases r \
         JOIN release_items i ON i.release = r.id AND i.object = $3 AND i.fate <> 'held' \
         LEFT JOIN deliveries d ON d.release = r.id AND d.recipient = i.recipient \
         WHERE r.subject IN ($1, $2) AND r.revokes IS NULL ORDER BY r.place, i.recipient LIMIT 10000",
    )
    .bind(subjects[0])
    .bind(subjects[1])
    .bind(object)
    .fetch_all(store.pool())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Course {
                release: row.try_get(0)?,
                state: row.try_get(1)?,
                recipient: row.try_get(2)?,
                delivery: row.try_get(3)?,
            })
        })
        .collect()
}

/// Writes down that somebody here has read a notice, with what the ledger is owed for it; false where they had before.
///
/// # Errors
/// When the store can't be written.
pub async fn read_here(store: &Store, id: &str, owes: &str, by: &By) -> Result<bool> {
    let mut tx = store.write().await?;
    let before = sqlx::query("SELECT 1 FROM intel_history WHERE indicator = $1 AND author = $2 AND what = 'read'")
        .bind(id)
        .bind(&by.author)
        .fetch_optional(&mut *tx)
        .await?;
    if before.is_some() {
        return Ok(false);
    }
    intel::step(&mut tx, id, "read", "", by).await?;
    owed::owe(&mut tx, id, owes).await?;
    tx.commit().await?;
    Ok(true)
}
