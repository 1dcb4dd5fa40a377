//! Objects: STIX objects, kept byte for byte as they came or were made.
//! In: raw objects. Out: the same bytes, by type, id or source, a page at a time.
//! Invariant: an object that is there already is left as it is, and is no failure; all of a call is written, or nothing.
//! Not here: what is in them (`stix`).

use std::collections::HashSet;

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use crate::campaign::count;
use crate::error::{Error, Result};
use crate::rows::{self, Kind};
use crate::store::{Dialect, Store};
use crate::time::instant;

/// Bytes handed to the database in one statement.
const BATCH: usize = 4 << 20;

/// A raw object, about to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Raw<'a> {
    /// Its STIX id.
    pub id: &'a str,
    /// Its `modified`, else its `created`, as written; empty for objects without versions.
    pub version: &'a str,
    /// Its `type`.
    pub kind: &'a str,
    /// The object, exactly as written.
    pub json: &'a str,
}

/// A kept object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its STIX id.
    pub id: String,
    /// Its version, as written.
    pub version: String,
    /// Its `type`.
    pub kind: String,
    /// The object, exactly as written.
    pub json: String,
    /// From whom or which file.
    pub source: String,
    /// When it was kept, RFC 3339 UTC.
    pub received: String,
}

/// Keeps objects from one source; returns how many were not there before.
///
/// # Errors
/// When the store can't be written; nothing is kept then.
pub async fn put(store: &Store, source: &str, objects: &[Raw<'_>], received: Micros) -> Result<u64> {
    let mut tx = store.write().await?;
    let new = put_in(&mut tx, store.dialect(), source, objects, received).await?;
    tx.commit().await?;
    Ok(new.len() as u64)
}

/// Keeps objects in a transaction; returns ids and versions of those that were not there before.
pub(crate) async fn put_in(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    source: &str,
    objects: &[Raw<'_>],
    received: Micros,
) -> Result<HashSet<(String, String)>> {
    // PostgreSQL reads an array of text far faster than rows of JSON; SQLite has no arrays.
    let given = match dialect {
        Dialect::Sqlite => {
            let columns = [("id", Kind::Text), ("version", Kind::Text), ("type", Kind::Text), ("json", Kind::Text)];
            rows::given(Dialect::Sqlite, &columns)
        }
        Dialect::Postgres => {
            "unnest($1::text[], $4::text[], $5::text[], $6::text[]) AS r (id, version, type, json)".to_owned()
        }
    };
    let sql = format!(
        "INSERT INTO objects (id, version, source, type, received, json) \
         SELECT id, version, $2, type, $3, json FROM {given} WHERE true ON CONFLICT DO NOTHING RETURNING id, version"
    );
    if let Some(odd) = objects.iter().find(|o| [o.id, o.version, o.kind, o.json].iter().any(|t| t.contains('\0'))) {
        return Err(Error::refused(
            format!("`{}` holds the character U+0000", odd.id.replace('\0', "")),
            "no database keeps it in text; JSON writes it as an escape",
        ));
    }
    let mut new = HashSet::new();
    let mut rest = objects;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest
            .iter()
            .take_while(|object| {
                bytes += object.json.len() + 200;
                bytes <= BATCH
            })
            .count()
            .max(1);
        let (batch, later) = rest.split_at(fits);
        rest = later;
        let query = sqlx::query(AssertSqlSafe(sql.clone()));
        let query = match dialect {
            Dialect::Sqlite => {
                let all: Vec<_> = batch.iter().map(|o| (o.id, o.version, o.kind, o.json)).collect();
                query.bind(rows::text(&all)?).bind(source).bind(received)
            }
            Dialect::Postgres => query
                .bind(rows::array(batch.iter().map(|o| o.id)))
                .bind(source)
                .bind(received)
                .bind(rows::array(batch.iter().map(|o| o.version)))
                .bind(rows::array(batch.iter().map(|o| o.kind)))
                .bind(rows::array(batch.iter().map(|o| o.json))),
        };
        for row in query.fetch_all(&mut **tx).await? {
            new.insert((row.try_get(0)?, row.try_get(1)?));
        }
    }
    Ok(new)
}

/// Which objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Of this type, as their ids say it (STIX 2.1, section 2.9).
    pub kind: Option<String>,
    /// With this id: all its versions.
    pub id: Option<String>,
    /// From this source.
    pub source: Option<String>,
}

/// Where a page of objects ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// The last object's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its source.
    pub source: String,
}

impl From<&Object> for After {
    fn from(last: &Object) -> Self {
        Self { id: last.id.clone(), version: last.version.clone(), source: last.source.clone() }
    }
}

/// A page of objects, by id and version; the next begins after its last.
///
/// # Errors
/// When the store can't be read.
pub async fn page(store: &Store, which: &Which, limit: u32, after: Option<&After>) -> Result<Vec<Object>> {
    let mut conditions = vec!["true".to_owned()];
    let mut bound: Vec<&str> = Vec::new();
    // Ids of a type stand together: `.` follows `-`.
    let range = which.kind.as_ref().map(|kind| (format!("{kind}--"), format!("{kind}-.")));
    if let Some((from, to)) = &range {
        bound.extend([from.as_str(), to.as_str()]);
        conditions.push("id >= $1 AND id < $2".to_owned());
    }
    for (column, value) in [("id", &which.id), ("source", &which.source)] {
        if let Some(value) = value {
            bound.push(value);
            conditions.push(format!("{column} = ${}", bound.len()));
        }
    }
    if let Some(after) = after {
        let at = bound.len();
        bound.extend([after.id.as_str(), &after.version, &after.source]);
        conditions.push(format!("(id, version, source) > (${}, ${}, ${})", at + 1, at + 2, at + 3));
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM objects WHERE {} ORDER BY id, version, source LIMIT {}",
        conditions.join(" AND "),
        limit.clamp(1, 100_000)
    );
    let mut tx = store.read().await?;
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in bound {
        query = query.bind(value.to_owned());
    }
    let rows = query.fetch_all(&mut *tx).await?;
    rows.iter().map(read).collect()
}

/// The columns of an object, as `read` takes them.
pub(crate) const COLUMNS: &str = "id, version, type, json, source, received";

pub(crate) fn read(row: &AnyRow) -> Result<Object> {
    Ok(Object {
        id: row.try_get(0)?,
        version: row.try_get(1)?,
        kind: row.try_get(2)?,
        json: row.try_get(3)?,
        source: row.try_get(4)?,
        received: instant(row.try_get(5)?),
    })
}

/// How many objects there are.
///
/// # Errors
/// When the store can't be read.
pub async fn total(store: &Store) -> Result<u64> {
    let mut tx = store.read().await?;
    Ok(count(sqlx::query("SELECT COUNT(*) FROM objects").fetch_one(&mut *tx).await?.try_get(0)?))
}
