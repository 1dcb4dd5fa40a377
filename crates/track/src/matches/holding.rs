//! Holding: what a holder of a share keeps before it answers, and what it counts.
//! In: a member's request, as a function of the state kept. Out: the state after it, once it is on the disk.
//! Invariant: requests are charged one after the other, whoever asks at the same time: the state is read and written in one
//! transaction, before anything is answered; a closed epoch's isn't charged.
//! Not here: what a state says (`matching::epoch`).

use sqlx::Row;
use stillwatch_model::Micros;

use super::epochs::{State, natural, one, whole};
use crate::error::{Error, Result};
use crate::store::Store;

/// Charges a request: `charge` is given the state and says the one after it, how many elements were charged, and whatever the
/// caller needs. Where it refuses, nothing is kept.
///
/// # Errors
/// When the epoch isn't active, or the store can't be written. What `charge` refuses is the inner result.
pub async fn charge<T, E>(
    store: &Store,
    id: &str,
    member: &str,
    at: Micros,
    charge: impl FnOnce(&str) -> std::result::Result<(String, u64, T), E> + Send,
) -> Result<std::result::Result<T, E>>
where
    T: Send,
    E: Send,
{
    let mut tx = store.write().await?;
    if one(&mut tx, id).await?.is_none_or(|epoch| epoch.state != State::Active || epoch.ends <= at) {
        return Err(Error::refused(
            "this epoch isn't active: its time is over, or its share was erased",
            "begin another",
        ));
    }
    let row = sqlx::query("SELECT state FROM epoch_holders WHERE epoch = $1").bind(id).fetch_optional(&mut *tx).await?;
    let state: String = match row {
        Some(row) => row.try_get(0)?,
        None => return Err(Error::refused("no share of this epoch is held here", "ask a holder of it")),
    };
    let (after, count, made) = match charge(&state) {
        Ok(charged) => charged,
        Err(refused) => return Ok(Err(refused)),
    };
    if after != state {
        sqlx::query("UPDATE epoch_holders SET state = $2 WHERE epoch = $1")
            .bind(id)
            .bind(&after)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO epoch_hours (epoch, member, hour, asked) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (epoch, member, hour) DO UPDATE SET asked = epoch_hours.asked + excluded.asked",
        )
        .bind(id)
        .bind(member)
        .bind(at.div_euclid(HOUR))
        .bind(whole(count))
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(Ok(made))
}

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// A holder's state, as it is kept.
///
/// # Errors
/// When the store can't be read.
pub async fn state(store: &Store, id: &str) -> Result<Option<String>> {
    let row =
        sqlx::query("SELECT state FROM epoch_holders WHERE epoch = $1").bind(id).fetch_optional(store.pool()).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// How many elements a member asked this holder for, hour by hour, idle ones between too.
///
/// # Errors
/// When the store can't be read.
pub async fn hours(store: &Store, id: &str, member: &str) -> Result<Vec<u64>> {
    let rows = sqlx::query("SELECT hour, asked FROM epoch_hours WHERE epoch = $1 AND member = $2 ORDER BY hour")
        .bind(id)
        .bind(member)
        .fetch_all(store.pool())
        .await?;
    let mut hours: Vec<u64> = Vec::new();
    let mut last: Option<i64> = None;
    for row in &rows {
        let hour: i64 = row.try_get(0)?;
        // An epoch has few hours; a clock that was moved by years isn't filled up.
        let idle = last.map_or(0, |last| natural(hour - last - 1)).min(10_000);
        hours.extend((0..idle).map(|_| 0));
        hours.push(natural(row.try_get(1)?));
        last = Some(hour);
    }
    Ok(hours)
}

/// What people should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Whose asking.
    pub member: String,
    /// Which kind.
    pub what: String,
    /// In words.
    pub told: String,
    /// When.
    pub at: Micros,
}

/// Keeps an alarm: each kind once for a member; returns whether it is new.
///
/// # Errors
/// When the store can't be written.
pub async fn alarm(store: &Store, id: &str, alarm: &Alarm) -> Result<bool> {
    let mut tx = store.write().await?;
    let new = sqlx::query(
        "INSERT INTO epoch_alarms (epoch, member, what, told, recorded) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(&alarm.member)
    .bind(&alarm.what)
    .bind(&alarm.told)
    .bind(alarm.at)
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(new == 1)
}

/// All alarms of an epoch.
///
/// # Errors
/// When the store can't be read.
pub async fn alarms(store: &Store, id: &str) -> Result<Vec<Alarm>> {
    let rows = sqlx::query(
        "SELECT member, what, told, recorded FROM epoch_alarms WHERE epoch = $1 ORDER BY recorded, member, what",
    )
    .bind(id)
    .fetch_all(store.pool())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Alarm { member: row.try_get(0)?, what: row.try_get(1)?, told: row.try_get(2)?, at: row.try_get(3)? })
        })
        .collect()
}
