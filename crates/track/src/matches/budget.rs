//! Budget: how many evaluations a member asked for, hour by hour.
//! In: a member, a namespace, how many more, how many a week may have. Out: whether they are charged.
//! Invariant: what is charged is written before it is made; two that ask at once can't both have the last; a clock that was moved
//! back makes no budget new: the latest hour that was ever written counts.
//! Not here: alarms (`matching::walk`).

use serde::Serialize;
use sqlx::Row;
use stillwatch_model::Micros;

use crate::campaign::count;
use crate::error::Result;
use crate::store::Store;

const HOUR: Micros = 3_600_000_000;
/// Hours of a week.
const WEEK: i64 = 168;

/// An hour with something in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hour {
    /// Hours since 1970.
    pub hour: i64,
    /// Evaluations asked for.
    pub asked: u64,
}

/// Charges a member with evaluations, if the last 168 hours have so many left of `limit`; else says how many are left.
///
/// # Errors
/// When the store can't be written.
pub async fn charge(
    store: &Store,
    member: &str,
    namespace: &str,
    (asked, limit): (u64, u64),
    at: Micros,
) -> Result<std::result::Result<(), u64>> {
    let mut tx = store.write().await?;
    let latest: i64 =
        sqlx::query("SELECT COALESCE(MAX(hour), 0) FROM match_hours WHERE member = $1 AND namespace = $2")
            .bind(member)
            .bind(namespace)
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
    let hour = at.div_euclid(HOUR).max(latest);
    let rows = sqlx::query("SELECT asked FROM match_hours WHERE member = $1 AND namespace = $2 AND hour > $3")
        .bind(member)
        .bind(namespace)
        .bind(hour - WEEK)
        .fetch_all(&mut *tx)
        .await?;
    let mut used = 0u64;
    for row in &rows {
        used = used.saturating_add(count(row.try_get(0)?));
    }
    let left = limit.saturating_sub(used);
    if asked > left {
        return Ok(Err(left));
    }
    sqlx::query(
        "INSERT INTO match_hours (member, namespace, hour, asked) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (member, namespace, hour) DO UPDATE SET asked = match_hours.asked + excluded.asked",
    )
    .bind(member)
    .bind(namespace)
    .bind(hour)
    .bind(i64::try_from(asked).unwrap_or(i64::MAX))
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Hours in which a member asked, oldest first.
///
/// # Errors
/// When the store can't be read.
pub async fn hours(store: &Store, member: &str, namespace: &str) -> Result<Vec<Hour>> {
    let rows = sqlx::query("SELECT hour, asked FROM match_hours WHERE member = $1 AND namespace = $2 ORDER BY hour")
        .bind(member)
        .bind(namespace)
        .fetch_all(store.pool())
        .await?;
    rows.iter().map(|row| Ok(Hour { hour: row.try_get(0)?, asked: count(row.try_get(1)?) })).collect()
}
