//! Verdicts: what we think of indicators that others tell.
//! In: a word, a code for the reason, who. Out: the newest of each indicator.
//! Invariant: one an indicator; each change is in the history.
//! Not here: others' opinions (`index.rs`), telling ours (`node::release`).

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use super::read::one_each;
use super::step;
use crate::by::By;
use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::Store;

/// What we think of an indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The indicator.
    pub indicator: String,
    /// A word of STIX's opinion-enum.
    pub word: String,
    /// Why: a code or a ticket's id.
    pub code: String,
    /// Who says so.
    pub author: String,
    /// When.
    pub recorded: Micros,
    /// Whether others know: `draft`, `proposed` or `sent`.
    pub state: String,
    /// The release that tells it.
    pub release: Option<String>,
}

/// Keeps what we think of an indicator. The same again changes nothing.
///
/// # Errors
/// When the store can't be written.
pub async fn opine(store: &Store, indicator: &str, word: &str, code: &str, by: &By) -> Result<bool> {
    let mut tx = store.write().await?;
    let done = sqlx::query(
        "INSERT INTO verdicts (indicator, word, code, author, recorded, state) VALUES ($1, $2, $3, $4, $5, 'draft') \
         ON CONFLICT (indicator) DO UPDATE SET word = excluded.word, code = excluded.code, author = excluded.author, \
         recorded = excluded.recorded, state = 'draft' \
         WHERE verdicts.word <> excluded.word OR verdicts.code <> excluded.code",
    )
    .bind(indicator)
    .bind(word)
    .bind(code)
    .bind(&by.author)
    .bind(by.at)
    .execute(&mut *tx)
    .await?;
    let is_new = done.rows_affected() > 0;
    if is_new {
        step(&mut tx, indicator, word, code, by).await?;
    }
    tx.commit().await?;
    Ok(is_new)
}

/// Writes down that a release tells what we think.
///
/// # Errors
/// When the store can't be written.
pub async fn opined(store: &Store, indicators: &[String], release: &str, by: &By) -> Result<()> {
    let mut tx = store.write().await?;
    for indicator in indicators {
        sqlx::query("UPDATE verdicts SET state = 'proposed', release = $2 WHERE indicator = $1")
            .bind(indicator)
            .bind(release)
            .execute(&mut *tx)
            .await?;
        step(&mut tx, indicator, "opinion proposed", release, by).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What we think of indicators.
///
/// # Errors
/// When the store can't be read.
pub async fn verdicts(store: &Store, ids: &[String]) -> Result<BTreeMap<String, Verdict>> {
    let sql = format!(
        "SELECT v.indicator, v.word, v.code, v.author, v.recorded, v.state, v.release FROM {} \
         JOIN verdicts v ON v.indicator = r.id",
        rows::given(store.dialect(), &[("id", Kind::Text)])
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(one_each(ids)?).fetch_all(store.pool()).await?;
    rows.iter()
        .map(|row| {
            let verdict = Verdict {
                indicator: row.try_get(0)?,
                word: row.try_get(1)?,
                code: row.try_get(2)?,
                author: row.try_get(3)?,
                recorded: row.try_get(4)?,
                state: row.try_get(5)?,
                release: row.try_get(6)?,
            };
            Ok((verdict.indicator.clone(), verdict))
        })
        .collect()
}
