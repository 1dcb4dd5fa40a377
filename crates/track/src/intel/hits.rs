//! Hits: draft sightings: indicators that matched own traffic.
//! In: what a hunt found, what became of a draft. Out: one draft an indicator, with accounts, and the campaign of ours they are in.
//! Invariant: the same hunt again changes nothing; what overlapping hunts found is counted once.
//! Not here: looking in logs (the engine), what leaves (`node::release`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::{Micros, canonical};

use super::read::one_each;
use super::step;
use crate::by::By;
use crate::error::{Error, Result};
use crate::rows::{self, Kind};
use crate::store::Store;

/// Accounts kept of one draft.
const ACCOUNTS: usize = 10_000;

/// What a hunt found of one indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunted {
    /// The indicator.
    pub indicator: String,
    /// First exchange that matches.
    pub first_seen: Micros,
    /// Last exchange that matches.
    pub last_seen: Micros,
    /// How many.
    pub count: u64,
    /// How well, in percent.
    pub strength: u8,
    /// Accounts, or some of them.
    pub accounts: Vec<String>,
    /// One sentence.
    pub because: String,
}

/// A draft sighting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Its id, made from the indicator's.
    pub id: String,
    /// The indicator.
    pub indicator: String,
    /// `draft`, `proposed`, `sent` or `dismissed`.
    pub state: String,
    /// How well it matched, in percent.
    pub strength: u8,
    /// One sentence.
    pub because: String,
    /// First exchange that matches.
    pub first_seen: Micros,
    /// Last exchange that matches.
    pub last_seen: Micros,
    /// How many, each counted once.
    pub count: u64,
    /// Accounts that are known to match.
    pub accounts: u64,
    /// The campaign of ours that most of these accounts are in.
    pub campaign: Option<String>,
    /// When it was first found.
    pub made: Micros,
    /// When it last changed.
    pub changed: Micros,
    /// The release that tells it.
    pub release: Option<String>,
}

/// The states of a draft.
pub const STATES: [&str; 4] = ["draft", "proposed", "sent", "dismissed"];

/// Keeps what a hunt found; returns the indicators of which it is new. What is told of unknown indicators is left out.
///
/// # Errors
/// When the store can't be written; nothing is kept then.
pub async fn sight(store: &Store, hunted: &[Hunted], by: &By) -> Result<Vec<String>> {
    let mut tx = store.write().await?;
    let mut new = Vec::new();
    for one in hunted {
        let known = sqlx::query("SELECT 1 FROM indicators WHERE id = $1").bind(&one.indicator).fetch_optional(&mut *tx);
        if known.await?.is_none() || one.count == 0 {
            continue;
        }
        let id = canonical::id("hit", &json!({ "indicator": one.indicator }));
        let count = i64::try_from(one.count).unwrap_or(i64::MAX);
        let last = one.last_seen.max(one.first_seen);
        let made = sqlx::query(
            "INSERT INTO hits (id, indicator, state, strength, because, made, changed) \
             VALUES ($1, $2, 'draft', $3, $4, $5, $5) ON CONFLICT DO NOTHING",
        )
        .bind(&id)
        .bind(&one.indicator)
        .bind(i64::from(one.strength))
        .bind(&one.because)
        .bind(by.at)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        let hunts = sqlx::query(
            "INSERT INTO hit_hunts (hit, first_seen, last_seen, count) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(&id)
        .bind(one.first_seen)
        .bind(last)
        .bind(count)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        let sql = format!(
            "INSERT INTO hit_accounts (hit, account) SELECT $2, account FROM {} WHERE true ON CONFLICT DO NOTHING",
            rows::given(store.dialect(), &[("account", Kind::Text)])
        );
        let accounts: Vec<[&str; 1]> = one.accounts.iter().take(ACCOUNTS).map(|account| [account.as_str()]).collect();
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&accounts)?).bind(&id).execute(&mut *tx).await?;
        if hunts == 0 {
            continue;
        }
        if made == 0 {
            // What was told already is told anew; what a person put aside stays aside.
            sqlx::query(
                "UPDATE hits SET state = CASE WHEN state = 'dismissed' THEN state ELSE 'draft' END, \
                 strength = CASE WHEN strength < $2 THEN $2 ELSE strength END, because = $3, changed = $4 WHERE id = $1",
            )
            .bind(&id)
            .bind(i64::from(one.strength))
            .bind(&one.because)
            .bind(by.at)
            .execute(&mut *tx)
            .await?;
        }
        step(&mut tx, &one.indicator, "seen", &one.because, by).await?;
        new.push(one.indicator.clone());
    }
    tx.commit().await?;
    Ok(new)
}

/// Drafts by indicator; of all where no ids are given.
///
/// # Errors
/// When the store can't be read.
pub async fn hits(store: &Store, ids: Option<&[String]>) -> Result<BTreeMap<String, Hit>> {
    let columns = "h.id, h.indicator, h.state, h.strength, h.because, h.made, h.changed, h.release, \
         (SELECT COUNT(*) FROM hit_accounts a WHERE a.hit = h.id), n.first_seen, n.last_seen, n.count";
    let tail = "JOIN hit_hunts n ON n.hit = h.id ORDER BY h.indicator, n.first_seen, n.last_seen, n.count";
    let rows = match ids {
        Some(ids) => {
            let given = rows::given(store.dialect(), &[("id", Kind::Text)]);
            let sql = format!("SELECT {columns} FROM {given} JOIN hits h ON h.indicator = r.id {tail}");
            sqlx::query(AssertSqlSafe(sql)).bind(one_each(ids)?).fetch_all(store.pool()).await?
        }
        None => {
            sqlx::query(AssertSqlSafe(format!("SELECT {columns} FROM hits h {tail}"))).fetch_all(store.pool()).await?
        }
    };
    let mut all: BTreeMap<String, (Hit, Vec<Seen>)> = BTreeMap::new();
    for row in &rows {
        let indicator: String = row.try_get(1)?;
        let hunt = (row.try_get(9)?, row.try_get(10)?, crate::campaign::count(row.try_get(11)?));
        if let Some((_, hunts)) = all.get_mut(&indicator) {
            hunts.push(hunt);
            continue;
        }
        let hit = Hit {
            id: row.try_get(0)?,
            indicator: indicator.clone(),
            state: row.try_get(2)?,
            strength: u8::try_from(row.try_get::<i64, _>(3)?).unwrap_or(100),
            because: row.try_get(4)?,
            made: row.try_get(5)?,
            changed: row.try_get(6)?,
            release: row.try_get(7)?,
            accounts: crate::campaign::count(row.try_get(8)?),
            first_seen: 0,
            last_seen: 0,
            count: 0,
            campaign: None,
        };
        all.insert(indicator, (hit, vec![hunt]));
    }
    let campaigns = campaigns(store, all.values().map(|(hit, _)| hit.id.clone()).collect()).await?;
    Ok(all
        .into_iter()
        .map(|(indicator, (mut hit, hunts))| {
            hit.first_seen = hunts.iter().map(|hunt| hunt.0).min().unwrap_or(0);
            hit.last_seen = hunts.iter().map(|hunt| hunt.1).max().unwrap_or(0);
            hit.count = once(hunts);
            hit.campaign = campaigns.get(&hit.id).cloned();
            (indicator, hit)
        })
        .collect())
}

/// What a hunt saw: first, last, how many.
type Seen = (Micros, Micros, u64);

/// The most that hunts saw that don't overlap in time: of those that do, the one that saw most stands for the others.
fn once(mut hunts: Vec<Seen>) -> u64 {
    hunts.sort_by_key(|hunt| (hunt.1, hunt.0, hunt.2));
    // best[n]: the most of the first n hunts.
    let mut best = vec![0_u64];
    for (at, (first, _, count)) in hunts.iter().enumerate() {
        let before = hunts[..at].partition_point(|other| other.1 < *first);
        let with = best.get(before).copied().unwrap_or(0).saturating_add(*count);
        best.push(with.max(best.last().copied().unwrap_or(0)));
    }
    best.last().copied().unwrap_or(0)
}

/// The campaign that most accounts of each hit are in.
async fn campaigns(store: &Store, hits: Vec<String>) -> Result<BTreeMap<String, String>> {
    let sql = format!(
        "SELECT a.hit, m.campaign, COUNT(*) FROM {} JOIN hit_accounts a ON a.hit = r.id \
         JOIN members m ON m.account = a.account AND m.left_to IS NULL \
         JOIN campaigns c ON c.id = m.campaign AND c.absorbed IS NULL GROUP BY a.hit, m.campaign \
         ORDER BY a.hit, COUNT(*), m.campaign DESC",
        rows::given(store.dialect(), &[("id", Kind::Text)])
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(one_each(&hits)?).fetch_all(store.pool()).await?;
    // Most accounts last: it stays.
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Indicators of which an account of ours matched, put-aside drafts apart.
///
/// # Errors
/// When the store can't be read.
pub async fn of_account(store: &Store, account: &str) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "SELECT h.indicator FROM hit_accounts a JOIN hits h ON h.id = a.hit \
         WHERE a.account = $1 AND h.state <> 'dismissed' ORDER BY h.indicator",
    )
    .bind(account)
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Sets where drafts stand.
///
/// # Errors
/// When one is unknown, or the store can't be written; nothing is changed then.
pub async fn state(
    store: &Store,
    indicators: &[String],
    to: &str,
    release: Option<&str>,
    because: &str,
    by: &By,
) -> Result<()> {
    let mut tx = store.write().await?;
    for indicator in indicators {
        let done = sqlx::query(
            "UPDATE hits SET state = $2, release = COALESCE($3, release), changed = $4 WHERE indicator = $1",
        )
        .bind(indicator)
        .bind(to)
        .bind(release.map(str::to_owned))
        .bind(by.at)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(Error::unknown(
                format!("no draft sighting of `{indicator}`"),
                "`stillwatch intel hunt LOGS` looks for what others tell",
            ));
        }
        step(&mut tx, indicator, to, because, by).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Brings drafts and verdicts that were proposed up to date with their releases: sent, or free again.
///
/// # Errors
/// When the store can't be written.
pub async fn judged(store: &Store, by: &By) -> Result<Vec<String>> {
    let mut tx = store.write().await?;
    let mut changed = BTreeSet::new();
    for (table, back) in [("hits", "draft"), ("verdicts", "draft")] {
        let sql = format!(
            "SELECT t.indicator, t.state, r.state, r.id, \
             (SELECT COUNT(*) FROM deliveries d WHERE d.release = r.id AND d.state IN ('delivered', 'acknowledged')) \
             FROM {table} t JOIN releases r ON r.id = t.release WHERE t.state IN ('proposed', 'sent') ORDER BY t.indicator"
        );
        for row in sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await? {
            let (indicator, is): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let (release, id): (String, String) = (row.try_get(2)?, row.try_get(3)?);
            let delivered: i64 = row.try_get(4)?;
            let to = match release.as_str() {
                "rejected" | "expired" | "withdrawn" => back,
                _ if delivered > 0 => "sent",
                _ => "proposed",
            };
            if to == is {
                continue;
            }
            let sql = format!("UPDATE {table} SET state = $2 WHERE indicator = $1");
            sqlx::query(AssertSqlSafe(sql)).bind(&indicator).bind(to).execute(&mut *tx).await?;
            step(&mut tx, &indicator, to, &id, by).await?;
            changed.insert(indicator);
        }
    }
    tx.commit().await?;
    Ok(changed.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::once;

    #[test]
    fn what_overlaps_is_counted_once_in_any_order() {
        let hunts = [(0, 9, 5), (10, 19, 7), (0, 19, 11), (20, 29, 3), (25, 40, 4)];
        assert_eq!(once(hunts.to_vec()), 16);
        let mut turned = hunts.to_vec();
        turned.reverse();
        assert_eq!(once(turned), 16);
        assert_eq!(once(vec![(0, 9, 5), (9, 12, 5)]), 5);
        assert_eq!(once(Vec::new()), 0);
    }
}
