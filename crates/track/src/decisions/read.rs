//! Read: decisions read back: one, a page, those that hold, and what changed since.
//! In: numbers, filters, instants. Out: `Kept`, with its history where it is asked for.
//! Invariant: a page costs what it returns; what points are told comes in order, without gaps.
//! Not here: changing any (`change.rs`).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use super::{Change, Clock, HOLDS, Happened, Kept, Pick};
use crate::error::{Error, Result};
use crate::rows::{self, Kind};
use crate::store::{Dialect, Store};

const COLUMNS: &str = "d.id, d.kind, d.value, d.made_by, d.author, d.campaign, d.state, d.expires, d.body";

/// Which decisions are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// About keys of this kind.
    pub kind: Option<String>,
    /// About this key.
    pub value: Option<String>,
    /// Made by this rule.
    pub rule: Option<String>,
    /// About this campaign.
    pub campaign: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// That hold at this instant.
    pub holds: Option<Micros>,
}

/// How far everything is.
///
/// # Errors
/// When the store can't be read.
pub async fn clock(store: &Store) -> Result<Clock> {
    let row = sqlx::query("SELECT last, changed, seen FROM decision_clock").fetch_optional(store.pool()).await?;
    read_clock(row.as_ref())
}

pub(super) async fn clock_in(tx: &mut Transaction<'static, Any>) -> Result<Clock> {
    let row = sqlx::query("SELECT last, changed, seen FROM decision_clock").fetch_optional(&mut **tx).await?;
    read_clock(row.as_ref())
}

fn read_clock(row: Option<&AnyRow>) -> Result<Clock> {
    let Some(row) = row else { return Ok(Clock::default()) };
    Ok(Clock { last: row.try_get(0)?, changed: row.try_get(1)?, seen: row.try_get(2)? })
}

/// What is kept besides decisions, by name.
///
/// # Errors
/// When the store can't be read.
pub async fn aside(store: &Store) -> Result<BTreeMap<String, String>> {
    let rows = sqlx::query("SELECT name, body FROM gate_kept").fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// One decision.
///
/// # Errors
/// When there is none with that number, or the store can't be read.
pub async fn find(store: &Store, id: i64) -> Result<Kept> {
    let mut tx = store.read().await?;
    let mut found = picked(&mut tx, store.dialect(), &[Pick::Numbers(vec![id])], 0).await?;
    found.pop().ok_or_else(|| {
        Error::unknown(format!("there is no decision {id}"), "`stillwatch decisions list` has their numbers")
    })
}

/// Decisions with their histories, newest first; `before`: only those with lower numbers.
///
/// # Errors
/// When the store can't be read.
pub async fn list(store: &Store, filter: &Filter, limit: u32, before: Option<i64>) -> Result<Vec<Kept>> {
    let mut sql = format!("SELECT {COLUMNS} FROM decisions d WHERE d.id < $1");
    let mut texts: Vec<&str> = Vec::new();
    let rule = filter.rule.as_ref();
    for (column, wanted) in [
        ("kind", filter.kind.as_ref()),
        ("value", filter.value.as_ref()),
        ("author", rule),
        ("campaign", filter.campaign.as_ref()),
        ("state", filter.state.as_ref()),
    ] {
        if let Some(wanted) = wanted {
            texts.push(wanted);
            sql.push_str(&format!(" AND d.{column} = ${}", texts.len() + 1));
        }
    }
    if rule.is_some() {
        sql.push_str(" AND d.made_by = 'rule'");
    }
    if let Some(at) = filter.holds {
        sql.push_str(&format!(" AND d.{HOLDS} AND (d.expires IS NULL OR d.expires > {at})"));
    }
    sql.push_str(&format!(" ORDER BY d.id DESC LIMIT {limit}"));
    let mut tx = store.read().await?;
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(before.unwrap_or(i64::MAX));
    for text in texts {
        query = query.bind(text.to_owned());
    }
    let rows = query.fetch_all(&mut *tx).await?;
    let mut found: Vec<Kept> = rows.iter().map(kept).collect::<Result<_>>()?;
    histories(&mut tx, store.dialect(), &mut found).await?;
    Ok(found)
}

/// Decisions that hold at an instant or ended after it, without their histories, by number: those after `after`.
///
/// # Errors
/// When the store can't be read.
pub async fn standing(store: &Store, at: Micros, after: i64, limit: u32) -> Result<Vec<Kept>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM decisions d WHERE d.id > $1 AND d.{HOLDS} AND (d.expires IS NULL OR d.expires > $2) \
         ORDER BY d.id LIMIT {limit}"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(at).fetch_all(store.pool()).await?;
    rows.iter().map(kept).collect()
}

/// Changes after a number, each with its decision as it is now, without its history.
///
/// # Errors
/// When the store can't be read.
pub async fn changes(store: &Store, after: i64, limit: u32) -> Result<Vec<(Change, Kept)>> {
    let sql = format!(
        "SELECT {COLUMNS}, c.number, c.done, c.recorded FROM decision_changes c JOIN decisions d ON d.id = c.decision \
         WHERE c.number > $1 ORDER BY c.number LIMIT {limit}"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(after).fetch_all(store.pool()).await?;
    let one = |row: &AnyRow| {
        let kept = kept(row)?;
        let change =
            Change { number: row.try_get(9)?, decision: kept.id, done: row.try_get(10)?, at: row.try_get(11)? };
        Ok((change, kept))
    };
    rows.iter().map(one).collect()
}

/// Number of the oldest change that is kept.
///
/// # Errors
/// When the store can't be read.
pub async fn oldest_change(store: &Store) -> Result<Option<i64>> {
    let row = sqlx::query("SELECT MIN(number) FROM decision_changes").fetch_one(store.pool()).await?;
    Ok(row.try_get(0)?)
}

/// The decisions that are meant, with their histories, by number.
pub(super) async fn picked(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    picks: &[Pick],
    at: Micros,
) -> Result<Vec<Kept>> {
    let mut found: BTreeMap<i64, Kept> = BTreeMap::new();
    let holds = format!("d.{HOLDS} AND (d.expires IS NULL OR d.expires > {at})");
    for pick in picks {
        let (from, bound) = match pick {
            Pick::Numbers(ids) => {
                let ids: Vec<[i64; 1]> = ids.iter().map(|id| [*id]).collect();
                let given = rows::given(dialect, &[("id", Kind::Int)]);
                (format!("{given} JOIN decisions d ON d.id = r.id"), rows::text(&ids)?)
            }
            Pick::About(subjects) => {
                let given = rows::given(dialect, &[("kind", Kind::Text), ("value", Kind::Text)]);
                (format!("{given} JOIN decisions d ON d.kind = r.kind AND d.value = r.value"), rows::text(subjects)?)
            }
            Pick::Rule(rule) => {
                (format!("decisions d WHERE d.made_by = 'rule' AND d.author = $1 AND {holds}"), rule.clone())
            }
            Pick::Campaign(id) => (format!("decisions d WHERE d.campaign = $1 AND {holds}"), id.clone()),
            Pick::Listed => (format!("decisions d WHERE d.made_by = $1 AND {holds}"), "allow-list".to_owned()),
        };
        let sql = format!("SELECT {COLUMNS} FROM {from}");
        for row in &sqlx::query(AssertSqlSafe(sql)).bind(bound).fetch_all(&mut **tx).await? {
            let one = kept(row)?;
            found.insert(one.id, one);
        }
    }
    let mut found: Vec<Kept> = found.into_values().collect();
    histories(tx, dialect, &mut found).await?;
    Ok(found)
}

async fn histories(tx: &mut Transaction<'static, Any>, dialect: Dialect, decisions: &mut [Kept]) -> Result<()> {
    let ids: Vec<Value> = decisions.iter().map(|one| json!([one.id])).collect();
    let given = rows::given(dialect, &[("id", Kind::Int)]);
    let sql = format!(
        "SELECT h.decision, h.recorded, h.author, h.what, h.because FROM {given} \
         JOIN decision_history h ON h.decision = r.id ORDER BY h.decision, h.place"
    );
    let mut all: BTreeMap<i64, Vec<Happened>> = BTreeMap::new();
    for row in &sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&ids)?).fetch_all(&mut **tx).await? {
        let happened =
            Happened { at: row.try_get(1)?, by: row.try_get(2)?, what: row.try_get(3)?, because: row.try_get(4)? };
        all.entry(row.try_get(0)?).or_default().push(happened);
    }
    for one in decisions {
        one.history = all.remove(&one.id).unwrap_or_default();
    }
    Ok(())
}

fn kept(row: &AnyRow) -> Result<Kept> {
    Ok(Kept {
        id: row.try_get(0)?,
        kind: row.try_get(1)?,
        value: row.try_get(2)?,
        made_by: row.try_get(3)?,
        author: row.try_get(4)?,
        campaign: row.try_get(5)?,
        state: row.try_get(6)?,
        expires: row.try_get(7)?,
        body: row.try_get(8)?,
        history: Vec::new(),
    })
}
