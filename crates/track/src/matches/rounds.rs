//! Rounds: matches that were begun, how they ended, and what was found in common.
//! In: a round's terms and end. Out: rounds, newest first; what is common, by round or by campaign.
//! Invariant: a round ends once; what it found is kept with its end, in one transaction.
//! Not here: what a cut round needs to go on, which is in files (`node::matching`).

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use crate::by::By;
use crate::campaign::count;
use crate::error::{Error, Result};
use crate::owed;
use crate::store::Store;

/// A match with one member in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Round {
    /// The session's number, 32 hexadecimal digits.
    pub id: String,
    /// With whom.
    pub member: String,
    /// In which namespace.
    pub namespace: String,
    /// `asks`: we learn what is common; `answers`: the member does.
    pub side: String,
    /// The terms, JSON.
    #[serde(skip)]
    pub terms: String,
    /// The size of our own set, padded.
    pub own: u64,
    /// The size of the member's, padded.
    pub theirs: u64,
    /// The profile, and its version.
    pub profile: String,
    /// `under way`, `done` or `failed`.
    pub state: String,
    /// Why it failed; empty: it didn't.
    pub because: String,
    /// When it was begun.
    pub begun: Micros,
    /// When it ended.
    pub ended: Option<Micros>,
    /// How many elements are common, where we learned it.
    pub found: Option<u64>,
}

/// Something in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Common {
    /// The round.
    pub round: String,
    /// The element, as people write it.
    pub element: String,
    /// Our own value of it, as it was recorded.
    pub value: String,
    /// The campaign of ours that it belongs to; empty: none.
    pub campaign: String,
    /// When the member first saw it, where it says.
    pub first_seen: Option<Micros>,
    /// When it last did.
    pub last_seen: Option<Micros>,
    /// How sure the member is, 0 to 100.
    pub confidence: Option<u8>,
    /// How often, as a power of two.
    pub magnitude: Option<u8>,
    /// How alike the sketches are, of templates; 0 to 1.
    pub likeness: Option<f64>,
}

const COLUMNS: &str = "id, member, namespace, side, terms, own, theirs, profile, state, because, begun, ended, found";

/// Keeps that a round is begun; the same again changes nothing. `owes` is the ledger's entry.
///
/// # Errors
/// When the store can't be written.
pub async fn begin(store: &Store, round: &Round, owes: &str) -> Result<()> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut tx = store.write().await?;
    let sql = format!(
        "INSERT INTO rounds ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'under way', '', $9, NULL, NULL) \
         ON CONFLICT DO NOTHING"
    );
    let done = sqlx::query(AssertSqlSafe(sql))
        .bind(&round.id)
        .bind(&round.member)
        .bind(&round.namespace)
        .bind(&round.side)
        .bind(&round.terms)
        .bind(number(round.own))
        .bind(number(round.theirs))
        .bind(&round.profile)
        .bind(round.begun)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() > 0 {
        owed::owe(&mut tx, &round.id, owes).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Ends a round: with what is common, or with why it failed. One that ended already stays as it is.
///
/// # Errors
/// When the store can't be written.
pub async fn finish(
    store: &Store,
    id: &str,
    outcome: std::result::Result<Option<&[Common]>, &str>,
    by: &By,
    owes: &str,
) -> Result<()> {
    let (state, because) = outcome.map_or_else(|because| ("failed", because), |_| ("done", ""));
    let common = outcome.ok().flatten();
    let mut elements: Vec<&str> = common.unwrap_or_default().iter().map(|one| one.element.as_str()).collect();
    elements.sort_unstable();
    elements.dedup();
    let mut tx = store.write().await?;
    let done = sqlx::query(
        "UPDATE rounds SET state = $2, because = $3, ended = $4, found = $5 WHERE id = $1 AND state = 'under way'",
    )
    .bind(id)
    .bind(state)
    .bind(because)
    .bind(by.at)
    .bind(common.map(|_| i64::try_from(elements.len()).unwrap_or(i64::MAX)))
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    for one in common.unwrap_or_default() {
        sqlx::query(
            "INSERT INTO round_matches (round, element, value, campaign, first_seen, last_seen, confidence, magnitude, \
             likeness) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(&one.element)
        .bind(&one.value)
        .bind(&one.campaign)
        .bind(one.first_seen)
        .bind(one.last_seen)
        .bind(one.confidence.map(i64::from))
        .bind(one.magnitude.map(i64::from))
        .bind(one.likeness)
        .execute(&mut *tx)
        .await?;
    }
    owed::owe(&mut tx, id, owes).await?;
    tx.commit().await?;
    Ok(())
}

/// Rounds, newest first, at most so many.
///
/// # Errors
/// When the store can't be read.
pub async fn rounds(store: &Store, most: u32) -> Result<Vec<Round>> {
    let sql = format!("SELECT {COLUMNS} FROM rounds ORDER BY begun DESC, id DESC LIMIT $1");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(most)).fetch_all(store.pool()).await?;
    rows.iter().map(read).collect()
}

/// The round of an id, or of the beginning of one.
///
/// # Errors
/// When there is none or are several, or the store can't be read.
pub async fn round(store: &Store, given: &str) -> Result<Round> {
    let sql = format!("SELECT {COLUMNS} FROM rounds WHERE substr(id, 1, CAST($2 AS INTEGER)) = $1 ORDER BY id LIMIT 2");
    let length = i64::try_from(given.len()).unwrap_or(i64::MAX);
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(given).bind(length).fetch_all(store.pool()).await?;
    match rows.as_slice() {
        [one] if !given.is_empty() => read(one),
        [] => Err(Error::unknown(format!("there is no round `{given}`"), "`stillwatch match rounds` shows all")),
        _ => Err(Error::refused(format!("several rounds begin with `{given}`"), "give more of its id")),
    }
}

/// What a round found in common, by element.
///
/// # Errors
/// When the store can't be read.
pub async fn common(store: &Store, round: &str) -> Result<Vec<Common>> {
    found(store, "round = $1", round).await
}

/// What was found in common with others that belongs to a campaign, by round and element.
///
/// # Errors
/// When the store can't be read.
pub async fn of_campaign(store: &Store, campaign: &str) -> Result<Vec<Common>> {
    found(store, "campaign = $1", campaign).await
}

async fn found(store: &Store, which: &str, bound: &str) -> Result<Vec<Common>> {
    let sql = format!(
        "SELECT round, element, value, campaign, first_seen, last_seen, confidence, magnitude, likeness \
         FROM round_matches WHERE {which} ORDER BY round, element, campaign"
    );
    let small = |row: &AnyRow, at: usize| -> Result<Option<u8>> {
        Ok(row.try_get::<Option<i64>, _>(at)?.and_then(|number| u8::try_from(number).ok()))
    };
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(bound).fetch_all(store.pool()).await?;
    rows.iter()
        .map(|row| {
            Ok(Common {
                round: row.try_get(0)?,
                element: row.try_get(1)?,
                value: row.try_get(2)?,
                campaign: row.try_get(3)?,
                first_seen: row.try_get(4)?,
                last_seen: row.try_get(5)?,
                confidence: small(row, 6)?,
                magnitude: small(row, 7)?,
                likeness: row.try_get(8)?,
            })
        })
        .collect()
}

fn read(row: &AnyRow) -> Result<Round> {
    Ok(Round {
        id: row.try_get(0)?,
        member: row.try_get(1)?,
        namespace: row.try_get(2)?,
        side: row.try_get(3)?,
        terms: row.try_get(4)?,
        own: count(row.try_get(5)?),
        theirs: count(row.try_get(6)?),
        profile: row.try_get(7)?,
        state: row.try_get(8)?,
        because: row.try_get(9)?,
        begun: row.try_get(10)?,
        ended: row.try_get(11)?,
        found: row.try_get::<Option<i64>, _>(12)?.map(count),
    })
}
