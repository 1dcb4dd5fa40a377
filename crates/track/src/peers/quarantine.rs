//! Quarantine: pieces that peers sent and that were not taken, until a person decides.
//! In: pieces with the reason. Out: those that wait; an object that was let in.
//! Invariant: a piece waits once, however often it is sent; one that was decided about doesn't come back.
//! Not here: why (`node::peer`).

use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use super::feed::Feed;
use super::source;
use super::take::{Entry, journal};
use crate::by::By;
use crate::error::{Error, Result};
use crate::objects::{self, Raw};
use crate::rows::{self, Kind};
use crate::store::{Dialect, Store};

/// A piece that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect<'a> {
    /// Its id, as far as it has one.
    pub id: String,
    /// SHA-256 of its text.
    pub hash: String,
    /// Its text, or the beginning of it.
    pub json: &'a str,
    /// Why it isn't taken.
    pub because: String,
}

/// A piece that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the quarantine.
    pub place: i64,
    /// The peer.
    pub peer: String,
    /// The peer's collection.
    pub collection: String,
    /// Its id, as far as it has one.
    pub id: String,
    /// Its text, or the beginning of it.
    pub json: String,
    /// Why it wasn't taken.
    pub because: String,
    /// When it came first.
    pub recorded: Micros,
}

/// Puts pieces into the quarantine; returns how many are new.
pub(super) async fn put(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    feed: &Feed,
    suspects: &[Suspect<'_>],
    at: Micros,
) -> Result<u64> {
    if suspects.is_empty() {
        return Ok(0);
    }
    let first: i64 =
        sqlx::query("SELECT COALESCE(MAX(place), 0) + 1 FROM quarantine").fetch_one(&mut **tx).await?.try_get(0)?;
    let columns =
        [("place", Kind::Int), ("id", Kind::Text), ("hash", Kind::Text), ("json", Kind::Text), ("because", Kind::Text)];
    let given = rows::given(dialect, &columns);
    let sql = format!(
        "INSERT INTO quarantine (place, peer, collection, id, hash, json, because, recorded) \
         SELECT place, $2, $3, id, hash, json, because, $4 FROM {given} WHERE true ON CONFLICT DO NOTHING"
    );
    // No database keeps U+0000 in text.
    let rows: Vec<_> = (first..)
        .zip(suspects)
        .map(|(place, one)| {
            (place, one.id.replace('\0', ""), &one.hash, one.json.replace('\0', ""), one.because.replace('\0', ""))
        })
        .collect();
    let done = sqlx::query(AssertSqlSafe(sql))
        .bind(rows::text(&rows)?)
        .bind(&feed.peer)
        .bind(&feed.collection)
        .bind(at)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

const KEPT: &str = "SELECT place, peer, collection, id, json, because, recorded FROM quarantine";

/// Pieces that wait, oldest first, after a place.
///
/// # Errors
/// When the store can't be read.
pub async fn open(store: &Store, peer: Option<&str>, after: i64, limit: u32) -> Result<Vec<Kept>> {
    let sql = format!(
        "{KEPT} WHERE decided IS NULL AND place > $1 AND ($2 = '' OR peer = $2) ORDER BY place LIMIT {}",
        limit.clamp(1, 10_000)
    );
    let rows =
        sqlx::query(AssertSqlSafe(sql)).bind(after).bind(peer.unwrap_or_default()).fetch_all(store.pool()).await?;
    rows.iter().map(read).collect()
}

/// Lets a piece in: `kind` and `version` are what reading it as an object gave.
///
/// # Errors
/// When it doesn't wait, or the store can't be written.
pub async fn let_in(store: &Store, place: i64, (kind, version): (&str, &str), by: &By) -> Result<()> {
    let mut tx = store.write().await?;
    let kept = decide(&mut tx, place, "let in", by).await?;
    let raw = Raw { id: &kept.id, version, kind, json: &kept.json };
    let from = source(&kept.peer);
    // What it contradicts makes room, and stays on record under a source of its own.
    sqlx::query("UPDATE objects SET source = $4 WHERE id = $1 AND version = $2 AND source = $3")
        .bind(&kept.id)
        .bind(version)
        .bind(&from)
        .bind(format!("{from} before {place}"))
        .execute(&mut *tx)
        .await?;
    objects::put_in(&mut tx, store.dialect(), &from, &[raw], by.at).await?;
    let entry = Entry { object: raw, date_added: "", what: "let" };
    journal(&mut tx, store.dialect(), (&kept.peer, &kept.collection), &[entry], by.at).await?;
    tx.commit().await?;
    Ok(())
}

/// Throws a piece away; it stays on record.
///
/// # Errors
/// When it doesn't wait, or the store can't be written.
pub async fn drop_it(store: &Store, place: i64, by: &By) -> Result<()> {
    let mut tx = store.write().await?;
    decide(&mut tx, place, "dropped", by).await?;
    tx.commit().await?;
    Ok(())
}

async fn decide(tx: &mut Transaction<'static, Any>, place: i64, outcome: &str, by: &By) -> Result<Kept> {
    let sql = format!("{KEPT} WHERE place = $1 AND decided IS NULL");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(place).fetch_optional(&mut **tx).await?;
    let kept = row.as_ref().map(read).transpose()?.ok_or_else(|| {
        Error::unknown(format!("nothing waits at {place}"), "`stillwatch peer quarantine` shows what does")
    })?;
    sqlx::query("UPDATE quarantine SET decided = $2, author = $3, outcome = $4 WHERE place = $1")
        .bind(place)
        .bind(by.at)
        .bind(&by.author)
        .bind(outcome)
        .execute(&mut **tx)
        .await?;
    Ok(kept)
}

fn read(row: &sqlx::any::AnyRow) -> Result<Kept> {
    Ok(Kept {
        place: row.try_get(0)?,
        peer: row.try_get(1)?,
        collection: row.try_get(2)?,
        id: row.try_get(3)?,
        json: row.try_get(4)?,
        because: row.try_get(5)?,
        recorded: row.try_get(6)?,
    })
}
