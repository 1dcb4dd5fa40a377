//! Expire: deletes what is no longer to be kept, and leaves a tombstone for each thing.
//! In: the retention that is set, the instant. Out: what was, or would be, deleted.
//! Invariant: nothing is deleted without its tombstone (hash, when, which rule, who) in the same transaction.
//! Not here: how long things are kept (`retention.rs`).
//!
//! A tombstone's hash is SHA-256 over the deleted text as it was stored. It proves what was deleted to whoever still has it; of a
//! short text it can be guessed. Backups made before hold what was deleted since: they have to expire too.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use crate::by::By;
use crate::campaign::refold;
use crate::error::{Error, Result};
use crate::history::{self, Entry};
use crate::retention::{Kept, Retention, retention};
use crate::rows::{self, Kind};
use crate::sighting::Body;
use crate::store::{Dialect, Store};

/// What was deleted, by kind.
pub type Expired = BTreeMap<Kept, u64>;

/// The days that each kind is kept.
///
/// # Errors
/// When the store can't be read.
pub async fn settings(store: &Store) -> Result<Retention> {
    retention(&mut store.read().await?).await
}

/// Sets how many days a kind is kept; `None` is for ever. What is there already expires by the new rule.
///
/// # Errors
/// When the days are fewer than are needed, or the store can't be written.
pub async fn keep(store: &Store, kind: Kept, days: Option<u32>) -> Result<()> {
    if let Some(days) = days.filter(|days| *days < kind.least_days()) {
        let (name, least) = (kind.name(), kind.least_days());
        return Err(Error::refused(
            format!("{name} can't be deleted after {days} days"),
            format!("{least} at least: what a person reversed protects whom it was about for a month"),
        ));
    }
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO retention (kind, days) VALUES ($1, $2) ON CONFLICT (kind) DO UPDATE SET days = excluded.days",
    )
    .bind(kind.name())
    .bind(days.map_or(-1, i64::from))
    .execute(&mut *tx)
    .await?;
    let by_rule = match kind {
        Kept::Examples => "UPDATE examples SET expires = recorded + $1",
        Kept::Evidence => "UPDATE evidence SET expires = recorded + $1 WHERE deleted IS NULL",
        Kept::Networks => {
            "UPDATE sightings SET expires = (SELECT saved FROM runs WHERE runs.run = sightings.run) + $1 \
             WHERE body NOT LIKE '%\"networks\":[],\"clients\":[]%'"
        }
        // When one ended is known: nothing is written beside it.
        Kept::Decisions => "",
    };
    if !by_rule.is_empty() {
        sqlx::query(by_rule).bind(days.map(|d| i64::from(d) * crate::time::DAY)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Deletes what has expired at `by.at`; with `is_dry` nothing is deleted, only counted.
///
/// # Errors
/// When the store can't be written; nothing is deleted then.
pub async fn expire(store: &Store, is_dry: bool, by: &By) -> Result<Expired> {
    let mut tx = store.write().await?;
    let days = retention(&mut tx).await?;
    let dialect = store.dialect();
    let mut graves = Vec::new();
    examples(&mut tx, &days, by, &mut graves).await?;
    evidence(&mut tx, &days, by, &mut graves).await?;
    networks(&mut tx, dialect, &days, by, &mut graves).await?;
    decisions(&mut tx, &days, by, &mut graves).await?;
    let mut expired: Expired = BTreeMap::new();
    let mut by_campaign: BTreeMap<&str, u64> = BTreeMap::new();
    for grave in &graves {
        *expired.entry(grave.kind).or_default() += 1;
        *by_campaign.entry(&grave.campaign).or_default() += 1;
    }
    if is_dry {
        return Ok(expired);
    }
    bury(&mut tx, dialect, &graves, by).await?;
    // A decision's history went with it.
    by_campaign.remove("");
    for (campaign, things) in by_campaign {
        let became = format!("{things} things deleted, a tombstone left for each");
        let entry = Entry { campaign, what: "expired", was: String::new(), became, because: "retention" };
        history::write(&mut tx, by, entry).await?;
    }
    tx.commit().await?;
    Ok(expired)
}

/// A thing that is deleted.
struct Grave {
    id: String,
    campaign: String,
    kind: Kept,
    hash: String,
    rule: String,
}

fn grave(id: String, campaign: String, kind: Kept, text: &str, days: &Retention) -> Grave {
    let rule = match days.get(&kind).copied().flatten() {
        Some(days) => format!("{} are kept {days} days", kind.name()),
        None => format!("{} are kept for ever", kind.name()),
    };
    let hash = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Grave { id, campaign, kind, hash, rule }
}

async fn examples(
    tx: &mut Transaction<'static, Any>,
    days: &Retention,
    by: &By,
    graves: &mut Vec<Grave>,
) -> Result<()> {
    let rows = sqlx::query("SELECT id, campaign, body FROM examples WHERE expires <= $1 ORDER BY id")
        .bind(by.at)
        .fetch_all(&mut **tx)
        .await?;
    for row in &rows {
        let body: String = row.try_get(2)?;
        graves.push(grave(row.try_get(0)?, row.try_get(1)?, Kept::Examples, &body, days));
    }
    sqlx::query("DELETE FROM examples WHERE expires <= $1").bind(by.at).execute(&mut **tx).await?;
    Ok(())
}

/// Statements go; that there was one, of which factor and from where, stays.
async fn evidence(
    tx: &mut Transaction<'static, Any>,
    days: &Retention,
    by: &By,
    graves: &mut Vec<Grave>,
) -> Result<()> {
    let due = "SELECT id, campaign, statement FROM evidence WHERE expires <= $1 AND deleted IS NULL ORDER BY id";
    for row in &sqlx::query(due).bind(by.at).fetch_all(&mut **tx).await? {
        let statement: String = row.try_get(2)?;
        graves.push(grave(row.try_get(0)?, row.try_get(1)?, Kept::Evidence, &statement, days));
    }
    sqlx::query("UPDATE evidence SET statement = '', deleted = $1 WHERE expires <= $1 AND deleted IS NULL")
        .bind(by.at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Addresses and clients leave the sightings, and so the campaigns that are folded from them.
async fn networks(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    days: &Retention,
    by: &By,
    graves: &mut Vec<Grave>,
) -> Result<()> {
    let due = "SELECT run, finding, campaign, body FROM sightings WHERE expires IS NOT NULL AND expires <= $1 \
               ORDER BY run, finding";
    let mut changed = Vec::new();
    for row in &sqlx::query(due).bind(by.at).fetch_all(&mut **tx).await? {
        let (run, finding, campaign): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let mut body: Body = serde_json::from_str(&row.try_get::<String, _>(3)?)?;
        let gone = serde_json::to_string(&(std::mem::take(&mut body.networks), std::mem::take(&mut body.clients)))?;
        graves.push(grave(format!("networks of {finding} in {run}"), campaign.clone(), Kept::Networks, &gone, days));
        sqlx::query("UPDATE sightings SET body = $3, expires = NULL WHERE run = $1 AND finding = $2")
            .bind(&run)
            .bind(&finding)
            .bind(serde_json::to_string(&body)?)
            .execute(&mut **tx)
            .await?;
        changed.push(campaign);
    }
    changed.sort_unstable();
    changed.dedup();
    for campaign in changed {
        refold(tx, dialect, &campaign, by.at).await?;
    }
    Ok(())
}

/// Decisions whose last line of history and whose end both lie back far enough; those that points may still be told of stay.
async fn decisions(
    tx: &mut Transaction<'static, Any>,
    days: &Retention,
    by: &By,
    graves: &mut Vec<Grave>,
) -> Result<()> {
    let Some(kept) = days.get(&Kept::Decisions).copied().flatten() else { return Ok(()) };
    let before = by.at.saturating_sub(i64::from(kept) * crate::time::DAY);
    // Changes are numbered in the order of time: the old ones are the first, and no gap appears among those that stay.
    let young = "SELECT MIN(number) FROM decision_changes WHERE recorded > $1";
    let young: Option<i64> = sqlx::query(young).bind(before).fetch_one(&mut **tx).await?.try_get(0)?;
    sqlx::query("DELETE FROM decision_changes WHERE recorded <= $1 AND number < $2")
        .bind(before)
        .bind(young.unwrap_or(i64::MAX))
        .execute(&mut **tx)
        .await?;
    let over = "d.expires IS NOT NULL AND d.expires <= $1 \
                AND NOT EXISTS (SELECT 1 FROM decision_history h WHERE h.decision = d.id AND h.recorded > $1) \
                AND d.id NOT IN (SELECT decision FROM decision_changes)";
    let due = format!("SELECT d.id, d.body FROM decisions d WHERE {over} ORDER BY d.id");
    let rows = sqlx::query(AssertSqlSafe(due)).bind(before).fetch_all(&mut **tx).await?;
    for row in &rows {
        let (id, body): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        graves.push(grave(format!("decision {id}"), String::new(), Kept::Decisions, &body, days));
        for table in ["DELETE FROM decision_history WHERE decision = $1", "DELETE FROM decisions WHERE id = $1"] {
            sqlx::query(table).bind(id).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

async fn bury(tx: &mut Transaction<'static, Any>, dialect: Dialect, graves: &[Grave], by: &By) -> Result<()> {
    let columns = [
        ("id", Kind::Text),
        ("campaign", Kind::Text),
        ("kind", Kind::Text),
        ("hash", Kind::Text),
        ("rule", Kind::Text),
    ];
    let sql = format!(
        "INSERT INTO tombstones (id, campaign, kind, hash, rule, recorded, author) \
         SELECT id, campaign, kind, hash, rule, $2, $3 FROM {} WHERE true",
        rows::given(dialect, &columns)
    );
    let all: Vec<_> = graves.iter().map(|g| (&g.id, &g.campaign, g.kind.name(), &g.hash, &g.rule)).collect();
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&all)?).bind(by.at).bind(&by.author).execute(&mut **tx).await?;
    Ok(())
}

/// A tombstone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tombstone {
    /// What was deleted.
    pub id: String,
    /// Of which kind.
    pub kind: String,
    /// SHA-256 of its text, hex.
    pub hash: String,
    /// By which rule.
    pub rule: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// Who had it deleted.
    pub author: String,
}

/// The tombstones of a campaign.
///
/// # Errors
/// When there is no such campaign, or the store can't be read.
pub async fn tombstones(store: &Store, id: &str) -> Result<Vec<Tombstone>> {
    let mut tx = store.read().await?;
    let id = crate::find::campaign(&mut tx, id).await?;
    graves_of(&mut tx, &id).await
}

/// The tombstones, within a transaction.
pub(crate) async fn graves_of(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Tombstone>> {
    let rows = sqlx::query(
        "SELECT id, kind, hash, rule, recorded, author FROM tombstones WHERE campaign = $1 ORDER BY recorded, id",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Tombstone {
                id: row.try_get(0)?,
                kind: row.try_get(1)?,
                hash: row.try_get(2)?,
                rule: row.try_get(3)?,
                at: crate::time::instant(row.try_get::<Micros, _>(4)?),
                author: row.try_get(5)?,
            })
        })
        .collect()
}
