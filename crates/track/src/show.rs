//! Show: one campaign with its course, as the store has it at one instant.
//! In: an id, an alias, or the beginning of one. Out: `Course`, `Tracked`, its members and examples.
//! Invariant: one read transaction: nothing half written shows.
//! Not here: drawing (`report` crate).

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use stillwatch_model::tracked::{Basis, Claim, Evidence, Factor, Likelihood, Note};
use stillwatch_model::{Course, Example, Membership, Tracked};

use crate::campaign::{count, sightings, verdict};
use crate::error::{Error, Result};
use crate::fold::{self, Folded};
use crate::list::listed;
use crate::store::Store;
use crate::time::instant;
use crate::{campaign, find};

/// The campaign with its course.
///
/// # Errors
/// When there is no such campaign, or the store can't be read.
pub async fn show(store: &Store, id: &str) -> Result<Course> {
    let mut tx = store.read().await?;
    let id = find::campaign(&mut tx, id).await?;
    course(&mut tx, &id).await
}

/// The campaign with its course, within a transaction.
pub(crate) async fn course(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Course> {
    let campaign = tracked(tx, id).await?;
    let sightings = sightings(tx, id).await?;
    let mut new = BTreeMap::new();
    for row in sqlx::query("SELECT first_run, COUNT(*) FROM members WHERE campaign = $1 GROUP BY first_run")
        .bind(id)
        .fetch_all(&mut **tx)
        .await?
    {
        new.insert(row.try_get::<String, _>(0)?, count(row.try_get(1)?));
    }
    let aliases = sqlx::query("SELECT alias FROM aliases WHERE campaign = $1 AND alias <> $1 ORDER BY alias")
        .bind(id)
        .fetch_all(&mut **tx)
        .await?;
    let tombstones =
        sqlx::query("SELECT COUNT(*) FROM tombstones WHERE campaign = $1").bind(id).fetch_one(&mut **tx).await?;
    Ok(Course {
        verdict: campaign::standing(tx, id).await?.verdict,
        periods: fold::periods(&sightings, &new),
        days: fold::days(&sightings),
        aliases: aliases.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?,
        tombstones: count(tombstones.try_get(0)?),
        campaign,
    })
}

/// The campaign alone: what `stix` turns into STIX.
///
/// # Errors
/// When there is no such campaign, or the store can't be read.
pub async fn tracked_by_id(store: &Store, id: &str) -> Result<Tracked> {
    let mut tx = store.read().await?;
    let id = find::campaign(&mut tx, id).await?;
    tracked(&mut tx, &id).await
}

/// Who is and was in it, by account.
///
/// # Errors
/// When there is no such campaign, or the store can't be read.
pub async fn members(store: &Store, id: &str) -> Result<Vec<Membership>> {
    let mut tx = store.read().await?;
    let id = find::campaign(&mut tx, id).await?;
    members_of(&mut tx, &id).await
}

/// Its members, within a transaction.
pub(crate) async fn members_of(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Membership>> {
    let rows = sqlx::query(
        "SELECT account, first_from, last_to, score, because, left_to, verdict FROM members WHERE campaign = $1 \
         ORDER BY account",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Membership {
                account: row.try_get(0)?,
                since: instant(row.try_get(1)?),
                until: instant(row.try_get(2)?),
                score: row.try_get(3)?,
                because: row.try_get(4)?,
                left_to: row.try_get(5)?,
                verdict: verdict(row.try_get(6)?)?,
            })
        })
        .collect()
}

/// Its local examples.
///
/// # Errors
/// When there is no such campaign, or the store can't be read.
pub async fn examples(store: &Store, id: &str) -> Result<Vec<Example>> {
    let mut tx = store.read().await?;
    let id = find::campaign(&mut tx, id).await?;
    examples_of(&mut tx, &id).await
}

/// Its local examples, within a transaction.
pub(crate) async fn examples_of(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Example>> {
    let rows = sqlx::query("SELECT body FROM examples WHERE campaign = $1 ORDER BY recorded, id")
        .bind(id)
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(|row| Ok(serde_json::from_str(&row.try_get::<String, _>(0)?)?)).collect()
}

async fn tracked(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Tracked> {
    let row = sqlx::query(
        "SELECT id, name, technique, status, assignee, score, severity, actionable, first_seen, last_seen, created, \
         modified, accounts, exchanges, techniques, capabilities, body FROM campaigns WHERE id = $1",
    )
    .bind(id)
    .fetch_one(&mut **tx)
    .await?;
    let told = listed(&row)?;
    let body: Folded = serde_json::from_str(&row.try_get::<String, _>(16)?)?;
    Ok(Tracked {
        id: told.id,
        name: told.name,
        technique: told.technique,
        status: told.status,
        assignee: told.assignee,
        score: told.score,
        severity: told.severity,
        actionable: told.actionable,
        families: body.families,
        first_seen: told.first_seen,
        last_seen: told.last_seen,
        created: told.created,
        modified: told.modified,
        accounts: told.accounts,
        exchanges: told.exchanges,
        tokens: body.tokens,
        techniques: told.techniques,
        capabilities: told.capabilities,
        evasions: body.evasions,
        signals: body.signals,
        links: body.links,
        texts: body.texts,
        networks: body.networks,
        clients: body.clients,
        models: body.models,
        evidence: evidence(tx, id).await?,
        claims: claims(tx, id).await?,
        notes: notes(tx, id).await?,
    })
}

async fn evidence(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Evidence>> {
    let rows = sqlx::query(
        "SELECT id, factor, basis, statement, source, recorded, expires, deleted FROM evidence WHERE campaign = $1 \
         ORDER BY recorded, id",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    let one = |row: &AnyRow| -> Result<Evidence> {
        Ok(Evidence {
            id: row.try_get(0)?,
            factor: word::<Factor>("factor", row.try_get(1)?)?,
            basis: word::<Basis>("basis", row.try_get(2)?)?,
            statement: row.try_get(3)?,
            source: row.try_get(4)?,
            at: instant(row.try_get(5)?),
            expires: row.try_get::<Option<i64>, _>(6)?.map(instant),
            deleted: row.try_get::<Option<i64>, _>(7)?.map(instant),
        })
    };
    rows.iter().map(one).collect()
}

async fn claims(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Claim>> {
    let rows = sqlx::query(
        "SELECT id, actor, likelihood, source, author, reason, recorded, withdrawn FROM claims WHERE campaign = $1 \
         ORDER BY recorded, id",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    let one = |row: &AnyRow| -> Result<Claim> {
        Ok(Claim {
            id: row.try_get(0)?,
            actor: row.try_get(1)?,
            likelihood: word::<Likelihood>("likelihood", row.try_get(2)?)?,
            source: row.try_get(3)?,
            author: row.try_get(4)?,
            reason: row.try_get(5)?,
            at: instant(row.try_get(6)?),
            withdrawn: row.try_get::<Option<i64>, _>(7)?.map(instant),
        })
    };
    rows.iter().map(one).collect()
}

async fn notes(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Note>> {
    let rows = sqlx::query("SELECT id, author, said, recorded FROM notes WHERE campaign = $1 ORDER BY recorded, id")
        .bind(id)
        .fetch_all(&mut **tx)
        .await?;
    let one = |row: &AnyRow| -> Result<Note> {
        Ok(Note { id: row.try_get(0)?, author: row.try_get(1)?, text: row.try_get(2)?, at: instant(row.try_get(3)?) })
    };
    rows.iter().map(one).collect()
}

/// Reads a stored word.
fn word<T: serde::de::DeserializeOwned>(what: &str, stored: String) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(stored.clone())).map_err(|_| {
        Error::failed(format!("the store has an unknown {what} `{stored}`"), "use the newer `stillwatch` that wrote it")
    })
}
