//! Read: indicators, what is said of them, and what was done, by id or by value.
//! In: ids or the beginning of one, values. Out: rows.
//! Invariant: in a stable order; many ids in one statement.
//! Not here: pages over all (`list.rs`), hits (`hits.rs`).

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use super::{Remark, Told};
use crate::error::{Error, Result};
use crate::rows::{self, Kind};
use crate::store::Store;

const PREFIX: &str = "indicator--";

/// The indicator that `given` means: its id or an unambiguous beginning of one; the `indicator--` in front may be left out.
///
/// # Errors
/// When there is none, or more than one.
pub async fn find(store: &Store, given: &str) -> Result<String> {
    let from = if given.starts_with(PREFIX) { given.to_owned() } else { format!("{PREFIX}{given}") };
    if from.len() < PREFIX.len() + 4 {
        return Err(Error::refused(
            format!("`{given}` is too short to mean one indicator"),
            "give at least four characters of its id",
        ));
    }
    // Ids are ASCII; `~` sorts behind every character of one.
    let rows = sqlx::query("SELECT DISTINCT id FROM indicators WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 20")
        .bind(&from)
        .bind(format!("{from}~"))
        .fetch_all(store.pool())
        .await?;
    let ids = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<String>>>()?;
    match ids.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Error::unknown(
            format!("no received indicator `{given}`"),
            "`stillwatch intel list` has the ids; an unambiguous beginning is enough",
        )),
        [first, ..] if *first == from => Ok(first.clone()),
        many => Err(Error::refused(
            format!("`{given}` could mean {}", many.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")),
            "give more of the id",
        )),
    }
}

pub(super) const TOLD: &str = "i.id, i.peer, i.version, i.instant, i.created, i.producer, i.name, i.pattern, i.pattern_type, \
     i.kind, i.confidence, i.tlp, i.pap, i.unread, i.valid_from, i.valid_until, i.revoked, i.gone, i.first_received, \
     i.last_received";

pub(super) fn told_of(row: &AnyRow) -> Result<Told> {
    let confidence: Option<i64> = row.try_get(10)?;
    Ok(Told {
        id: row.try_get(0)?,
        peer: row.try_get(1)?,
        version: row.try_get(2)?,
        instant: row.try_get(3)?,
        created: row.try_get(4)?,
        producer: row.try_get(5)?,
        name: row.try_get(6)?,
        pattern: row.try_get(7)?,
        pattern_type: row.try_get(8)?,
        kind: row.try_get(9)?,
        confidence: confidence.and_then(|c| u8::try_from(c).ok()),
        tlp: row.try_get(11)?,
        pap: row.try_get(12)?,
        unread: row.try_get::<i64, _>(13)? != 0,
        valid_from: row.try_get(14)?,
        valid_until: row.try_get(15)?,
        revoked: row.try_get::<i64, _>(16)? != 0,
        gone: row.try_get(17)?,
        first_received: row.try_get(18)?,
        last_received: row.try_get(19)?,
    })
}

/// Indicators as each peer tells them, by id.
///
/// # Errors
/// When the store can't be read.
pub async fn told(store: &Store, ids: &[String]) -> Result<BTreeMap<String, Vec<Told>>> {
    let given = rows::given(store.dialect(), &[("id", Kind::Text)]);
    let sql = format!("SELECT {TOLD} FROM {given} JOIN indicators i ON i.id = r.id ORDER BY i.id, i.peer");
    let mut all: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for row in sqlx::query(AssertSqlSafe(sql)).bind(one_each(ids)?).fetch_all(store.pool()).await? {
        let told = told_of(&row)?;
        all.entry(told.id.clone()).or_default().push(told);
    }
    Ok(all)
}

/// What others say of indicators, oldest first, by the indicator's id.
///
/// # Errors
/// When the store can't be read.
pub async fn remarks(store: &Store, ids: &[String]) -> Result<BTreeMap<String, Vec<Remark>>> {
    let given = rows::given(store.dialect(), &[("id", Kind::Text)]);
    let sql = format!(
        "SELECT m.id, m.peer, m.about, m.what, m.version, m.instant, m.producer, m.word, m.count, m.first_seen, \
         m.last_seen, m.tlp, m.pap, m.revoked, m.gone, m.received FROM {given} JOIN remarks m ON m.about = r.id \
         ORDER BY m.about, m.instant, m.id, m.peer"
    );
    let mut all: BTreeMap<String, Vec<Remark>> = BTreeMap::new();
    for row in sqlx::query(AssertSqlSafe(sql)).bind(one_each(ids)?).fetch_all(store.pool()).await? {
        let remark = Remark {
            id: row.try_get(0)?,
            peer: row.try_get(1)?,
            about: row.try_get(2)?,
            what: row.try_get(3)?,
            version: row.try_get(4)?,
            instant: row.try_get(5)?,
            producer: row.try_get(6)?,
            word: row.try_get(7)?,
            count: row.try_get(8)?,
            first_seen: row.try_get(9)?,
            last_seen: row.try_get(10)?,
            tlp: row.try_get(11)?,
            pap: row.try_get(12)?,
            revoked: row.try_get::<i64, _>(13)? != 0,
            gone: row.try_get(14)?,
            received: row.try_get(15)?,
        };
        all.entry(remark.about.clone()).or_default().push(remark);
    }
    Ok(all)
}

/// Indicators that one of these values alone meets: (`network`, `ja4` or `account`, value).
///
/// # Errors
/// When the store can't be read.
pub async fn of_values(store: &Store, values: &[(String, String)]) -> Result<Vec<String>> {
    let given = rows::given(store.dialect(), &[("what", Kind::Text), ("value", Kind::Text)]);
    let sql = format!(
        "SELECT DISTINCT v.indicator FROM {given} JOIN indicator_values v ON v.what = r.what AND v.value = r.value \
         ORDER BY v.indicator"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).bind(rows::text(values)?).fetch_all(store.pool()).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Texts of indicators as peers sent them: (id, peer, version), in the order of ids, each object once.
///
/// # Errors
/// When the store can't be read.
pub async fn texts(store: &Store, which: &[(String, String, String)]) -> Result<Vec<String>> {
    let columns = [("id", Kind::Text), ("peer", Kind::Text), ("version", Kind::Text)];
    let given = rows::given(store.dialect(), &columns);
    let sql = format!(
        "SELECT o.json FROM {given} JOIN objects o ON o.id = r.id AND o.version = r.version \
         AND o.source = 'peer:' || r.peer ORDER BY o.id, o.source"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).bind(rows::text(which)?).fetch_all(store.pool()).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Something that was done about an indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When, microseconds since the epoch.
    pub at: Micros,
    /// Who.
    pub by: String,
    /// What.
    pub what: String,
    /// Why, or with what.
    pub because: String,
}

/// What was done about an indicator, oldest first.
///
/// # Errors
/// When the store can't be read.
pub async fn history(store: &Store, id: &str) -> Result<Vec<Step>> {
    let rows =
        sqlx::query("SELECT recorded, author, what, because FROM intel_history WHERE indicator = $1 ORDER BY place")
            .bind(id)
            .fetch_all(store.pool())
            .await?;
    rows.iter()
        .map(|row| {
            Ok(Step { at: row.try_get(0)?, by: row.try_get(1)?, what: row.try_get(2)?, because: row.try_get(3)? })
        })
        .collect()
}

/// Ids as rows of one column.
pub(super) fn one_each(ids: &[String]) -> Result<String> {
    let each: Vec<[&str; 1]> = ids.iter().map(|id| [id.as_str()]).collect();
    rows::text(&each)
}
