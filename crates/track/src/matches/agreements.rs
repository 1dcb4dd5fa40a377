//! Agreements: what may be matched with a member, for how long, by which profile.
//! In: a proposal, approvals by different people. Out: what holds now.
//! Invariant: whoever proposed doesn't approve; a changed proposal needs its approvals anew; nothing holds past its time.
//! Not here: what a profile permits (`share`), which the caller asks.

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use super::members::member;
use crate::by::By;
use crate::campaign::count;
use crate::error::{Error, Result};
use crate::owed;
use crate::store::Store;

/// What may be matched with a member in one namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The member.
    pub member: String,
    /// The namespace's name (`matching::Namespace`).
    pub namespace: String,
    /// Where our own set comes from: `campaigns`, or a file.
    pub source: String,
    /// Whether both sides learn what is common, or only the one that asks.
    pub both: bool,
    /// Evaluations that the member may have in a week.
    pub budget: u64,
    /// The profile by which it was permitted.
    pub profile: String,
    /// Its version.
    pub version: u64,
    /// SHA-256 of that profile.
    pub digest: String,
    /// What a label may hold, JSON.
    #[serde(skip)]
    pub may: String,
    /// How many people besides its author must approve.
    pub needed: u32,
    /// Who did.
    pub approved: Vec<String>,
    /// Until when it holds.
    pub until: Micros,
    /// `proposed`, `agreed` or `ended`.
    pub state: String,
    /// When it was proposed.
    pub made: Micros,
    /// By whom.
    pub author: String,
}

const COLUMNS: &str =
    "member, namespace, source, two_sided, budget, profile, version, digest, may, needed, until, state, made, author";

/// Proposes; where nobody has to approve, it is agreed at once. `owes` is the ledger's entry.
///
/// # Errors
/// When there is no such member, or the store can't be written.
pub async fn agree(store: &Store, new: &Agreement, owes: &str) -> Result<()> {
    member(store, &new.member).await?;
    let mut tx = store.write().await?;
    for table in ["agreements", "agreement_approvals"] {
        let sql = format!("DELETE FROM {table} WHERE member = $1 AND namespace = $2");
        sqlx::query(AssertSqlSafe(sql)).bind(&new.member).bind(&new.namespace).execute(&mut *tx).await?;
    }
    let sql = format!(
        "INSERT INTO agreements ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(&new.member)
        .bind(&new.namespace)
        .bind(&new.source)
        .bind(i64::from(new.both))
        .bind(i64::try_from(new.budget).unwrap_or(i64::MAX))
        .bind(&new.profile)
        .bind(i64::try_from(new.version).unwrap_or(i64::MAX))
        .bind(&new.digest)
        .bind(&new.may)
        .bind(i64::from(new.needed))
        .bind(new.until)
        .bind(if new.needed == 0 { "agreed" } else { "proposed" })
        .bind(new.made)
        .bind(&new.author)
        .execute(&mut *tx)
        .await?;
    owed::owe(&mut tx, &new.member, owes).await?;
    tx.commit().await?;
    Ok(())
}

/// Somebody else than its author approves; with the last approval that is needed it holds.
///
/// # Errors
/// When nothing waits, its author or somebody twice approves, or the store can't be written.
pub async fn approve(store: &Store, member: &str, namespace: &str, by: &By, owes: &str) -> Result<Agreement> {
    let waits = agreement(store, member, namespace).await?;
    if waits.state != "proposed" {
        return Err(Error::refused(
            format!("nothing waits for approval with `{member}` in `{namespace}`: it is {}", waits.state),
            "`stillwatch match agreements` shows what waits",
        ));
    }
    if waits.author == by.author || waits.approved.contains(&by.author) {
        return Err(Error::refused(
            format!("`{}` proposed or approved it already", by.author),
            "somebody else has to approve: `--author NAME`",
        ));
    }
    let mut tx = store.write().await?;
    sqlx::query("INSERT INTO agreement_approvals (member, namespace, author, recorded) VALUES ($1, $2, $3, $4)")
        .bind(member)
        .bind(namespace)
        .bind(&by.author)
        .bind(by.at)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE agreements SET state = 'agreed' WHERE member = $1 AND namespace = $2 AND needed <= \
         (SELECT COUNT(*) FROM agreement_approvals a WHERE a.member = $1 AND a.namespace = $2)",
    )
    .bind(member)
    .bind(namespace)
    .execute(&mut *tx)
    .await?;
    owed::owe(&mut tx, member, owes).await?;
    tx.commit().await?;
    agreement(store, member, namespace).await
}

/// Ends an agreement.
///
/// # Errors
/// When there is none, or the store can't be written.
pub async fn end(store: &Store, member: &str, namespace: &str, owes: &str) -> Result<()> {
    let mut tx = store.write().await?;
    let done =
        sqlx::query("UPDATE agreements SET state = 'ended' WHERE member = $1 AND namespace = $2 AND state <> 'ended'")
            .bind(member)
            .bind(namespace)
            .execute(&mut *tx)
            .await?;
    if done.rows_affected() == 0 {
        return Err(unknown(member, namespace));
    }
    owed::owe(&mut tx, member, owes).await?;
    tx.commit().await?;
    Ok(())
}

/// One agreement, in whatever state.
///
/// # Errors
/// When there is none, or the store can't be read.
pub async fn agreement(store: &Store, member: &str, namespace: &str) -> Result<Agreement> {
    let all = agreements(store).await?;
    let found = all.into_iter().find(|one| one.member == member && one.namespace == namespace);
    found.ok_or_else(|| unknown(member, namespace))
}

/// All agreements, by member and namespace.
///
/// # Errors
/// When the store can't be read.
pub async fn agreements(store: &Store) -> Result<Vec<Agreement>> {
    let mut tx = store.read().await?;
    let sql = format!("SELECT {COLUMNS} FROM agreements ORDER BY member, namespace");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await?;
    let mut all = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    let sql = "SELECT member, namespace, author FROM agreement_approvals ORDER BY recorded, author";
    for row in sqlx::query(sql).fetch_all(&mut *tx).await? {
        let (member, namespace): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if let Some(one) = all.iter_mut().find(|one| one.member == member && one.namespace == namespace) {
            one.approved.push(row.try_get(2)?);
        }
    }
    Ok(all)
}

fn unknown(member: &str, namespace: &str) -> Error {
    Error::unknown(
        format!("nothing is agreed on with `{member}` in `{namespace}`"),
        "`stillwatch match agree` proposes it; `stillwatch match agreements` shows all",
    )
}

fn read(row: &AnyRow) -> Result<Agreement> {
    Ok(Agreement {
        member: row.try_get(0)?,
        namespace: row.try_get(1)?,
        source: row.try_get(2)?,
        both: row.try_get::<i64, _>(3)? != 0,
        budget: count(row.try_get(4)?),
        profile: row.try_get(5)?,
        version: count(row.try_get(6)?),
        digest: row.try_get(7)?,
        may: row.try_get(8)?,
        needed: u32::try_from(row.try_get::<i64, _>(9)?).unwrap_or(u32::MAX),
        approved: Vec::new(),
        until: row.try_get(10)?,
        state: row.try_get(11)?,
        made: row.try_get(12)?,
        author: row.try_get(13)?,
    })
}
