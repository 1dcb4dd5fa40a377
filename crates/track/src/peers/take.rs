//! Take: what came on a page of a peer's.
//! In: objects that are taken, pieces that are not, where the walk stands. Out: how many of each are new.
//! Invariant: one transaction: objects, journal, quarantine and cursor agree; taking the same page again changes nothing but the cursor.
//! Not here: which are taken (`node::peer`).

use std::collections::HashMap;

use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use super::feed::{self, Cursor, Feed};
use super::quarantine::{self, Suspect};
use super::source;
use crate::error::Result;
use crate::objects::{self, Raw};
use crate::rows::{self, Kind};
use crate::store::{Dialect, Store};
use crate::time::HOUR;

/// An object that a peer sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard<'a> {
    /// The object.
    pub object: Raw<'a>,
    /// Its `date_added` there, as far as it is known.
    pub date_added: &'a str,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Objects that are new.
    pub new: u64,
    /// Objects that were there.
    pub known: u64,
    /// Pieces that wait for a person now, and didn't before.
    pub held: u64,
}

impl Taken {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { new: self.new + other.new, known: self.known + other.known, held: self.held + other.held }
    }
}

/// Versions of objects that a peer sent before: version and text, by id.
///
/// # Errors
/// When the store can't be read.
pub async fn earlier(store: &Store, peer: &str, ids: &[&str]) -> Result<HashMap<String, Vec<(String, String)>>> {
    let given = rows::given(store.dialect(), &[("id", Kind::Text)]);
    let sql = format!(
        "SELECT o.id, o.version, o.json FROM {given} CROSS JOIN objects o WHERE o.id = r.id AND o.source = $2 \
         ORDER BY o.id, o.received, o.version"
    );
    let ids: Vec<[&str; 1]> = ids.iter().map(|id| [*id]).collect();
    let found =
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&ids)?).bind(source(peer)).fetch_all(store.pool()).await?;
    let mut all: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for row in &found {
        all.entry(row.try_get(0)?).or_default().push((row.try_get(1)?, row.try_get(2)?));
    }
    Ok(all)
}

/// Takes what came of a feed, and keeps where its walk stands now.
///
/// # Errors
/// When the store can't be written; nothing is taken then.
pub async fn take(
    store: &Store,
    feed: &mut Feed,
    heard: &[Heard<'_>],
    suspects: &[Suspect<'_>],
    cursor: Cursor,
    at: Micros,
) -> Result<Taken> {
    let mut tx = store.write().await?;
    let raw: Vec<Raw<'_>> = heard.iter().map(|one| one.object).collect();
    let mut new = objects::put_in(&mut tx, store.dialect(), &source(&feed.peer), &raw, at).await?;
    let count = new.len() as u64;
    let rows: Vec<Entry<'_>> = heard
        .iter()
        .filter(|one| new.remove(&(one.object.id.to_owned(), one.object.version.to_owned())))
        .map(|one| Entry { object: one.object, date_added: one.date_added, what: "came" })
        .collect();
    journal(&mut tx, store.dialect(), (&feed.peer, &feed.collection), &rows, at).await?;
    let held = quarantine::put(&mut tx, store.dialect(), feed, suspects, at).await?;
    let hour = at.div_euclid(HOUR);
    let before = if feed.hour == hour { feed.taken } else { 0 };
    feed::set(&mut tx, feed, &cursor, (hour, before + count)).await?;
    tx.commit().await?;
    (feed.hour, feed.taken) = (hour, before + count);
    (feed.cursor, feed.failures) = (cursor, 0);
    Ok(Taken { new: count, known: heard.len() as u64 - count, held })
}

/// A line of the journal.
pub(super) struct Entry<'a> {
    pub(super) object: Raw<'a>,
    pub(super) date_added: &'a str,
    pub(super) what: &'a str,
}

/// Writes lines of the journal.
pub(super) async fn journal(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    (peer, collection): (&str, &str),
    entries: &[Entry<'_>],
    at: Micros,
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let first: i64 =
        sqlx::query("SELECT COALESCE(MAX(place), 0) + 1 FROM received").fetch_one(&mut **tx).await?.try_get(0)?;
    let columns = [
        ("place", Kind::Int),
        ("id", Kind::Text),
        ("version", Kind::Text),
        ("type", Kind::Text),
        ("date_added", Kind::Text),
        ("what", Kind::Text),
    ];
    let given = rows::given(dialect, &columns);
    let sql = format!(
        "INSERT INTO received (place, peer, collection, id, version, type, date_added, recorded, what) \
         SELECT place, $2, $3, id, version, type, date_added, $4, what FROM {given} WHERE true"
    );
    let rows: Vec<_> = (first..)
        .zip(entries)
        .map(|(place, entry)| {
            let object = entry.object;
            (place, object.id, object.version, object.kind, entry.date_added, entry.what)
        })
        .collect();
    sqlx::query(AssertSqlSafe(sql))
        .bind(rows::text(&rows)?)
        .bind(peer)
        .bind(collection)
        .bind(at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
