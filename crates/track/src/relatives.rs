//! Relatives: the campaigns that a run's findings may be.
//! In: findings. Out: `Known` campaigns that share accounts or rare slots of texts with them.
//! Invariant: found by indexes, however many campaigns there are; what has been absorbed is none.
//! Not here: deciding (`matching.rs`).

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use crate::campaign::{self, keys};
use crate::error::Result;
use crate::matching::{Candidate, Known};
use crate::rows::{self, Kind};
use crate::store::Dialect;
use crate::{fold, lifecycle};

/// Campaigns that one slot of a text may lead to before it says nothing.
const PUBLIC: i64 = 64;

/// The campaigns that share accounts or texts with the findings.
pub(crate) async fn relatives(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    found: &[Candidate],
) -> Result<Vec<Known>> {
    let accounts: BTreeSet<&str> = found.iter().flat_map(|f| &f.accounts).map(String::as_str).collect();
    let accounts: Vec<[&str; 1]> = accounts.into_iter().map(|a| [a]).collect();
    let given = rows::given(dialect, &[("account", Kind::Text)]);
    let sql = format!(
        "SELECT m.campaign, m.account FROM {given} JOIN members m ON m.account = r.account WHERE m.left_to IS NULL"
    );
    let mut shared: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&accounts)?).fetch_all(&mut **tx).await? {
        shared.entry(row.try_get(0)?).or_default().insert(row.try_get(1)?);
    }
    let slots: BTreeSet<i64> = found.iter().flat_map(|f| keys(&f.texts)).collect();
    let slots: Vec<[i64; 1]> = slots.into_iter().map(|s| [s]).collect();
    let given = rows::given(dialect, &[("slot", Kind::Int)]);
    let sql = format!(
        "SELECT t.campaign FROM (SELECT r.slot FROM {given} JOIN text_keys k ON k.slot = r.slot GROUP BY r.slot \
         HAVING COUNT(*) <= {PUBLIC}) AS rare JOIN text_keys t ON t.slot = rare.slot GROUP BY t.campaign HAVING COUNT(*) >= 3"
    );
    for row in sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&slots)?).fetch_all(&mut **tx).await? {
        shared.entry(row.try_get(0)?).or_default();
    }
    let mut known = Vec::new();
    for (id, accounts) in shared {
        known.push(relative(tx, id, accounts).await?);
    }
    Ok(known)
}

async fn relative(tx: &mut Transaction<'static, Any>, id: String, accounts: BTreeSet<String>) -> Result<Known> {
    let row = sqlx::query(
        "SELECT created, status, verdict, first_seen, last_seen, body, \
         (SELECT COUNT(*) FROM members WHERE campaign = $1 AND left_to IS NULL) FROM campaigns WHERE id = $1",
    )
    .bind(&id)
    .fetch_one(&mut **tx)
    .await?;
    let body: String = row.try_get(5)?;
    let body: fold::Folded = serde_json::from_str(&body)?;
    let apart = sqlx::query("SELECT other FROM apart WHERE one = $1 UNION SELECT one FROM apart WHERE other = $1")
        .bind(&id)
        .fetch_all(&mut **tx)
        .await?;
    Ok(Known {
        created: row.try_get(0)?,
        status: lifecycle::status(&row.try_get::<String, _>(1)?)?,
        verdict: campaign::verdict(row.try_get(2)?)?,
        accounts,
        size: usize::try_from(row.try_get::<i64, _>(6)?).unwrap_or(0),
        first_seen: row.try_get(3)?,
        last_seen: row.try_get(4)?,
        texts: body.texts,
        apart: apart.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?,
        id,
    })
}
