//! Split: accounts of a campaign that are a campaign of their own.
//! In: an id and accounts. Out: the new campaign's id.
//! Invariant: nothing is lost or counted twice: what is taken from one is given to the other; a run that finds both as one is divided.
//! Not here: splits that a run shows (`save.rs`).

use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::{Tokens, canonical};

use crate::by::By;
use crate::campaign::{count, refold, sightings, stored};
use crate::error::{Error, Result};
use crate::find;
use crate::history::{self, Entry};
use crate::rows::{self, Kind};
use crate::save::MEET;
use crate::sighting::{Body, Sighting, share};
use crate::store::{Dialect, Store};

/// Takes `accounts` out of a campaign. How many exchanges each account sent in each run is known, and moves with it; hours,
/// tokens and models of a run are shared out in proportion. Signals, texts, addresses and evidence stay with both, since
/// they tell of all.
///
/// # Errors
/// When an account is no member, all are meant, there is no such campaign, or the store can't be written.
pub async fn split(store: &Store, id: &str, accounts: &[String], because: &str, by: &By) -> Result<(String, String)> {
    let mut tx = store.write().await?;
    let id = find::campaign(&mut tx, id).await?;
    let mut wanted: Vec<&str> = accounts.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let given = rows::given(store.dialect(), &[("account", Kind::Text)]);
    let text = rows::text(&wanted.iter().map(|a| [a]).collect::<Vec<_>>())?;
    let mine = format!("SELECT m.account FROM {given} JOIN members m ON m.account = r.account WHERE m.campaign = $2");
    let found = sqlx::query(AssertSqlSafe(mine)).bind(&text).bind(&id).fetch_all(&mut *tx).await?;
    let found: Vec<String> = found.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>()?;
    if let Some(stranger) = wanted.iter().find(|a| !found.iter().any(|f| f == *a)) {
        return Err(Error::unknown(
            format!("`{stranger}` is no member of `{id}`"),
            "`stillwatch campaigns show ID --members` lists the members",
        ));
    }
    let all = sqlx::query("SELECT COUNT(*) FROM members WHERE campaign = $1").bind(&id).fetch_one(&mut *tx).await?;
    if wanted.is_empty() || count(all.try_get(0)?) <= wanted.len() as u64 {
        return Err(Error::refused("a split leaves accounts on both sides", "name some of the members, not all"));
    }
    let place = sqlx::query("SELECT COALESCE(MAX(place), 0) FROM history").fetch_one(&mut *tx).await?;
    let place: i64 = place.try_get(0)?;
    let new = canonical::id("campaign", &serde_json::json!({ "split": id, "accounts": wanted, "place": place }));
    divide(&mut tx, store.dialect(), (&id, &new), &wanted, None).await?;
    sqlx::query("INSERT INTO apart (one, other) VALUES ($1, $2)").bind(&id).bind(&new).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO aliases (alias, campaign) VALUES ($1, $1)").bind(&new).execute(&mut *tx).await?;
    for id in [&id, &new] {
        refold(&mut tx, store.dialect(), id, by.at).await?;
    }
    let count = format!("{} accounts", wanted.len());
    let entries = [
        Entry { campaign: &id, what: "split", was: count, became: new.clone(), because },
        Entry { campaign: &new, what: "split-off", was: id.clone(), became: new.clone(), because },
    ];
    for entry in entries {
        history::write(&mut tx, by, entry).await?;
    }
    tx.commit().await?;
    Ok((id, new))
}

/// Moves accounts from one campaign to another, with their part of each sighting; of one run only, where it is named.
/// The caller folds both anew.
pub(crate) async fn divide(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    (from, to): (&str, &str),
    accounts: &[&str],
    run: Option<&str>,
) -> Result<()> {
    let given = rows::given(dialect, &[("account", Kind::Text)]);
    let text = rows::text(&accounts.iter().map(|a| [a]).collect::<Vec<_>>())?;
    for sighting in sightings(tx, from).await? {
        if run.is_none_or(|run| run == sighting.run) {
            part(tx, &given, &text, &sighting, to).await?;
        }
    }
    let sql = format!(
        "INSERT INTO members (campaign, account, first_from, first_to, first_run, last_to, score, because, verdict) \
         SELECT $3, account, first_from, first_to, first_run, last_to, score, because, verdict FROM members \
         WHERE campaign = $2 AND account IN (SELECT account FROM {given}) {MEET}"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(&text).bind(from).bind(to).execute(&mut **tx).await?;
    let sql = format!("DELETE FROM members WHERE campaign = $2 AND account IN (SELECT account FROM {given})");
    sqlx::query(AssertSqlSafe(sql)).bind(&text).bind(from).execute(&mut **tx).await?;
    Ok(())
}

/// Moves the accounts' part of one sighting.
async fn part(
    tx: &mut Transaction<'static, Any>,
    given: &str,
    text: &str,
    sighting: &Sighting,
    to: &str,
) -> Result<()> {
    let sql = format!(
        "SELECT COUNT(*), CAST(COALESCE(SUM(s.exchanges), 0) AS BIGINT) FROM {given} JOIN sighting_accounts s \
         ON s.account = r.account WHERE s.run = $2 AND s.finding = $3"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(text)
        .bind(&sighting.run)
        .bind(&sighting.finding)
        .fetch_one(&mut **tx)
        .await?;
    let (members, moved) = (count(row.try_get(0)?), count(row.try_get(1)?).min(sighting.exchanges));
    if members == 0 {
        return Ok(());
    }
    let is_whole = members >= sighting.accounts;
    let moved = if is_whole { sighting.exchanges } else { moved };
    let name = format!("{}/{}", sighting.finding, to.trim_start_matches("campaign--"));
    let (stays, goes) = halves(&sighting.body, sighting.exchanges - moved, moved);
    sqlx::query(
        "INSERT INTO sightings (run, finding, campaign, window_from, window_to, exchanges, accounts, body, expires) \
         SELECT run, $3, $4, window_from, window_to, $5, $6, $7, expires FROM sightings WHERE run = $1 AND finding = $2",
    )
    .bind(&sighting.run)
    .bind(&sighting.finding)
    .bind(&name)
    .bind(to)
    .bind(stored(moved))
    .bind(stored(members))
    .bind(serde_json::to_string(&goes)?)
    .execute(&mut **tx)
    .await?;
    let sql = format!(
        "UPDATE sighting_accounts SET finding = $4 WHERE run = $2 AND finding = $3 \
         AND account IN (SELECT account FROM {given})"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(text)
        .bind(&sighting.run)
        .bind(&sighting.finding)
        .bind(&name)
        .execute(&mut **tx)
        .await?;
    if is_whole {
        sqlx::query("DELETE FROM sightings WHERE run = $1 AND finding = $2")
            .bind(&sighting.run)
            .bind(&sighting.finding)
            .execute(&mut **tx)
            .await?;
    } else {
        sqlx::query("UPDATE sightings SET exchanges = $3, accounts = $4, body = $5 WHERE run = $1 AND finding = $2")
            .bind(&sighting.run)
            .bind(&sighting.finding)
            .bind(stored(sighting.exchanges - moved))
            .bind(stored(sighting.accounts - members))
            .bind(serde_json::to_string(&stays)?)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// A sighting's body in two, by exchanges.
fn halves(body: &Body, stays: u64, goes: u64) -> (Body, Body) {
    let two = |whole: u64| {
        let parts = share(whole, &[stays, goes]);
        (parts.first().copied().unwrap_or(0), parts.get(1).copied().unwrap_or(0))
    };
    let (mut left, mut right) = (body.clone(), body.clone());
    let (input, output, reasoning) = (two(body.tokens.input), two(body.tokens.output), two(body.tokens.reasoning));
    left.tokens = Tokens { input: input.0, output: output.0, reasoning: reasoning.0 };
    right.tokens = Tokens { input: input.1, output: output.1, reasoning: reasoning.1 };
    for (at, (_, exchanges)) in body.models.iter().enumerate() {
        let (one, other) = two(*exchanges);
        left.models[at].1 = one;
        right.models[at].1 = other;
    }
    left.hours = body.hours.part(stays);
    right.hours = body.hours.part(goes);
    (left, right)
}
