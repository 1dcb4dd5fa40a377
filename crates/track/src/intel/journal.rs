//! Journal: what came from peers and was not looked at yet.
//! In: the journal of peers, the cursor. Out: arrivals in order, with their objects' texts; markings by id.
//! Invariant: reads only; a page is bounded in rows and in bytes, and is never empty while something waits.
//! Not here: moving the cursor (`index.rs`).

use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::Store;

/// The cursor's name.
pub(super) const CURSOR: &str = "intel: received";
/// Arrivals that are read at a time.
const ROWS: i64 = 5000;
/// Characters of objects that are read at a time.
const LENGTH: i64 = 32 << 20;

/// Something that a peer's journal tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The peer.
    pub peer: String,
    /// The object's id.
    pub id: String,
    /// Its version, as written.
    pub version: String,
    /// When it came.
    pub recorded: Micros,
    /// The peer has it no longer.
    pub gone: bool,
    /// The object, where it is one that tells of indicators, or a marking.
    pub json: Option<String>,
}

/// A page of arrivals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrivals {
    /// Where the cursor stood when they were read.
    pub from: i64,
    /// Where it stands once they are kept.
    pub upto: i64,
    /// What came, in order.
    pub all: Vec<Arrived>,
}

/// The next arrivals; none when nothing waits.
///
/// # Errors
/// When the store can't be read.
pub async fn waiting(store: &Store) -> Result<Option<Arrivals>> {
    let mut tx = store.read().await?;
    let row = sqlx::query("SELECT place FROM cursors WHERE name = $1").bind(CURSOR).fetch_optional(&mut *tx).await?;
    let from: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    // What was held back and what says nothing of indicators is passed over; the cursor passes it all the same.
    let rows = sqlx::query(
        "SELECT place, peer, id, version, recorded, what, json FROM \
         (SELECT r.place, r.peer, r.id, r.version, r.recorded, r.what, o.json, \
          SUM(COALESCE(LENGTH(o.json), 0)) OVER (ORDER BY r.place) - COALESCE(LENGTH(o.json), 0) AS earlier \
          FROM (SELECT * FROM received WHERE place > $1 ORDER BY place LIMIT $2) AS r \
          LEFT JOIN objects o ON o.id = r.id AND o.version = r.version AND o.source = 'peer:' || r.peer \
          AND r.type IN ('indicator', 'sighting', 'opinion', 'marking-definition')) AS page \
         WHERE earlier < $3 ORDER BY place",
    )
    .bind(from)
    .bind(ROWS)
    .bind(LENGTH)
    .fetch_all(&mut *tx)
    .await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let upto = last.try_get(0)?;
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        let what: String = row.try_get(5)?;
        if what == "held" {
            continue;
        }
        all.push(Arrived {
            peer: row.try_get(1)?,
            id: row.try_get(2)?,
            version: row.try_get(3)?,
            recorded: row.try_get(4)?,
            gone: what == "gone",
            json: row.try_get(6)?,
        });
    }
    Ok(Some(Arrivals { from, upto, all }))
}

/// Marking-definition objects of these ids, as this peer tells them.
///
/// # Errors
/// When the store can't be read.
pub async fn markings(store: &Store, asked: &[(String, String)]) -> Result<Vec<(String, String)>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let given = rows::given(store.dialect(), &[("peer", Kind::Text), ("id", Kind::Text)]);
    let sql =
        format!("SELECT r.peer, o.json FROM {given} JOIN objects o ON o.id = r.id AND o.source = 'peer:' || r.peer");
    let found = sqlx::query(AssertSqlSafe(sql)).bind(rows::text(asked)?).fetch_all(store.pool()).await?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Indicators of a peer's with a marking that was not known, to be read again.
///
/// # Errors
/// When the store can't be read.
pub async fn again(store: &Store, peer: &str) -> Result<Vec<Arrived>> {
    let found = sqlx::query(
        "SELECT i.peer, i.id, i.version, i.last_received, o.json FROM indicators i \
         JOIN objects o ON o.id = i.id AND o.version = i.version AND o.source = 'peer:' || i.peer \
         WHERE i.peer = $1 AND i.unread = 1 ORDER BY i.id LIMIT $2",
    )
    .bind(peer)
    .bind(ROWS)
    .fetch_all(store.pool())
    .await?;
    found
        .iter()
        .map(|row| {
            Ok(Arrived {
                peer: row.try_get(0)?,
                id: row.try_get(1)?,
                version: row.try_get(2)?,
                recorded: row.try_get(3)?,
                gone: false,
                json: Some(row.try_get(4)?),
            })
        })
        .collect()
}
