//! Find: which campaign an id means.
//! In: an id, an alias, or the beginning of one. Out: the id for good.
//! Invariant: an ambiguous beginning is refused, with what it might mean.
//! Not here: lists and filters (`list.rs`).

use sqlx::{Any, Row, Transaction};

use crate::error::{Error, Result};

const PREFIX: &str = "campaign--";

/// The campaign that `given` means; the `campaign--` in front may be left out.
pub(crate) async fn campaign(tx: &mut Transaction<'static, Any>, given: &str) -> Result<String> {
    let from = if given.starts_with(PREFIX) { given.to_owned() } else { format!("{PREFIX}{given}") };
    if from.len() < PREFIX.len() + 4 {
        return Err(Error::refused(
            format!("`{given}` is too short to mean one campaign"),
            "give at least four characters of its id",
        ));
    }
    // Ids are ASCII; `~` sorts behind every character of one.
    let rows =
        sqlx::query("SELECT alias, campaign FROM aliases WHERE alias >= $1 AND alias < $2 ORDER BY alias LIMIT 20")
            .bind(&from)
            .bind(format!("{from}~"))
            .fetch_all(&mut **tx)
            .await?;
    let mut means: Vec<String> = Vec::new();
    for row in &rows {
        let (alias, campaign): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if alias == from {
            return Ok(campaign);
        }
        if !means.contains(&campaign) {
            means.push(campaign);
        }
    }
    match means.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Error::unknown(
            format!("no campaign `{given}`"),
            "`stillwatch campaigns list` has the ids; an unambiguous beginning is enough",
        )),
        many => Err(Error::refused(
            format!("`{given}` could mean {}", many.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")),
            "give more of the id",
        )),
    }
}
