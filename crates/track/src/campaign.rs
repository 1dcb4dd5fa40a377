//! Campaign: the row of a campaign, made anew from its sightings whenever these change.
//! In: a transaction and an id. Out: the row, its traits and text keys, as folded.
//! Invariant: what is folded and what people said live in different columns; neither overwrites the other.
//! Not here: which sightings are its own (`save.rs`, `merge.rs`).

use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::saved::TextSketch;
use stillwatch_model::tracked::Status;
use stillwatch_model::{Micros, Severity, Verdict};

use crate::error::{Error, Result};
use crate::fold::{Folded, fold};
use crate::rows::{self, Kind};
use crate::sighting::{Body, Sighting};
use crate::store::Dialect;

/// What people said of a campaign.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) status: Status,
    pub(crate) ended: Option<Micros>,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) name: Option<String>,
    pub(crate) assignee: Option<String>,
}

/// Reads a stored verdict.
pub(crate) fn verdict(name: Option<String>) -> Result<Option<Verdict>> {
    let Some(name) = name else { return Ok(None) };
    match Verdict::ALL.into_iter().find(|v| v.name() == name) {
        Some(verdict) => Ok(Some(verdict)),
        None => Err(Error::failed(
            format!("the store has an unknown verdict `{name}`"),
            "use the newer `stillwatch` that wrote it",
        )),
    }
}

/// Severities as they are stored, so that they sort.
pub(crate) const SEVERITIES: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// A severity's place.
pub(crate) fn rank(severity: Severity) -> i64 {
    SEVERITIES.iter().position(|s| *s == severity).unwrap_or(0) as i64
}

/// Reads a stored severity.
pub(crate) fn severity(rank: i64) -> Severity {
    usize::try_from(rank).ok().and_then(|at| SEVERITIES.get(at).copied()).unwrap_or(Severity::Low)
}

/// Counts are stored as signed numbers.
pub(crate) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// And read back.
pub(crate) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// What people said of it.
pub(crate) async fn standing(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Standing> {
    let row = sqlx::query("SELECT status, ended, verdict, name, assignee FROM campaigns WHERE id = $1")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(|| Error::unknown(format!("no campaign `{id}`"), "`stillwatch campaigns list` has the ids"))?;
    Ok(Standing {
        status: crate::lifecycle::status(&row.try_get::<String, _>(0)?)?,
        ended: row.try_get(1)?,
        verdict: verdict(row.try_get(2)?)?,
        name: row.try_get(3)?,
        assignee: row.try_get(4)?,
    })
}

/// The sightings of a campaign.
pub(crate) async fn sightings(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Sighting>> {
    let rows = sqlx::query(
        "SELECT run, finding, window_from, window_to, exchanges, accounts, body FROM sightings WHERE campaign = $1 \
         ORDER BY window_from, window_to, run, finding",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(sighting).collect()
}

fn sighting(row: &AnyRow) -> Result<Sighting> {
    let body: String = row.try_get(6)?;
    let body: Body = serde_json::from_str(&body)?;
    Ok(Sighting {
        run: row.try_get(0)?,
        finding: row.try_get(1)?,
        from: row.try_get(2)?,
        to: row.try_get(3)?,
        exchanges: count(row.try_get(4)?),
        accounts: count(row.try_get(5)?),
        body,
    })
}

/// Makes the row anew: inserts it where there is none. A campaign without sightings keeps what it has.
pub(crate) async fn refold(tx: &mut Transaction<'static, Any>, dialect: Dialect, id: &str, at: Micros) -> Result<()> {
    let Some(folded) = fold(&sightings(tx, id).await?) else { return Ok(()) };
    let accounts: i64 = sqlx::query("SELECT COUNT(*) FROM members WHERE campaign = $1")
        .bind(id)
        .fetch_one(&mut **tx)
        .await?
        .try_get(0)?;
    sqlx::query(
        "INSERT INTO campaigns (id, technique, status, score, severity, actionable, first_seen, last_seen, created, \
         modified, accounts, exchanges, techniques, capabilities, body) \
         VALUES ($1, $2, 'new', $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (id) DO UPDATE SET technique = excluded.technique, score = excluded.score, \
         severity = excluded.severity, actionable = excluded.actionable, first_seen = excluded.first_seen, \
         last_seen = excluded.last_seen, modified = excluded.modified, accounts = excluded.accounts, \
         exchanges = excluded.exchanges, techniques = excluded.techniques, capabilities = excluded.capabilities, \
         body = excluded.body",
    )
    .bind(id)
    .bind(&folded.technique)
    .bind(folded.score)
    .bind(rank(folded.severity))
    .bind(i64::from(folded.actionable))
    .bind(folded.first_seen)
    .bind(folded.last_seen)
    .bind(at)
    .bind(accounts)
    .bind(stored(folded.exchanges))
    .bind(serde_json::to_string(&folded.techniques)?)
    .bind(serde_json::to_string(&folded.capabilities)?)
    .bind(serde_json::to_string(&folded)?)
    .execute(&mut **tx)
    .await?;
    traits(tx, dialect, id, &folded).await?;
    text_keys(tx, dialect, id, &folded.texts).await
}

async fn traits(tx: &mut Transaction<'static, Any>, dialect: Dialect, id: &str, folded: &Folded) -> Result<()> {
    sqlx::query("DELETE FROM traits WHERE campaign = $1").bind(id).execute(&mut **tx).await?;
    let techniques = folded.techniques.iter().map(|t| ("technique", t.as_str(), folded.last_seen, id));
    let capabilities = folded.capabilities.iter().map(|c| ("capability", c.name(), folded.last_seen, id));
    let all: Vec<_> = techniques.chain(capabilities).collect();
    let columns = [("kind", Kind::Text), ("value", Kind::Text), ("last_seen", Kind::Int), ("campaign", Kind::Text)];
    let sql = rows::insert(dialect, "traits", &columns) + " ON CONFLICT DO NOTHING";
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&all)?).execute(&mut **tx).await?;
    Ok(())
}

async fn text_keys(tx: &mut Transaction<'static, Any>, dialect: Dialect, id: &str, texts: &[TextSketch]) -> Result<()> {
    sqlx::query("DELETE FROM text_keys WHERE campaign = $1").bind(id).execute(&mut **tx).await?;
    let all: Vec<(i64, &str)> = keys(texts).into_iter().map(|key| (key, id)).collect();
    let sql = rows::insert(dialect, "text_keys", &[("slot", Kind::Int), ("campaign", Kind::Text)])
        + " ON CONFLICT DO NOTHING";
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&all)?).execute(&mut **tx).await?;
    Ok(())
}

/// The keys by which campaigns of one text are found: its place in the sketch, and its value.
pub(crate) fn keys(texts: &[TextSketch]) -> Vec<i64> {
    let mut keys: Vec<i64> = texts
        .iter()
        .flat_map(|text| {
            let slots = text.body.iter().chain(&text.system).chain([&text.head, &text.tail]).enumerate();
            slots.filter(|(_, value)| **value != 0).map(|(slot, value)| ((slot as i64) << 32) | i64::from(*value))
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
