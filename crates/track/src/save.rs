//! Save: takes a run's findings into the store.
//! In: `Saved`. Out: for each finding, the campaign that it is.
//! Invariant: one transaction; a run that was saved changes nothing; what people said stays as they said it.
//! Not here: deciding which campaign a finding is (`matching.rs`), reading the spool (`spool.rs`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::tracked::Status;
use stillwatch_model::{Micros, Saved, canonical};

use crate::by::By;
use crate::campaign::{self, standing, stored};
use crate::error::Result;
use crate::given::{Read, indexed, read, window, without_nul};
use crate::history::{self, Entry};
use crate::matching::{Candidate, Fate, Fit, Known, decide};
use crate::relatives::relatives;
use crate::retention::{Kept, Retention, expires, retention};
use crate::rows::{self, Kind};
use crate::sighting::Body;
use crate::store::{Dialect, Store};
use crate::time::instant;
use crate::{factor, lifecycle, merge, reappearances, split};

/// What became of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The run.
    pub run: String,
    /// It had been saved before, and nothing was changed.
    pub already: bool,
    /// What became of each finding, in the order of the findings.
    pub kept: Vec<Kin>,
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Kin {
    /// The finding.
    pub finding: String,
    /// The campaign that it is.
    pub campaign: String,
    /// How it came to be.
    pub how: How,
    /// Campaigns that it showed to be the same one.
    pub absorbed: Vec<String>,
}

/// How a finding and a campaign came together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Not known before.
    New,
    /// Not known before, with accounts of that campaign.
    Split(String),
    /// Known, seen again.
    Seen,
    /// Known, and seen after it was disrupted or closed.
    Returned,
}

/// What is the same for all findings of a run.
struct Run<'a> {
    dialect: Dialect,
    run: &'a str,
    from: Micros,
    to: Micros,
    by: &'a By,
    retention: Retention,
}

/// Saves a run.
///
/// # Errors
/// When what is given can't be read, or the store can't be written; nothing is changed then.
pub async fn save(store: &Store, saved: &Saved, by: &By) -> Result<Outcome> {
    let clean = without_nul(saved)?;
    let saved = clean.as_ref().unwrap_or(saved);
    let run = saved.run();
    let found = read(saved)?;
    let (from, to) = window(saved, &found)?;
    let mut tx = store.write().await?;
    let known = sqlx::query("SELECT 1 FROM runs WHERE run = $1").bind(&run).fetch_optional(&mut *tx).await?;
    if known.is_some() {
        return Ok(Outcome { run, already: true, kept: Vec::new() });
    }
    let retention = retention(&mut tx).await?;
    let context = Run { dialect: store.dialect(), run: &run, from, to, by, retention };
    let candidates: Vec<Candidate> = found.iter().map(|f| f.candidate.clone()).collect();
    let known = relatives(&mut tx, context.dialect, &candidates).await?;
    let fates = decide(&candidates, &known);
    let mut kept = Vec::new();
    for (found, fate) in found.iter().zip(fates) {
        kept.push(keep(&mut tx, &context, found, fate, &known).await?);
    }
    let new: Vec<&str> = kept.iter().filter(|kin| kin.how == How::New).map(|kin| kin.campaign.as_str()).collect();
    reappearances::link(&mut tx, &new, (&run, from), &known, by).await?;
    sqlx::query(
        "INSERT INTO runs (run, window_from, window_to, exchanges, accounts, campaigns, saved, author) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&run)
    .bind(from)
    .bind(to)
    .bind(stored(saved.findings.exchanges))
    .bind(stored(saved.findings.accounts))
    .bind(saved.findings.campaigns.len() as i64)
    .bind(by.at)
    .bind(&by.author)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Outcome { run, already: false, kept })
}

/// Keeps a finding under the campaign that it is.
async fn keep(
    tx: &mut Transaction<'static, Any>,
    run: &Run<'_>,
    found: &Read<'_>,
    fate: Fate,
    known: &[Known],
) -> Result<Kin> {
    let finding = found.campaign.id.clone();
    let (id, how, absorbed, fit) = match fate {
        Fate::New { split_from } => {
            let id = free_id(tx, run, &finding).await?;
            let how = split_from.map_or(How::New, How::Split);
            (id, how, Vec::new(), None)
        }
        Fate::Same { id, fit, absorbs } => {
            for other in &absorbs {
                merge::absorb(tx, run.by, &id, other, &format!("{} covers both", run.run)).await?;
            }
            (id, How::Seen, absorbs, Some(fit))
        }
    };
    let before = known.iter().find(|k| k.id == id).map(|k| (k.size, k.last_seen));
    sighting(tx, run, found, &id).await?;
    members(tx, run, found, &id).await?;
    if let How::Split(from) = &how {
        leave(tx, run, found, from, &id).await?;
    }
    evidence(tx, run, found, &id).await?;
    keep_apart(tx, run, found, &id).await?;
    campaign::refold(tx, run.dialect, &id, run.by.at).await?;
    for alias in [&id, &finding] {
        sqlx::query("INSERT INTO aliases (alias, campaign) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(alias)
            .bind(&id)
            .execute(&mut **tx)
            .await?;
    }
    let how = tell(tx, run, found, &id, how, before, fit).await?;
    Ok(Kin { finding, campaign: id, how, absorbed })
}

/// Accounts that a person took out of this campaign go, with their part of the finding, where that person put them.
async fn keep_apart(tx: &mut Transaction<'static, Any>, run: &Run<'_>, found: &Read<'_>, id: &str) -> Result<()> {
    let rows = sqlx::query(
        "SELECT account, campaign FROM members WHERE left_to IS NULL AND campaign IN \
         (SELECT other FROM apart WHERE one = $1 UNION SELECT one FROM apart WHERE other = $1)",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    let mut elsewhere: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let account: String = row.try_get(0)?;
        if found.candidate.accounts.contains(&account) {
            elsewhere.entry(row.try_get(1)?).or_default().push(account);
        }
    }
    for (other, accounts) in elsewhere {
        let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
        split::divide(tx, run.dialect, (id, &other), &accounts, Some(run.run)).await?;
        campaign::refold(tx, run.dialect, &other, run.by.at).await?;
        let became = format!("{} accounts, kept apart from {id}", accounts.len());
        let entry = Entry { campaign: &other, what: "seen", was: String::new(), became, because: run.run };
        history::write(tx, run.by, entry).await?;
    }
    Ok(())
}

/// The finding's own id; where that already means another campaign, one made from it and the run.
async fn free_id(tx: &mut Transaction<'static, Any>, run: &Run<'_>, finding: &str) -> Result<String> {
    let taken = sqlx::query("SELECT 1 FROM aliases WHERE alias = $1").bind(finding).fetch_optional(&mut **tx).await?;
    Ok(match taken {
        None => finding.to_owned(),
        Some(_) => canonical::id("campaign", &serde_json::json!({ "finding": finding, "run": run.run })),
    })
}

async fn sighting(tx: &mut Transaction<'static, Any>, run: &Run<'_>, found: &Read<'_>, id: &str) -> Result<()> {
    let Read { campaign, detail, candidate } = found;
    let body = Body::new(campaign, detail, candidate.first_seen, candidate.last_seen);
    let holds_networks = !body.networks.is_empty() || !body.clients.is_empty();
    sqlx::query(
        "INSERT INTO sightings (run, finding, campaign, window_from, window_to, exchanges, accounts, body, expires) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(run.run)
    .bind(&campaign.id)
    .bind(id)
    .bind(run.from)
    .bind(run.to)
    .bind(stored(campaign.exchanges))
    .bind(candidate.accounts.len() as i64)
    .bind(serde_json::to_string(&body)?)
    .bind(expires(&run.retention, Kept::Networks, run.by.at).filter(|_| holds_networks))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A member as it is handed over: account, exchanges, score, why.
fn given<'a>(found: &'a Read<'_>) -> Vec<(&'a str, u64, f64, &'a str)> {
    let told: BTreeMap<Cow<'_, str>, _> = found.detail.members.iter().map(|m| (indexed(&m.account), m)).collect();
    let one = |account: &'a String| match told.get(account.as_str()) {
        Some(m) => (account.as_str(), m.exchanges, if m.score.is_finite() { m.score } else { 0.0 }, m.because.as_str()),
        // Without a score of its own, an account belongs as surely as the campaign is one.
        None => (account.as_str(), 0, found.campaign.score, ""),
    };
    found.candidate.accounts.iter().map(one).collect()
}

async fn members(tx: &mut Transaction<'static, Any>, run: &Run<'_>, found: &Read<'_>, id: &str) -> Result<()> {
    let all = given(found);
    let columns = [("account", Kind::Text), ("exchanges", Kind::Int), ("score", Kind::Real), ("because", Kind::Text)];
    let given = rows::given(run.dialect, &columns);
    let text = rows::text(&all)?;
    let sql = format!(
        "INSERT INTO sighting_accounts (run, finding, account, exchanges, score) \
         SELECT $2, $3, account, exchanges, score FROM {given} WHERE true"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(&text).bind(run.run).bind(&found.campaign.id).execute(&mut **tx).await?;
    let sql = format!(
        "INSERT INTO members (campaign, account, first_from, first_to, first_run, last_to, score, because) \
         SELECT $2, account, $3, $4, $5, $4, score, because FROM {given} WHERE true {MEET}"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(&text)
        .bind(id)
        .bind(run.from)
        .bind(run.to)
        .bind(run.run)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Two rows of one member meet: the first window and the last stay, in whatever order they came.
pub(crate) const MEET: &str = "ON CONFLICT (campaign, account) DO UPDATE SET \
    first_run = CASE WHEN (excluded.first_from, excluded.first_to, excluded.first_run) < \
        (members.first_from, members.first_to, members.first_run) THEN excluded.first_run ELSE members.first_run END, \
    first_to = CASE WHEN (excluded.first_from, excluded.first_to, excluded.first_run) < \
        (members.first_from, members.first_to, members.first_run) THEN excluded.first_to ELSE members.first_to END, \
    first_from = CASE WHEN excluded.first_from < members.first_from THEN excluded.first_from ELSE members.first_from END, \
    score = CASE WHEN excluded.last_to >= members.last_to THEN excluded.score ELSE members.score END, \
    because = CASE WHEN excluded.last_to >= members.last_to THEN excluded.because ELSE members.because END, \
    last_to = CASE WHEN excluded.last_to > members.last_to THEN excluded.last_to ELSE members.last_to END, \
    verdict = COALESCE(members.verdict, excluded.verdict), \
    left_to = NULL";

/// Accounts that split off: the campaign they came from knows where they went, and is no longer found by them.
async fn leave(
    tx: &mut Transaction<'static, Any>,
    run: &Run<'_>,
    found: &Read<'_>,
    from: &str,
    to: &str,
) -> Result<()> {
    let accounts: Vec<[&String; 1]> = found.candidate.accounts.iter().map(|a| [a]).collect();
    let given = rows::given(run.dialect, &[("account", Kind::Text)]);
    let sql =
        format!("UPDATE members SET left_to = $2 WHERE campaign = $3 AND account IN (SELECT account FROM {given})");
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&accounts)?).bind(to).bind(from).execute(&mut **tx).await?;
    Ok(())
}

async fn evidence(tx: &mut Transaction<'static, Any>, run: &Run<'_>, found: &Read<'_>, id: &str) -> Result<()> {
    let until = expires(&run.retention, Kept::Evidence, run.by.at);
    let finding = &found.campaign.id;
    let name = |kind: &str, what: serde_json::Value| canonical::id(kind, &what);
    let all: Vec<_> = factor::evidence(found.campaign, &found.detail)
        .into_iter()
        .enumerate()
        .map(|(at, (factor, basis, statement))| {
            let id = name("evidence", serde_json::json!({ "run": run.run, "finding": finding, "at": at }));
            (id, statement, stored_name(&factor), stored_name(&basis))
        })
        .collect();
    let columns = [("id", Kind::Text), ("statement", Kind::Text), ("factor", Kind::Text), ("basis", Kind::Text)];
    let sql = format!(
        "INSERT INTO evidence (id, campaign, factor, basis, statement, source, recorded, expires) \
         SELECT id, $2, factor, basis, statement, $3, $4, $5 FROM {} WHERE true",
        rows::given(run.dialect, &columns)
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(rows::text(&all)?)
        .bind(id)
        .bind(run.run)
        .bind(run.by.at)
        .bind(until)
        .execute(&mut **tx)
        .await?;
    let until = expires(&run.retention, Kept::Examples, run.by.at);
    let mut all = Vec::new();
    for (at, example) in found.detail.examples.iter().enumerate() {
        let id = name("example", serde_json::json!({ "run": run.run, "finding": finding, "at": at }));
        all.push((id, &example.account, serde_json::to_string(example)?));
    }
    let columns = [("id", Kind::Text), ("account", Kind::Text), ("body", Kind::Text)];
    let sql = format!(
        "INSERT INTO examples (id, campaign, run, account, body, recorded, expires) \
         SELECT id, $2, $3, account, body, $4, $5 FROM {} WHERE true",
        rows::given(run.dialect, &columns)
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(rows::text(&all)?)
        .bind(id)
        .bind(run.run)
        .bind(run.by.at)
        .bind(until)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A unit variant's name, as it is in JSON.
pub(crate) fn stored_name<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Writes the history, and turns a campaign that had ended into one that returned.
async fn tell(
    tx: &mut Transaction<'static, Any>,
    run: &Run<'_>,
    found: &Read<'_>,
    id: &str,
    how: How,
    before: Option<(usize, Micros)>,
    fit: Option<Fit>,
) -> Result<How> {
    let accounts = found.candidate.accounts.len();
    let became =
        format!("{accounts} accounts, {} exchanges, score {:.2}", found.campaign.exchanges, found.campaign.score);
    let (what, was, because) = match (&how, fit) {
        (How::Split(from), _) => {
            history::write(
                tx,
                run.by,
                Entry { campaign: from, what: "split", was: String::new(), became: id.to_owned(), because: run.run },
            )
            .await?;
            ("split-off", from.clone(), run.run.to_owned())
        }
        (_, Some(fit)) => {
            let was = before.map(|(size, last)| format!("{size} accounts, last seen {}", instant(last)));
            let kin = if fit.shared == 0 { "no account but the texts" } else { "accounts" };
            let why = format!(
                "{}: match {:.2} ({kin}: {} shared, texts agree {:.2}{})",
                run.run,
                fit.score,
                fit.shared,
                fit.texts,
                if fit.succeeds { ", one follows the other" } else { "" }
            );
            ("seen", was.unwrap_or_default(), why)
        }
        _ => ("found", String::new(), run.run.to_owned()),
    };
    history::write(tx, run.by, Entry { campaign: id, what, was, became, because: &because }).await?;
    let standing = standing(tx, id).await?;
    let later = standing.ended.is_some_and(|ended| found.candidate.last_seen > ended);
    if fit.is_some() && lifecycle::has_ended(standing.status) && later {
        sqlx::query("UPDATE campaigns SET status = $1, ended = NULL WHERE id = $2")
            .bind(Status::Returned.name())
            .bind(id)
            .execute(&mut **tx)
            .await?;
        let (was, became) = (standing.status.name().to_owned(), Status::Returned.name().to_owned());
        history::write(tx, run.by, Entry { campaign: id, what: "status", was, became, because: run.run }).await?;
        return Ok(How::Returned);
    }
    Ok(how)
}
