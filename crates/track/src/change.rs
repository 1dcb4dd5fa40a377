//! Change: what people say of a campaign: status, name, assignee, notes, claims, evidence, verdicts on accounts.
//! In: an id and what is said. Out: the id for good.
//! Invariant: one transaction each, with its line of history; nothing said is overwritten unseen.
//! Not here: merging and splitting (`merge.rs`, `split.rs`), which statuses may follow (`lifecycle.rs`).

use sqlx::{Any, Row, Transaction};
use stillwatch_model::tracked::{Basis, Factor, Likelihood, Status};
use stillwatch_model::{Micros, Verdict, canonical};

use crate::by::By;
use crate::campaign::standing;
use crate::error::{Error, Result};
use crate::history::{self, Entry};
use crate::retention::{Kept, expires, retention};
use crate::save::stored_name;
use crate::store::Store;
use crate::{find, lifecycle};

/// Bytes that one text of a person's may have.
const LONGEST: usize = 64 * 1024;

/// Bytes that a name may have: it stands in an index.
const LONGEST_NAME: usize = 200;

/// Sets the status. `since` is when the campaign ended, if that was not now: what is seen later is a return.
///
/// # Errors
/// When the step is not allowed, there is no such campaign, or the store can't be written.
pub async fn label(
    store: &Store,
    id: &str,
    to: Status,
    since: Option<Micros>,
    because: &str,
    by: &By,
) -> Result<String> {
    checked("reason", because)?;
    let mut tx = store.write().await?;
    let id = find::campaign(&mut tx, id).await?;
    let before = standing(&mut tx, &id).await?;
    lifecycle::step(before.status, to)?;
    let ended = lifecycle::has_ended(to).then(|| since.unwrap_or(by.at));
    let verdict = lifecycle::verdict(to, before.verdict).map(|v| v.name());
    sqlx::query("UPDATE campaigns SET status = $2, ended = $3, verdict = $4, modified = $5 WHERE id = $1")
        .bind(&id)
        .bind(to.name())
        .bind(ended)
        .bind(verdict)
        .bind(by.at)
        .execute(&mut *tx)
        .await?;
    let (was, became) = (before.status.name().to_owned(), to.name().to_owned());
    history::write(&mut tx, by, Entry { campaign: &id, what: "status", was, became, because }).await?;
    tx.commit().await?;
    Ok(id)
}

/// Gives it a name; `None` takes it away.
///
/// # Errors
/// When there is no such campaign, or the store can't be written.
pub async fn rename(store: &Store, id: &str, name: Option<&str>, by: &By) -> Result<String> {
    let sql = "UPDATE campaigns SET name = $2, modified = $3 WHERE id = $1";
    named(store, id, "name", sql, name, by).await
}

/// Says who looks after it; `None` for nobody.
///
/// # Errors
/// When there is no such campaign, or the store can't be written.
pub async fn assign(store: &Store, id: &str, to: Option<&str>, by: &By) -> Result<String> {
    let sql = "UPDATE campaigns SET assignee = $2, modified = $3 WHERE id = $1";
    named(store, id, "assignee", sql, to, by).await
}

async fn named(store: &Store, id: &str, what: &str, sql: &'static str, to: Option<&str>, by: &By) -> Result<String> {
    checked(what, to.unwrap_or_default())?;
    if to.is_some_and(|to| to.len() > LONGEST_NAME) {
        return Err(Error::refused(
            format!("the {what} is longer than {LONGEST_NAME} bytes"),
            "put the rest into a note",
        ));
    }
    let to = to.map(str::trim).filter(|to| !to.is_empty());
    let mut tx = store.write().await?;
    let id = find::campaign(&mut tx, id).await?;
    let before = standing(&mut tx, &id).await?;
    let was = if what == "name" { before.name } else { before.assignee };
    sqlx::query(sql).bind(&id).bind(to.map(str::to_owned)).bind(by.at).execute(&mut *tx).await?;
    let entry = Entry {
        campaign: &id,
        what,
        was: was.unwrap_or_default(),
        became: to.unwrap_or_default().to_owned(),
        because: "",
    };
    history::write(&mut tx, by, entry).await?;
    tx.commit().await?;
    Ok(id)
}

/// Adds a note; returns its id.
///
/// # Errors
/// When there is no such campaign, or the store can't be written.
pub async fn note(store: &Store, id: &str, text: &str, by: &By) -> Result<String> {
    filled("note", text)?;
    let mut tx = store.write().await?;
    let id = find::campaign(&mut tx, id).await?;
    let note = fresh(&mut tx, "note", &id, text, by).await?;
    sqlx::query("INSERT INTO notes (id, campaign, author, said, recorded) VALUES ($1, $2, $3, $4, $5)")
        .bind(&note)
        .bind(&id)
        .bind(&by.author)
        .bind(text)
        .bind(by.at)
        .execute(&mut *tx)
        .await?;
    wrote(&mut tx, &id, "note", String::new(), text.to_owned(), "", by).await?;
    tx.commit().await?;
    Ok(note)
}

/// A hypothesis about who is behind a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hypothesis<'a> {
    /// Who.
    pub actor: &'a str,
    /// How likely.
    pub likelihood: Likelihood,
    /// What it rests on.
    pub source: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// Adds a claim beside those that are there; returns its id.
///
/// # Errors
/// When there is no such campaign, or the store can't be written.
pub async fn claim(store: &Store, id: &str, said: &Hypothesis<'_>, by: &By) -> Result<String> {
    filled("actor", said.actor)?;
    filled("source", said.source)?;
    checked("reason", said.reason)?;
    let mut tx = store.write().await?;
    let id = find::campaign(&mut tx, id).await?;
    let claim = fresh(&mut tx, "claim", &id, said.actor, by).await?;
    let likelihood = stored_name(&said.likelihood);
    sqlx::query(
        "INSERT INTO claims (id, campaign, actor, likelihood, source, author, reason, recorded) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&claim)
    .bind(&id)
    .bind(said.actor)
    .bind(&likelihood)
    .bind(said.source)
    .bind(&by.author)
    .bind(said.reason)
    .bind(by.at)
    .execute(&mut *tx)
    .await?;
    let became = format!("{}: {likelihood}", said.actor);
    wrote(&mut tx, &id, "claim", String::new(), became, said.reason, by).await?;
    tx.commit().await?;
    Ok(claim)
}

/// Withdraws a claim; it stays readable.
///
/// # Errors
/// When the campaign has no such claim or it was withdrawn already, or the store can't be written.
pub async fn withdraw(store: &Store, id: &str, claim: &str, because: &str, by: &By) -> Result<String> {
    checked("reason", because)?;
    let mut tx = store.write().await?;
    let id = find::campaign(&mut tx, id).await?;
    let rows = sqlx::query("SELECT id, actor, likelihood, withdrawn FROM claims WHERE campaign = $1 ORDER BY id")
        .bind(&id)
        .fetch_all(&mut *tx)
        .await?;
    let mut meant = Vec::new();
    for row in &rows {
        let whole: String = row.try_get(0)?;
        if whole.starts_with(claim) || whole.strip_prefix("claim--").is_some_and(|bare| bare.starts_with(claim)) {
            meant.push((whole, row));
        }
    }
    let [(claim, row)] = meant.as_slice() else {
        return Err(Error::unknown(
            format!("`{id}` has {} claims that begin with `{claim}`", meant.len()),
            "`stillwatch campaigns show` prints their ids",
        ));
    };
    if row.try_get::<Option<i64>, _>(3)?.is_some() {
        return Err(Error::refused(format!("`{claim}` was withdrawn already"), "nothing is to be done"));
    }
    let was = format!("{}: {}", row.try_get::<String, _>(1)?, row.try_get::<String, _>(2)?);
    sqlx::query("UPDATE claims SET withdrawn = $2 WHERE id = $1").bind(claim).bind(by.at).execute(&mut *tx).await?;
    wrote(&mut tx, &id, "claim-withdrawn", was, String::new(), because, by).await?;
    tx.commit().await?;
    Ok(claim.clone())
}

/// A statement that a person adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Which factor it speaks to.
    pub factor: Factor,
    /// Read, or concluded.
    pub basis: Basis,
    /// One sentence.
    pub text: &'a str,
    /// What it comes from.
    pub source: &'a str,
}

/// Adds evidence that no log shows; returns its id.
///
/// # Errors
/// When there is no such campaign, or the store can't be written.
pub async fn evidence(store: &Store, id: &str, said: &Statement<'_>, by: &By) -> Result<String> {
    filled("statement", said.text)?;
    filled("source", said.source)?;
    let mut tx = store.write().await?;
    let id = find::campaign(&mut tx, id).await?;
    let until = expires(&retention(&mut tx).await?, Kept::Evidence, by.at);
    let evidence = fresh(&mut tx, "evidence", &id, said.text, by).await?;
    sqlx::query(
        "INSERT INTO evidence (id, campaign, factor, basis, statement, source, recorded, expires) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&evidence)
    .bind(&id)
    .bind(stored_name(&said.factor))
    .bind(stored_name(&said.basis))
    .bind(said.text)
    .bind(said.source)
    .bind(by.at)
    .bind(until)
    .execute(&mut *tx)
    .await?;
    let became = format!("{}, {}: {}", stored_name(&said.factor), stored_name(&said.basis), said.text);
    // The statement itself expires; history keeps that there was one.
    let became: String = if until.is_some() { evidence.clone() } else { became };
    wrote(&mut tx, &id, "evidence", String::new(), became, said.source, by).await?;
    tx.commit().await?;
    Ok(evidence)
}

/// What a person concluded about one account; it wins over the campaign's verdict. `None` takes it back.
///
/// # Errors
/// When the account is no member, there is no such campaign, or the store can't be written.
pub async fn judge(
    store: &Store,
    id: &str,
    account: &str,
    verdict: Option<Verdict>,
    because: &str,
    by: &By,
) -> Result<String> {
    checked("reason", because)?;
    let mut tx = store.write().await?;
    let id = find::campaign(&mut tx, id).await?;
    let row = sqlx::query("SELECT verdict FROM members WHERE campaign = $1 AND account = $2")
        .bind(&id)
        .bind(account)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or_else(|| {
            Error::unknown(
                format!("`{account}` is no member of `{id}`"),
                "`stillwatch campaigns show ID --members` lists the members",
            )
        })?;
    let was: Option<String> = row.try_get(0)?;
    sqlx::query("UPDATE members SET verdict = $3 WHERE campaign = $1 AND account = $2")
        .bind(&id)
        .bind(account)
        .bind(verdict.map(|v| v.name().to_owned()))
        .execute(&mut *tx)
        .await?;
    let was = format!("{account}: {}", was.unwrap_or_default());
    let became = format!("{account}: {}", verdict.map_or("", Verdict::name));
    wrote(&mut tx, &id, "account", was, became, because, by).await?;
    tx.commit().await?;
    Ok(id)
}

async fn wrote(
    tx: &mut Transaction<'static, Any>,
    id: &str,
    what: &str,
    was: String,
    became: String,
    because: &str,
    by: &By,
) -> Result<()> {
    sqlx::query("UPDATE campaigns SET modified = $2 WHERE id = $1").bind(id).bind(by.at).execute(&mut **tx).await?;
    history::write(tx, by, Entry { campaign: id, what, was, became, because }).await
}

/// An id for something new: of what it is, and of its place in the history, so that the same said twice is two.
pub(crate) async fn fresh(
    tx: &mut Transaction<'static, Any>,
    kind: &str,
    campaign: &str,
    text: &str,
    by: &By,
) -> Result<String> {
    let row = sqlx::query("SELECT COALESCE(MAX(place), 0) FROM history").fetch_one(&mut **tx).await?;
    let place: i64 = row.try_get(0)?;
    let what =
        serde_json::json!({ "campaign": campaign, "text": text, "author": by.author, "at": by.at, "place": place });
    Ok(canonical::id(kind, &what))
}

fn filled(what: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::refused(format!("the {what} is empty"), "say something"));
    }
    checked(what, text)
}

fn checked(what: &str, text: &str) -> Result<()> {
    if text.len() > LONGEST {
        return Err(Error::refused(
            format!("the {what} has {} bytes; it may have {LONGEST}", text.len()),
            "keep it elsewhere, and name the place here",
        ));
    }
    if text.contains('\0') {
        return Err(Error::refused(format!("the {what} holds the character U+0000"), "leave it out"));
    }
    Ok(())
}
