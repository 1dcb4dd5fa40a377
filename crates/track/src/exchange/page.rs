//! Page: objects of a collection in the order in which they were added, from a place on (TAXII 2.1, sections 3.3 to 3.5).
//! In: a collection, filters, the last `date_added` that was seen, how many. Out: those objects, and whether there are more.
//! Invariant: only what is shown; each page costs what is on it, wherever it is; `more` is exact.
//! Not here: whether a client may ask (the node).

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use super::collections::Collection;
use super::version::stamp;
use crate::error::Result;
use crate::rows;
use crate::store::{Dialect, Store};

/// Which versions (TAXII 2.1, section 3.4.1, `version`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// The first of each object.
    pub first: bool,
    /// The newest of each object.
    pub last: bool,
    /// All.
    pub all: bool,
    /// Those of these instants, as [`super::instant_key`] makes them.
    pub at: Vec<String>,
}

impl Default for Versions {
    /// The newest: so says TAXII 2.1, section 3.4.1.
    fn default() -> Self {
        Self { first: false, last: true, all: false, at: Vec::new() }
    }
}

impl Versions {
    /// All versions.
    #[must_use]
    pub fn all() -> Self {
        Self { first: false, last: false, all: true, at: Vec::new() }
    }

    /// Values of `stands` that are asked for.
    fn stands(&self) -> &'static [i64] {
        match (self.all, self.first, self.last) {
            (true, ..) => &[1, 2, 3, 4],
            (_, true, true) => &[2, 3, 4],
            (_, true, false) => &[2, 4],
            (_, false, true) => &[3, 4],
            (_, false, false) => &[],
        }
    }
}

/// What objects are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pick {
    /// With one of these ids; any where there are none.
    pub ids: Vec<String>,
    /// Of one of these types; any where there are none.
    pub types: Vec<String>,
    /// Which versions of them.
    pub versions: Versions,
}

/// What a page is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Which objects.
    pub pick: &'a Pick,
    /// Only what was added after this.
    pub after: Option<Micros>,
    /// At most so many.
    pub limit: usize,
    /// At most so many bytes of objects, but always one object.
    pub bytes: usize,
    /// Whether the objects themselves are wanted.
    pub texts: bool,
}

/// One object of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was added.
    pub date_added: Micros,
    /// Its id.
    pub id: String,
    /// Its version as written, or when it was added.
    pub version: String,
    /// The object as written; empty where it wasn't asked for.
    pub json: String,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// In the order in which they were added.
    pub entries: Vec<Entry>,
    /// Whether there are more behind the last.
    pub more: bool,
}

/// Reads a page.
///
/// # Errors
/// When the store can't be read.
pub async fn page(store: &Store, collection: &Collection, asked: &Asked<'_>) -> Result<Page> {
    let (sql, bound) = statement(store.dialect(), asked)?;
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(collection.number).bind(asked.after.unwrap_or(i64::MIN));
    for value in bound {
        query = query.bind(value);
    }
    let mut page = Page::default();
    let mut bytes = 0;
    let mut rows = query.fetch(store.pool());
    while let Some(row) = rows.try_next().await? {
        let json: String = if asked.texts { row.try_get(3)? } else { String::new() };
        bytes += json.len();
        if page.entries.len() >= asked.limit || (bytes > asked.bytes && !page.entries.is_empty()) {
            page.more = true;
            break;
        }
        let date_added = row.try_get(0)?;
        let version: String = row.try_get(2)?;
        let version = if version.is_empty() { stamp(date_added) } else { version };
        page.entries.push(Entry { date_added, id: row.try_get(1)?, version, json });
    }
    Ok(page)
}

/// The statement, whose `$1` is the collection and `$2` where it begins; and what is bound behind these.
///
/// Each source of rows is a range of one index, in the order of `date_added`, and gives no more than the page needs.
fn statement(dialect: Dialect, asked: &Asked<'_>) -> Result<(String, Vec<String>)> {
    let pick = asked.pick;
    let mut bound: Vec<String> = Vec::new();
    let mut bind = |value: String| {
        bound.push(value);
        bound.len() + 2
    };
    let list = |at: usize| match dialect {
        Dialect::Sqlite => format!("(SELECT value FROM json_each(${at}))"),
        Dialect::Postgres => format!("(SELECT json_array_elements_text(${at}::json))"),
    };
    // One more than the page has tells whether there are more.
    let limit = asked.limit.min(1 << 40) + 1;
    let base = "SELECT date_added FROM collection_objects WHERE collection = $1 AND date_added > $2";
    let ids = if pick.ids.is_empty() { None } else { Some(list(bind(rows::text(&pick.ids)?))) };
    let instants = if pick.versions.at.is_empty() { None } else { Some(list(bind(rows::text(&pick.versions.at)?))) };
    let types: Vec<usize> = pick.types.iter().map(|kind| bind(kind.clone())).collect();
    let of_types = if types.is_empty() {
        String::new()
    } else {
        let all: Vec<String> = types.iter().map(|at| format!("${at}")).collect();
        format!(" AND type || '' IN ({})", all.join(", "))
    };
    // Of a sum no index is read, neither in its order nor by its range: the index that finds few rows is.
    let found = "SELECT date_added FROM collection_objects WHERE collection = $1 AND date_added + 0 > $2";
    let few = format!("ORDER BY date_added + 0 LIMIT {limit}");
    let stands = pick.versions.stands();
    let mut sources = Vec::new();
    if let Some(instants) = &instants {
        let of_ids = ids.as_ref().map_or_else(String::new, |ids| format!(" AND id IN {ids}"));
        sources.push(format!("{found} AND instant IN {instants}{of_ids}{of_types} AND stands + 0 > 0 {few}"));
    }
    match &ids {
        _ if stands.is_empty() => {}
        Some(ids) => {
            let all: Vec<String> = stands.iter().map(i64::to_string).collect();
            sources.push(format!("{found} AND id IN {ids}{of_types} AND stands + 0 IN ({}) {few}", all.join(", ")));
        }
        None => {
            for stands in stands {
                let range = format!("{base} AND stands = {stands}");
                if types.is_empty() {
                    sources.push(format!("{range} ORDER BY date_added LIMIT {limit}"));
                }
                for at in &types {
                    sources.push(format!("{range} AND type = ${at} ORDER BY date_added LIMIT {limit}"));
                }
            }
        }
    }
    let sources: Vec<String> =
        sources.iter().enumerate().map(|(at, source)| format!("SELECT date_added FROM ({source}) s{at}")).collect();
    let json = if asked.texts { ", json" } else { "" };
    Ok((
        format!(
            "SELECT date_added, id, version{json} FROM collection_objects WHERE date_added IN \
             (SELECT date_added FROM ({}) u ORDER BY date_added LIMIT {limit}) ORDER BY date_added",
            sources.join(" UNION ")
        ),
        bound,
    ))
}
