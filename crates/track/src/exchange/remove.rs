//! Remove: an object, or versions of it, out of a collection (TAXII 2.1, section 5.7).
//! In: an id, which versions, whose. Out: what was removed.
//! Invariant: one transaction; a sender removes what it sent and nothing else; what is left stands as if the rest had never been.
//! Not here: whether a client may ask (the node).

use std::collections::{BTreeMap, HashMap};

use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use super::collections::Collection;
use super::page::Versions;
use super::place::{Stands, Version, stand};
use super::write::restand;
use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::Store;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// So many versions are gone.
    Gone(usize),
    /// There is nothing like that.
    Nothing,
    /// Some of it was sent by another; nothing was removed.
    Others,
}

struct Held {
    date_added: Micros,
    instant: String,
    source: String,
    fits: bool,
    stands: i64,
}

/// Removes versions of an object that `only` sent, or that anybody sent where it is `None`.
///
/// # Errors
/// When the store can't be written; nothing is removed then.
pub async fn remove(
    store: &Store,
    collection: &Collection,
    id: &str,
    versions: &Versions,
    only: Option<&str>,
) -> Result<Removed> {
    let mut tx = store.write().await?;
    let found = sqlx::query(
        "SELECT date_added, instant, source, tlp, pap, stands FROM collection_objects \
         WHERE collection = $1 AND id = $2 ORDER BY date_added",
    )
    .bind(collection.number)
    .bind(id)
    .fetch_all(&mut *tx)
    .await?;
    let mut held = Vec::new();
    for row in &found {
        let fits = row.try_get::<i64, _>(3)? <= collection.most_tlp.into()
            && row.try_get::<i64, _>(4)? <= collection.most_pap.into();
        let (date_added, stands) = (row.try_get(0)?, row.try_get(5)?);
        held.push(Held { date_added, instant: row.try_get(1)?, source: row.try_get(2)?, fits, stands });
    }
    let is_asked = |row: &Held| {
        row.stands > 0
            && (versions.all
                || (versions.first && matches!(row.stands, 2 | 4))
                || (versions.last && matches!(row.stands, 3 | 4))
                || versions.at.contains(&row.instant))
    };
    let asked: Vec<&Held> = held.iter().filter(|row| is_asked(row)).collect();
    if asked.is_empty() {
        return Ok(Removed::Nothing);
    }
    if only.is_some_and(|only| asked.iter().any(|row| row.source != only)) {
        return Ok(Removed::Others);
    }
    let count = asked.len();
    // Who may remove anything means the version, whoever else sent it too.
    let goes = |row: &Held| match only {
        Some(only) => row.source == only && is_asked(row),
        None => asked.iter().any(|asked| asked.instant == row.instant),
    };
    let gone: Vec<[Micros; 1]> = held.iter().filter(|row| goes(row)).map(|row| [row.date_added]).collect();
    let given = rows::given(store.dialect(), &[("at", Kind::Int)]);
    let sql = format!("DELETE FROM collection_objects WHERE date_added IN (SELECT r.at FROM {given})");
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&gone)?).execute(&mut *tx).await?;

    // Of each instant the first that fits is shown.
    let mut shown: BTreeMap<&str, Version> = BTreeMap::new();
    let mut now: HashMap<Micros, Stands> = HashMap::new();
    for row in held.iter().filter(|row| !goes(row)) {
        if row.fits && !shown.contains_key(row.instant.as_str()) {
            let version = Version { date_added: row.date_added, instant: row.instant.clone(), stood: Some(row.stands) };
            shown.insert(&row.instant, version);
        } else if row.stands != Stands::Hidden as i64 {
            now.insert(row.date_added, Stands::Hidden);
        }
    }
    now.extend(stand(&shown.into_values().collect::<Vec<_>>()));
    restand(&mut tx, store.dialect(), &now).await?;
    tx.commit().await?;
    Ok(Removed::Gone(count))
}
