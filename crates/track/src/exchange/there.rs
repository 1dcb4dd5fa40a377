//! There: what a collection already holds of objects that came.
//! In: ids, and ids with instants. Out: which are known; rows that may be the same; the first and newest version of each.
//! Invariant: what is new costs one look an id; of an object with many versions only the edges are read.
//! Not here: what follows from it (`add.rs`).

use std::collections::{HashMap, HashSet};

use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use super::add::{Came, Outcome};
use super::collections::Collection;
use super::place::Version;
use super::version::stamp;
use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::Dialect;

/// A row that is there, with the id and instant of one that came.
pub(super) struct Twin {
    pub(super) source: String,
    pub(super) version: String,
    pub(super) date_added: Micros,
    pub(super) shown: bool,
    pub(super) json: String,
}

/// Which of the ids are in the collection.
pub(super) async fn known(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    collection: &Collection,
    ids: &str,
) -> Result<HashSet<String>> {
    let given = rows::given(dialect, &[("id", Kind::Text)]);
    let sql = format!(
        "SELECT r.id FROM {given} WHERE EXISTS \
         (SELECT 1 FROM collection_objects c WHERE c.collection = $2 AND c.id = r.id)"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).bind(ids).bind(collection.number).fetch_all(&mut **tx).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Rows with the id and instant of one that came; for those without versions all with the id.
pub(super) async fn twins(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    collection: &Collection,
    objects: &[Came<'_>],
    instants: &[Result<Option<String>, Outcome>],
    known: &HashSet<String>,
) -> Result<HashMap<(String, String), Vec<Twin>>> {
    let mut wanted: HashSet<(&str, &str)> = HashSet::new();
    for (came, instant) in objects.iter().zip(instants) {
        if let (true, Ok(instant)) = (known.contains(came.id), instant) {
            wanted.insert((came.id, instant.as_deref().unwrap_or_default()));
        }
    }
    let mut twins: HashMap<(String, String), Vec<Twin>> = HashMap::new();
    if wanted.is_empty() {
        return Ok(twins);
    }
    let wanted: Vec<_> =
        wanted.into_iter().map(|(id, instant)| (id, instant, if instant.is_empty() { "~" } else { instant })).collect();
    let given = rows::given(dialect, &[("id", Kind::Text), ("low", Kind::Text), ("high", Kind::Text)]);
    let sql = format!(
        "SELECT r.id, r.low, c.source, c.version, c.date_added, c.stands, c.json \
         FROM {given} CROSS JOIN collection_objects c \
         WHERE c.collection = $2 AND c.id = r.id AND c.instant >= r.low AND c.instant <= r.high"
    );
    let found =
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&wanted)?).bind(collection.number).fetch_all(&mut **tx).await?;
    for row in &found {
        let (version, date_added): (String, Micros) = (row.try_get(3)?, row.try_get(4)?);
        let version = if version.is_empty() { stamp(date_added) } else { version };
        twins.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push(Twin {
            source: row.try_get(2)?,
            version,
            date_added,
            shown: row.try_get::<i64, _>(5)? > 0,
            json: row.try_get(6)?,
        });
    }
    for of in twins.values_mut() {
        of.sort_by_key(|twin| twin.date_added);
    }
    Ok(twins)
}

/// The first and the newest version that is shown of each of the ids.
pub(super) async fn edges(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    collection: &Collection,
    ids: &HashSet<String>,
) -> Result<HashMap<String, Vec<Version>>> {
    let mut edges: HashMap<String, Vec<Version>> = HashMap::new();
    if ids.is_empty() {
        return Ok(edges);
    }
    let given = rows::given(dialect, &[("id", Kind::Text)]);
    let edge = |order: &str| {
        format!(
            "(SELECT date_added FROM collection_objects c WHERE c.collection = $2 AND c.id = r.id AND c.stands > 0 \
             ORDER BY c.instant {order} LIMIT 1)"
        )
    };
    let sql = format!(
        "SELECT o.id, o.date_added, o.instant, o.stands FROM (SELECT {} AS at FROM {given} UNION SELECT {} FROM {given}) e \
         CROSS JOIN collection_objects o WHERE o.date_added = e.at",
        edge("ASC"),
        edge("DESC")
    );
    let ids: Vec<[&String; 1]> = ids.iter().map(|id| [id]).collect();
    let found =
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&ids)?).bind(collection.number).fetch_all(&mut **tx).await?;
    for row in &found {
        edges.entry(row.try_get(0)?).or_default().push(Version {
            date_added: row.try_get(1)?,
            instant: row.try_get(2)?,
            stood: Some(row.try_get(3)?),
        });
    }
    Ok(edges)
}
