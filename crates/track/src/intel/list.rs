//! List: received indicators, latest first, a page at a time.
//! In: filters, where the last page ended. Out: each indicator once, as the peer tells it that told it last.
//! Invariant: keyset paging: what comes meanwhile neither repeats nor hides another.
//! Not here: what they are worth (`node::intel`).

use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use super::Told;
use super::read::{TOLD, told_of};
use crate::error::{Error, Result};
use crate::store::Store;

/// Which indicators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// That this peer tells.
    pub peer: Option<String>,
    /// About this: a name of `IndicatorKind`.
    pub kind: Option<String>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Indicators.
    pub all: Vec<Told>,
    /// Whether there are more behind the last.
    pub more: bool,
}

impl Page {
    /// Where the page behind an indicator begins.
    #[must_use]
    pub fn after(told: &Told) -> String {
        format!("{}:{}", told.last_received, told.id)
    }
}

/// A page of indicators.
///
/// # Errors
/// When `after` is none of a page's, or the store can't be read.
pub async fn list(store: &Store, filter: &Filter, limit: u32, after: Option<&str>) -> Result<Page> {
    let limit = usize::try_from(limit.clamp(1, 10_000)).unwrap_or(10_000);
    let mut conditions = Vec::new();
    let mut bound: Vec<String> = Vec::new();
    let mut at: Option<Micros> = None;
    if let Some(after) = after {
        let parts = after.split_once(':').and_then(|(at, id)| Some((at.parse::<Micros>().ok()?, id)));
        let (since, id) = parts.ok_or_else(|| {
            Error::refused(format!("`{after}` is no place in a list"), "give `--after` what the last page ended with")
        })?;
        at = Some(since);
        bound.push(id.to_owned());
        conditions.push("(i.last_received < $2 OR (i.last_received = $2 AND i.id < $1))".to_owned());
    }
    let first = bound.len() + usize::from(at.is_some());
    let mut texts: Vec<&String> = Vec::new();
    for (column, value) in [("peer", &filter.peer), ("kind", &filter.kind)] {
        if let Some(value) = value {
            texts.push(value);
            conditions.push(format!("i.{column} = ${}", first + texts.len()));
        }
    }
    // Of the peers that tell it, the last; of those that are asked for.
    let peer = filter.peer.as_ref().map_or(String::new(), |_| format!(" AND o.peer = ${}", first + 1));
    conditions.push(format!(
        "NOT EXISTS (SELECT 1 FROM indicators o WHERE o.id = i.id{peer} AND \
         (o.last_received > i.last_received OR (o.last_received = i.last_received AND o.peer > i.peer)))"
    ));
    let sql = format!(
        "SELECT {TOLD} FROM indicators i WHERE {} ORDER BY i.last_received DESC, i.id DESC LIMIT {}",
        conditions.join(" AND "),
        limit + 1
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for text in bound {
        query = query.bind(text);
    }
    if let Some(at) = at {
        query = query.bind(at);
    }
    for text in texts {
        query = query.bind(text.clone());
    }
    let rows = query.fetch_all(store.pool()).await?;
    let mut all = rows.iter().map(told_of).collect::<Result<Vec<_>>>()?;
    let more = all.len() > limit;
    all.truncate(limit);
    Ok(Page { all, more })
}

/// How many indicators there are.
///
/// # Errors
/// When the store can't be read.
pub async fn total(store: &Store) -> Result<u64> {
    let row = sqlx::query("SELECT COUNT(DISTINCT id) FROM indicators").fetch_one(store.pool()).await?;
    Ok(crate::campaign::count(row.try_get(0)?))
}
