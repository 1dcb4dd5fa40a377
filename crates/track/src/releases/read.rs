//! Read: releases, their items, approvals and steps.
//! In: an id or the beginning of one, a filter. Out: what the store has of it.
//! Invariant: newest first; a page at a time.
//! Not here: changes.

use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use super::deliver::deliveries_of;
use super::{Approval, Course, Fate, Item, Release, State, Step};
use crate::campaign::count;
use crate::error::{Error, Result};
use crate::store::Store;

const COLUMNS: &str = "r.id, r.state, r.subject, r.revokes, r.profile, r.version, r.digest, r.purpose, r.legal_basis, \
     r.needed, (SELECT COUNT(*) FROM approvals a WHERE a.release = r.id), r.author, r.proposed, r.lapses, r.settled, r.place";

/// Which releases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// In one of these states; none: in any.
    pub state: Vec<State>,
    /// About this campaign.
    pub subject: Option<String>,
    /// With something for this member.
    pub recipient: Option<String>,
}

/// A page of releases, newest first, and where the next begins.
///
/// # Errors
/// When the store can't be read.
pub async fn list(
    store: &Store,
    which: &Which,
    limit: u32,
    before: Option<i64>,
) -> Result<(Vec<Release>, Option<i64>)> {
    let limit = limit.clamp(1, 10_000) as usize;
    let mut sql = format!("SELECT {COLUMNS} FROM releases r WHERE r.place < $1");
    let mut bound: Vec<String> = Vec::new();
    let mut bind = |text: &str| {
        bound.push(text.to_owned());
        format!("${}", bound.len() + 1)
    };
    if !which.state.is_empty() {
        let states: Vec<String> = which.state.iter().map(|state| bind(state.name())).collect();
        sql += &format!(" AND r.state IN ({})", states.join(", "));
    }
    if let Some(subject) = &which.subject {
        sql += &format!(" AND r.subject = {}", bind(subject));
    }
    if let Some(recipient) = &which.recipient {
        let recipient = bind(recipient);
        sql += &format!(
            " AND EXISTS (SELECT 1 FROM release_items i WHERE i.release = r.id AND i.recipient = {recipient} AND i.fate = 'leaves')"
        );
    }
    sql += &format!(" ORDER BY r.place DESC LIMIT {}", limit + 1);
    let mut tx = store.read().await?;
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(before.unwrap_or(i64::MAX));
    for text in bound {
        query = query.bind(text);
    }
    let mut rows = query.fetch_all(&mut *tx).await?;
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(row) if is_more => Some(row.try_get(15)?),
        _ => None,
    };
    Ok((rows.iter().map(read).collect::<Result<_>>()?, next))
}

/// A release, by its id or the beginning of it.
///
/// # Errors
/// When there is none, or more than one.
pub async fn release(store: &Store, given: &str) -> Result<Release> {
    let mut tx = store.read().await?;
    found(&mut tx, given).await
}

pub(crate) async fn found(tx: &mut Transaction<'static, Any>, given: &str) -> Result<Release> {
    let from = if given.starts_with("release--") { given.to_owned() } else { format!("release--{given}") };
    let sql = format!("SELECT {COLUMNS} FROM releases r WHERE r.id >= $1 AND r.id < $2 ORDER BY r.id LIMIT 2");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(&from).bind(format!("{from}~")).fetch_all(&mut **tx).await?;
    match rows.as_slice() {
        [row] => read(row),
        [] => Err(Error::unknown(format!("no release `{given}`"), "`stillwatch release list` has the ids")),
        _ => Err(Error::refused(format!("more than one release begins with `{given}`"), "give more of the id")),
    }
}

/// The items of a release, in the order in which they were proposed.
///
/// # Errors
/// When the store can't be read.
pub async fn items(store: &Store, id: &str) -> Result<Vec<Item>> {
    let mut tx = store.read().await?;
    items_of(&mut tx, id).await
}

pub(crate) async fn items_of(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Item>> {
    let sql = format!("{ITEM} WHERE i.release = $1 ORDER BY i.place");
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_all(&mut **tx).await?;
    rows.iter().map(item).collect()
}

pub(super) const ITEM: &str = "SELECT i.recipient, i.object, i.kind, i.version, i.fate, i.body, i.hash, i.tlp, i.pap, i.until, i.because, \
     i.notes, o.entry FROM release_items i LEFT JOIN owed o ON o.place = i.owed";

/// What a recipient was sent of an object, or will be: the last of releases that are approved or recorded.
///
/// # Errors
/// When the store can't be read.
pub async fn sent_before(store: &Store, recipient: &str, object: &str) -> Result<Option<Item>> {
    let mut tx = store.read().await?;
    last_sent(&mut tx, recipient, object).await
}

pub(crate) async fn last_sent(
    tx: &mut Transaction<'static, Any>,
    recipient: &str,
    object: &str,
) -> Result<Option<Item>> {
    let sql = format!(
        "{ITEM} JOIN releases r ON r.id = i.release WHERE i.recipient = $1 AND i.object = $2 AND i.fate = 'leaves' \
         AND (r.state IN ('approved', 'recorded') OR (r.state = 'withdrawn' AND EXISTS (SELECT 1 FROM deliveries d \
         WHERE d.release = r.id AND d.recipient = i.recipient AND d.state IN ('delivered', 'acknowledged')))) \
         ORDER BY COALESCE(r.settled, r.proposed) DESC, r.place DESC LIMIT 1"
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(recipient).bind(object).fetch_optional(&mut **tx).await?;
    row.as_ref().map(item).transpose()
}

/// Objects that a recipient has been sent by releases that stand, `id` apart: what isn't taken back with it.
pub(crate) async fn had_by(tx: &mut Transaction<'static, Any>, recipient: &str, id: &str) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "SELECT DISTINCT i.object FROM release_items i JOIN releases r ON r.id = i.release WHERE i.recipient = $1 AND r.id <> $2 \
         AND i.fate IN ('leaves', 'known') AND r.state IN ('approved', 'recorded') AND r.revokes IS NULL",
    )
    .bind(recipient)
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Who approved a release, in order.
///
/// # Errors
/// When the store can't be read.
pub async fn approvals(store: &Store, id: &str) -> Result<Vec<Approval>> {
    let mut tx = store.read().await?;
    approvals_of(&mut tx, id).await
}

pub(crate) async fn approvals_of(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Approval>> {
    let rows = sqlx::query("SELECT author, recorded FROM approvals WHERE release = $1 ORDER BY recorded, author")
        .bind(id)
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(|row| Ok(Approval { by: row.try_get(0)?, at: row.try_get(1)? })).collect()
}

/// The steps of a release, oldest first.
///
/// # Errors
/// When the store can't be read.
pub async fn history(store: &Store, id: &str) -> Result<Vec<Step>> {
    let mut tx = store.read().await?;
    steps(&mut tx, id).await
}

/// Releases about a campaign or about what it absorbed, oldest first, each with how it went.
pub(crate) async fn courses(tx: &mut Transaction<'static, Any>, campaign: &str) -> Result<Vec<Course>> {
    let rows = sqlx::query(
        "SELECT id FROM releases WHERE subject = $1 OR subject IN (SELECT alias FROM aliases WHERE campaign = $1) ORDER BY place",
    )
    .bind(campaign)
    .fetch_all(&mut **tx)
    .await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: String = row.try_get(0)?;
        all.push(Course {
            release: found(tx, &id).await?,
            approvals: approvals_of(tx, &id).await?,
            deliveries: deliveries_of(tx, &id).await?,
            steps: steps(tx, &id).await?,
        });
    }
    Ok(all)
}

async fn steps(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Step>> {
    let rows =
        sqlx::query("SELECT recorded, author, what, because FROM release_history WHERE release = $1 ORDER BY place")
            .bind(id)
            .fetch_all(&mut **tx)
            .await?;
    let step = |row: &AnyRow| {
        Ok(Step { at: row.try_get(0)?, by: row.try_get(1)?, what: row.try_get(2)?, because: row.try_get(3)? })
    };
    rows.iter().map(step).collect()
}

/// The latest instant that the journals of releases and profiles know: a clock that says less was moved back.
///
/// # Errors
/// When the store can't be read.
pub async fn latest(store: &Store) -> Result<Micros> {
    let mut tx = store.read().await?;
    let row = sqlx::query(
        "SELECT COALESCE(MAX(at), 0) FROM (SELECT MAX(recorded) AS at FROM release_history UNION ALL \
         SELECT MAX(adopted) AS at FROM profiles) AS known",
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(row.try_get(0)?)
}

fn read(row: &AnyRow) -> Result<Release> {
    let state: String = row.try_get(1)?;
    let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Release {
        id: row.try_get(0)?,
        state: named(State::ALL, State::name, &state)?,
        subject: row.try_get(2)?,
        revokes: row.try_get(3)?,
        profile: row.try_get(4)?,
        version: count(row.try_get(5)?),
        digest: row.try_get(6)?,
        purpose: row.try_get(7)?,
        legal_basis: row.try_get(8)?,
        needed: small(row.try_get(9)?),
        approved: small(row.try_get(10)?),
        author: row.try_get(11)?,
        proposed: row.try_get(12)?,
        lapses: row.try_get(13)?,
        settled: row.try_get(14)?,
    })
}

pub(super) fn item(row: &AnyRow) -> Result<Item> {
    let fate: String = row.try_get(4)?;
    let entry: Option<i64> = row.try_get(12)?;
    Ok(Item {
        recipient: row.try_get(0)?,
        object: row.try_get(1)?,
        kind: row.try_get(2)?,
        version: row.try_get(3)?,
        fate: named([Fate::Leaves, Fate::Known, Fate::Held], Fate::name, &fate)?,
        body: row.try_get(5)?,
        hash: row.try_get(6)?,
        tlp: row.try_get(7)?,
        pap: row.try_get(8)?,
        until: row.try_get(9)?,
        because: row.try_get(10)?,
        notes: row.try_get(11)?,
        entry: entry.and_then(|entry| u64::try_from(entry).ok()),
    })
}

/// The one of that name.
pub(crate) fn named<T: Copy, const N: usize>(all: [T; N], name: fn(T) -> &'static str, given: &str) -> Result<T> {
    all.into_iter().find(|one| name(*one) == given).ok_or_else(|| {
        Error::failed(
            format!("the store holds the word `{}`, which this program doesn't know", given.chars().take(40).collect::<String>()),
            "if it was changed by hand, restore a backup with `stillwatch restore`; else use the newer `stillwatch` that wrote it",
        )
    })
}
