//! Effects: what the store has of a campaign before and after decisions about it.
//! In: an id, the time. Out: an `Effect`, where something was done.
//! Invariant: one read transaction; of a decision only its action is read here, what it means is the gate's.
//! Not here: what follows from it (`effect.rs`).

use serde::Deserialize;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;
use stillwatch_model::effect::Effect;

use crate::campaign::{count, sightings};
use crate::effect::{Act, Given, Looked, effect};
use crate::error::Result;
use crate::find;
use crate::store::Store;

/// Decisions that are looked at, oldest first: ten times the largest campaign that was measured.
const MOST: u32 = 100_000;

/// The decisions about members of the campaign `$1`, or because of it.
pub(crate) const MEANT: &str = "SELECT d.id FROM members m JOIN decisions d ON d.kind = 'account' AND d.value = m.account \
    WHERE m.campaign = $1 AND m.left_to IS NULL AND d.made_by <> 'allow-list' \
    UNION SELECT d.id FROM aliases a JOIN decisions d ON d.campaign = a.alias WHERE a.campaign = $1";

/// The part of a decision that is needed.
#[derive(Deserialize)]
struct Action {
    action: String,
}

/// What came of the campaign after decisions about it; `None` where there were none since it was first seen.
///
/// # Errors
/// When there is no such campaign, or the store can't be read.
pub async fn effect_of(store: &Store, id: &str, now: Micros) -> Result<Option<Effect>> {
    let mut tx = store.read().await?;
    let id = find::campaign(&mut tx, id).await?;
    let acts = acts(&mut tx, &id).await?;
    if acts.is_empty() {
        return Ok(None);
    }
    let sightings = sightings(&mut tx, &id).await?;
    let mut accounts = Vec::with_capacity(sightings.len());
    for one in &sightings {
        let rows = sqlx::query("SELECT account, exchanges FROM sighting_accounts WHERE run = $1 AND finding = $2")
            .bind(&one.run)
            .bind(&one.finding)
            .fetch_all(&mut *tx)
            .await?;
        let of = rows.iter().map(|row| Ok((row.try_get(0)?, count(row.try_get(1)?)))).collect::<Result<_>>()?;
        accounts.push(of);
    }
    let from = sightings.iter().map(|one| one.from).min().unwrap_or(now);
    let rows = sqlx::query("SELECT window_from, window_to, exchanges FROM runs WHERE window_to >= $1")
        .bind(from)
        .fetch_all(&mut *tx)
        .await?;
    let looked = rows
        .iter()
        .map(|row| Ok(Looked { from: row.try_get(0)?, to: row.try_get(1)?, exchanges: count(row.try_get(2)?) }));
    let looked = looked.collect::<Result<_>>()?;
    Ok(effect(&Given { sightings, accounts, looked, acts, now }))
}

/// Decisions about members of the campaign, or because of it; none that lets through.
pub(crate) async fn acts(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Act>> {
    let sql = format!(
        "SELECT d.kind, d.value, d.expires, d.body, \
         (SELECT MIN(h.recorded) FROM decision_history h WHERE h.decision = d.id), \
         (SELECT MIN(h.recorded) FROM decision_history h WHERE h.decision = d.id AND h.what IN ('withdrawn', 'reversed')), \
         (SELECT COUNT(*) FROM members m WHERE m.campaign = $1 AND m.account = d.value AND d.kind = 'account') \
         FROM ({MEANT}) AS meant JOIN decisions d ON d.id = meant.id ORDER BY d.id LIMIT {MOST}"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_all(&mut **tx).await?;
    let mut acts = Vec::new();
    for row in &rows {
        let Action { action } = serde_json::from_str(&row.try_get::<String, _>(3)?)?;
        let Some(made) = row.try_get::<Option<Micros>, _>(4)? else { continue };
        let (expires, back): (Option<Micros>, Option<Micros>) = (row.try_get(2)?, row.try_get(5)?);
        if action != "allow" {
            acts.push(Act {
                subject: (row.try_get(0)?, row.try_get(1)?),
                is_member: row.try_get::<i64, _>(6)? > 0,
                action,
                made,
                end: back.into_iter().chain(expires).min(),
                taken_back: back.is_some(),
            });
        }
    }
    Ok(acts)
}
