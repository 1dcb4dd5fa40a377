//! Subjects: about whom rules are asked: members of own campaigns, and what others' indicators name.
//! In: the store, an instant. Out: members with what their campaign looks like; kinds and keys.
//! Invariant: who left a campaign, or whose campaign was absorbed or closed, is no member of it; what a person said of an account stays with it.
//! Not here: what rules make of it (`gate`), what indicators are worth (`node::intel`).

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::tracked::Status;
use stillwatch_model::{Micros, Signal, Verdict};

use crate::campaign::verdict;
use crate::error::Result;
use crate::fold::Folded;
use crate::store::Store;

/// A member of a campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The account.
    pub account: String,
    /// The campaign.
    pub campaign: String,
    /// How surely it is a member.
    pub membership: f64,
    /// What a person concluded about just this account.
    pub verdict: Option<Verdict>,
}

/// A campaign, as far as rules look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its score.
    pub score: f64,
    /// Where it stands.
    pub status: Status,
    /// Two families of signals fired.
    pub actionable: bool,
    /// What the score is made of.
    pub signals: Vec<Signal>,
}

/// Members that were seen at an instant or later, and their campaigns by id.
///
/// # Errors
/// When the store can't be read.
pub async fn members(store: &Store, since: Micros) -> Result<(Vec<Member>, BTreeMap<String, Seen>)> {
    let mut tx = store.read().await?;
    let wanted = "c.absorbed IS NULL AND c.status <> 'closed' AND c.last_seen >= $1";
    let sql = format!("SELECT c.id, c.score, c.status, c.actionable, c.body FROM campaigns c WHERE {wanted}");
    let mut campaigns = BTreeMap::new();
    for row in &sqlx::query(AssertSqlSafe(sql)).bind(since).fetch_all(&mut *tx).await? {
        let body: Folded = serde_json::from_str(&row.try_get::<String, _>(4)?)?;
        let seen = Seen {
            score: row.try_get(1)?,
            status: crate::lifecycle::status(&row.try_get::<String, _>(2)?)?,
            actionable: row.try_get::<i64, _>(3)? != 0,
            signals: body.signals,
        };
        campaigns.insert(row.try_get(0)?, seen);
    }
    let sql = format!(
        "SELECT m.account, m.campaign, m.score, m.verdict FROM members m JOIN campaigns c ON c.id = m.campaign \
         WHERE {wanted} AND m.left_to IS NULL AND m.last_to >= $1 ORDER BY m.account, m.campaign"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(since).fetch_all(&mut *tx).await?;
    let one = |row: &sqlx::any::AnyRow| {
        Ok(Member {
            account: row.try_get(0)?,
            campaign: row.try_get(1)?,
            membership: row.try_get(2)?,
            verdict: verdict(row.try_get(3)?)?,
        })
    };
    Ok((rows.iter().map(one).collect::<Result<_>>()?, campaigns))
}

/// Kinds and keys that received indicators name, and accounts whose traffic matched one; at most so many, by kind and key.
///
/// # Errors
/// When the store can't be read.
pub async fn named(store: &Store, most: u32) -> Result<Vec<(String, String)>> {
    let sql = format!(
        "SELECT what, value FROM indicator_values UNION SELECT 'account', account FROM hit_accounts ORDER BY 1, 2 LIMIT {most}"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(store.pool()).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
