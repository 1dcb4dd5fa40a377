//! Change: decisions made, renewed, reviewed and taken back, in one transaction with what points are told of it.
//! In: which decisions are needed, and what makes others of them. Out: what was made, once it is kept.
//! Invariant: all of it or nothing; changes are numbered on from the last; what happened is never overwritten.
//! Not here: what is changed (handed in).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use super::read::{clock_in, picked};
use super::{Change, Clock, Kept, Pick};
use crate::error::{Error, Result};
use crate::owed;
use crate::rows::{self, Kind};
use crate::store::{Dialect, Store};

/// Changes that are kept: as many as points are told before they must ask for everything.
pub const CHANGES_KEPT: i64 = 1 << 18;

/// What a change begins with.
#[derive(Debug)]
pub struct Before {
    /// How far everything is.
    pub clock: Clock,
    /// The decisions that were asked for, by number.
    pub decisions: Vec<Kept>,
    /// What the gate keeps besides, by name.
    pub aside: BTreeMap<String, String>,
}

/// What it ends with.
#[derive(Debug, Default)]
pub struct After {
    /// Decisions that are new or became different.
    pub decisions: Vec<Kept>,
    /// What points are told, numbered on from the last change.
    pub changes: Vec<Change>,
    /// What the gate keeps besides; `None` takes it away.
    pub aside: Vec<(String, Option<String>)>,
    /// What the ledger is owed of it: what it is about, and the entry.
    pub owed: Option<(String, String)>,
}

/// Changes decisions: `make` sees those that were picked and says what becomes of them.
///
/// # Errors
/// What `make` says, or when the store can't be written: then nothing was changed.
pub async fn change<T, E: From<Error>>(
    store: &Store,
    picks: &[Pick],
    at: Micros,
    make: impl FnOnce(Before) -> Result<(After, T), E>,
) -> Result<T, E> {
    let mut tx = store.write().await?;
    let clock = clock_in(&mut tx).await?;
    let decisions = picked(&mut tx, store.dialect(), picks, at).await?;
    let aside = all_aside(&mut tx).await?;
    let (after, made) = make(Before { clock, decisions, aside })?;
    write(&mut tx, store.dialect(), clock, &after).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(made)
}

async fn write(tx: &mut Transaction<'static, Any>, dialect: Dialect, clock: Clock, after: &After) -> Result<()> {
    let numbered = after.changes.iter().zip(clock.changed + 1..).all(|(change, number)| change.number == number);
    if !numbered {
        return Err(Error::failed("changes of decisions don't follow on the last", "report this as a bug"));
    }
    put(tx, dialect, &after.decisions).await?;
    let last = after.decisions.iter().map(|one| one.id).max().unwrap_or(0).max(clock.last);
    let changed = clock.changed + i64::try_from(after.changes.len()).unwrap_or(i64::MAX);
    if !after.changes.is_empty() {
        let columns = [("number", Kind::Int), ("decision", Kind::Int), ("done", Kind::Text), ("recorded", Kind::Int)];
        let told: Vec<Value> =
            after.changes.iter().map(|one| json!([one.number, one.decision, one.done, one.at])).collect();
        let sql = rows::insert(dialect, "decision_changes", &columns);
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&told)?).execute(&mut **tx).await?;
        sqlx::query("DELETE FROM decision_changes WHERE number <= $1")
            .bind(changed - CHANGES_KEPT)
            .execute(&mut **tx)
            .await?;
    }
    if (last, changed) != (clock.last, clock.changed) {
        sqlx::query(
            "INSERT INTO decision_clock (place, last, changed, seen) VALUES (1, $1, $2, 0) \
             ON CONFLICT (place) DO UPDATE SET last = excluded.last, changed = excluded.changed",
        )
        .bind(last)
        .bind(changed)
        .execute(&mut **tx)
        .await?;
    }
    if let Some((about, body)) = &after.owed {
        owed::owe(tx, about, body).await?;
    }
    set_aside(tx, &after.aside).await
}

async fn put(tx: &mut Transaction<'static, Any>, dialect: Dialect, decisions: &[Kept]) -> Result<()> {
    if decisions.is_empty() {
        return Ok(());
    }
    let columns = [
        ("id", Kind::Int),
        ("kind", Kind::Text),
        ("value", Kind::Text),
        ("made_by", Kind::Text),
        ("author", Kind::Text),
        ("campaign", Kind::Text),
        ("state", Kind::Text),
        ("expires", Kind::Int),
        ("body", Kind::Text),
    ];
    let row = |one: &Kept| {
        json!([one.id, one.kind, one.value, one.made_by, one.author, one.campaign, one.state, one.expires, one.body])
    };
    let all: Vec<Value> = decisions.iter().map(row).collect();
    let sql = rows::insert(dialect, "decisions", &columns)
        + " ON CONFLICT (id) DO UPDATE SET state = excluded.state, expires = excluded.expires, body = excluded.body";
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&all)?).execute(&mut **tx).await?;
    let columns = [
        ("decision", Kind::Int),
        ("place", Kind::Int),
        ("recorded", Kind::Int),
        ("author", Kind::Text),
        ("what", Kind::Text),
        ("because", Kind::Text),
    ];
    let happened = |one: &Kept| -> Vec<Value> {
        let events = one.history.iter().enumerate();
        events.map(|(place, event)| json!([one.id, place, event.at, event.by, event.what, event.because])).collect()
    };
    let all: Vec<Value> = decisions.iter().flat_map(happened).collect();
    // What stands there already stays: a history is only added to.
    let sql = rows::insert(dialect, "decision_history", &columns) + " ON CONFLICT DO NOTHING";
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&all)?).execute(&mut **tx).await?;
    Ok(())
}

async fn all_aside(tx: &mut Transaction<'static, Any>) -> Result<BTreeMap<String, String>> {
    let rows = sqlx::query("SELECT name, body FROM gate_kept").fetch_all(&mut **tx).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn set_aside(tx: &mut Transaction<'static, Any>, aside: &[(String, Option<String>)]) -> Result<()> {
    for (name, body) in aside {
        match body {
            Some(body) => {
                sqlx::query(
                    "INSERT INTO gate_kept (name, body) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
                )
                .bind(name)
                .bind(body)
                .execute(&mut **tx)
                .await?;
            }
            None => {
                sqlx::query("DELETE FROM gate_kept WHERE name = $1").bind(name).execute(&mut **tx).await?;
            }
        }
    }
    Ok(())
}

/// Keeps something besides decisions.
///
/// # Errors
/// When the store can't be written.
pub async fn keep(store: &Store, name: &str, body: &str) -> Result<()> {
    let mut tx = store.write().await?;
    set_aside(&mut tx, &[(name.to_owned(), Some(body.to_owned()))]).await?;
    Ok(tx.commit().await?)
}

/// Keeps the latest time that decisions were looked up at: after a restart none is looked up at an earlier one. It never goes back.
///
/// # Errors
/// When the store can't be written.
pub async fn seen(store: &Store, at: Micros) -> Result<()> {
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO decision_clock (place, last, changed, seen) VALUES (1, 0, 0, $1) \
         ON CONFLICT (place) DO UPDATE SET seen = excluded.seen WHERE decision_clock.seen < excluded.seen",
    )
    .bind(at)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}
