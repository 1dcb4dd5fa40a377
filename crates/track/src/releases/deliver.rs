//! Deliver: what goes to each recipient, and who said that they have it.
//! In: recorded releases. Out: deliveries that wait; their course.
//! Invariant: a delivery exists only for a recorded release, one a recipient; an attempt is written down before anything is
//! handed over, so that a withdrawal reaches everybody who may have got it.
//! Not here: the wire (`node`).

use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::{Micros, canonical};

use serde::Serialize;

use super::read::{found, named};
use super::{Way, step};
use crate::by::By;
use crate::error::{Error, Result};
use crate::owed;
use crate::store::Store;

/// What goes to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Its id, the same however often it is tried.
    pub id: String,
    /// The release.
    pub release: String,
    /// The member.
    pub recipient: String,
    /// How it stands.
    pub state: Way,
    /// How often it was tried.
    pub attempts: u64,
    /// When that last changed, microseconds since the epoch.
    pub changed: Micros,
    /// Why the last attempt failed; empty: it didn't.
    pub because: String,
}

/// Makes the deliveries of a release that was recorded.
pub(crate) async fn ready(tx: &mut Transaction<'static, Any>, release: &str, by: &By) -> Result<()> {
    let rows = sqlx::query(
        "SELECT DISTINCT recipient FROM release_items WHERE release = $1 AND fate = 'leaves' ORDER BY recipient",
    )
    .bind(release)
    .fetch_all(&mut **tx)
    .await?;
    for row in &rows {
        let recipient: String = row.try_get(0)?;
        let id = canonical::id("delivery", &serde_json::json!([release, recipient]));
        sqlx::query(
            "INSERT INTO deliveries (id, release, recipient, state, attempts, changed, because) \
             VALUES ($1, $2, $3, 'waiting', 0, $4, '')",
        )
        .bind(id)
        .bind(release)
        .bind(recipient)
        .bind(by.at)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

const DELIVERY: &str = "SELECT id, release, recipient, state, attempts, changed, because FROM deliveries";

/// Deliveries that wait, in the order of their releases; to one member where one is named.
///
/// # Errors
/// When the store can't be read.
pub async fn outbox(store: &Store, recipient: Option<&str>) -> Result<Vec<Delivery>> {
    let mut tx = store.read().await?;
    let sql = "SELECT d.id, d.release, d.recipient, d.state, d.attempts, d.changed, d.because FROM deliveries d \
         JOIN releases r ON r.id = d.release WHERE d.state = 'waiting' AND r.state = 'recorded' \
         AND ($1 = '' OR d.recipient = $1) ORDER BY r.place, d.recipient";
    let rows = sqlx::query(sql).bind(recipient.unwrap_or_default()).fetch_all(&mut *tx).await?;
    rows.iter().map(read).collect()
}

/// The deliveries of a release.
///
/// # Errors
/// When the store can't be read.
pub async fn deliveries(store: &Store, release: &str) -> Result<Vec<Delivery>> {
    let mut tx = store.read().await?;
    deliveries_of(&mut tx, release).await
}

pub(crate) async fn deliveries_of(tx: &mut Transaction<'static, Any>, release: &str) -> Result<Vec<Delivery>> {
    let sql = format!("{DELIVERY} WHERE release = $1 ORDER BY recipient");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(release).fetch_all(&mut **tx).await?;
    rows.iter().map(read).collect()
}

/// Writes down that a delivery is about to be handed over; `false`: it may not be any more.
///
/// # Errors
/// When the store can't be written.
pub async fn attempt(store: &Store, id: &str, by: &By) -> Result<bool> {
    let mut tx = store.write().await?;
    let done = sqlx::query(
        "UPDATE deliveries SET attempts = attempts + 1, changed = $2 WHERE id = $1 AND state = 'waiting' \
         AND EXISTS (SELECT 1 FROM releases r WHERE r.id = deliveries.release AND r.state = 'recorded')",
    )
    .bind(id)
    .bind(by.at)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down that a delivery was handed over. One that was taken back meanwhile stays so: its recipient is told.
///
/// # Errors
/// When the store can't be written.
pub async fn delivered(store: &Store, id: &str, by: &By, owes: &str) -> Result<()> {
    let mut tx = store.write().await?;
    let delivery = one(&mut tx, id).await?;
    if delivery.state == Way::Waiting {
        set(&mut tx, id, Way::Delivered, by).await?;
        step(&mut tx, &delivery.release, Way::Delivered.name(), &delivery.recipient, by).await?;
        owed::owe(&mut tx, &delivery.release, owes).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Writes down that a recipient said that they have it; saying so twice changes nothing.
///
/// # Errors
/// When nothing of the release was handed over to that member, or the store can't be written.
pub async fn acknowledge(
    store: &Store,
    release: &str,
    recipient: &str,
    by: &By,
    owes: &(dyn Fn(&str) -> Result<String> + Sync),
) -> Result<Delivery> {
    let mut tx = store.write().await?;
    let release = found(&mut tx, release).await?.id;
    let sql = format!("{DELIVERY} WHERE release = $1 AND recipient = $2");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(&release).bind(recipient).fetch_optional(&mut *tx).await?;
    let delivery = row.as_ref().map(read).transpose()?.ok_or_else(|| {
        Error::unknown(
            format!("`{release}` has nothing for `{recipient}`"),
            "`stillwatch release show` has its recipients",
        )
    })?;
    match delivery.state {
        Way::Acknowledged => return Ok(delivery),
        Way::Delivered => {}
        other => {
            return Err(Error::refused(
                format!("what `{recipient}` would have got is {}, not delivered", other.name()),
                "`stillwatch release send` hands it over",
            ));
        }
    }
    set(&mut tx, &delivery.id, Way::Acknowledged, by).await?;
    step(&mut tx, &release, Way::Acknowledged.name(), recipient, by).await?;
    owed::owe(&mut tx, &release, &owes(&release)?).await?;
    let delivery = one(&mut tx, &delivery.id).await?;
    tx.commit().await?;
    Ok(delivery)
}

async fn one(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Delivery> {
    let sql = format!("{DELIVERY} WHERE id = $1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(&mut **tx).await?;
    row.as_ref()
        .map(read)
        .transpose()?
        .ok_or_else(|| Error::unknown(format!("no delivery `{id}`"), "`stillwatch release show` has them"))
}

async fn set(tx: &mut Transaction<'static, Any>, id: &str, state: Way, by: &By) -> Result<()> {
    sqlx::query("UPDATE deliveries SET state = $2, changed = $3, because = '' WHERE id = $1")
        .bind(id)
        .bind(state.name())
        .bind(by.at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Delivery> {
    let state: String = row.try_get(3)?;
    Ok(Delivery {
        id: row.try_get(0)?,
        release: row.try_get(1)?,
        recipient: row.try_get(2)?,
        state: named(Way::ALL, Way::name, &state)?,
        attempts: crate::campaign::count(row.try_get(4)?),
        changed: row.try_get(5)?,
        because: row.try_get(6)?,
    })
}
