//! Propose: a release as it is handed in.
//! In: a proposal. Out: its id.
//! Invariant: what would leave is fixed here; the same content is not proposed twice while it is open.
//! Not here: deciding about it (`review.rs`).

use serde_json::json;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::canonical;

use super::read::found;
use super::review::settle;
use super::{Entries, Fate, Item, Proposal, Release, State, step};
use crate::by::By;
use crate::error::{Error, Result};
use crate::rows::{self, Kind};
use crate::store::Store;

/// Most items of one proposal: more than a person reviews.
const MOST: usize = 100_000;

/// Keeps a proposal; returns the release. Where nobody has to approve it, it is approved at once.
///
/// # Errors
/// When nothing would leave, the same is open already, or the store can't be written.
pub async fn propose(store: &Store, proposal: &Proposal, by: &By, entries: &Entries<'_>) -> Result<Release> {
    let mut tx = store.write().await?;
    let id = insert(&mut tx, store, proposal, by).await?;
    if proposal.needed == 0 {
        let release = found(&mut tx, &id).await?;
        settle(&mut tx, &release, &[], by, entries).await?;
    }
    let release = found(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(release)
}

/// Writes a release with its items, as proposed.
pub(crate) async fn insert(
    tx: &mut Transaction<'static, Any>,
    store: &Store,
    proposal: &Proposal,
    by: &By,
) -> Result<String> {
    if !proposal.items.iter().any(|item| item.fate == Fate::Leaves) {
        return Err(Error::refused(
            "nothing would leave: every object is held back, or its recipients have it already",
            "`stillwatch policy explain ID --to MEMBER` tells what becomes of an object and why",
        ));
    }
    if proposal.items.len() > MOST {
        return Err(Error::refused(
            format!("the proposal has {} items; {MOST} are allowed", proposal.items.len()),
            "propose fewer campaigns at a time",
        ));
    }
    let leaves = |item: &&Item| item.fate == Fate::Leaves;
    let items: Vec<_> =
        proposal.items.iter().filter(leaves).map(|item| [&item.recipient, &item.object, &item.hash]).collect();
    let content = canonical::id("content", &json!([proposal.revokes, items]));
    let open = sqlx::query("SELECT id FROM releases WHERE content = $1 AND state IN ('proposed', 'approved')")
        .bind(&content)
        .fetch_optional(&mut **tx)
        .await?;
    if let Some(row) = open {
        return Err(Error::refused(
            format!("the same is proposed already, as `{}`", row.try_get::<String, _>(0)?),
            "`stillwatch release show` has it",
        ));
    }
    let place: i64 =
        sqlx::query("SELECT COALESCE(MAX(place), 0) + 1 FROM releases").fetch_one(&mut **tx).await?.try_get(0)?;
    let (name, version, digest) = &proposal.profile;
    let id = canonical::id("release", &json!({ "content": content, "place": place, "author": by.author, "at": by.at }));
    sqlx::query(
        "INSERT INTO releases (id, place, state, subject, revokes, profile, version, digest, purpose, legal_basis, needed, \
         content, author, proposed, lapses) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(&id)
    .bind(place)
    .bind(State::Proposed.name())
    .bind(&proposal.subject)
    .bind(proposal.revokes.clone())
    .bind(name)
    .bind(i64::try_from(*version).unwrap_or(i64::MAX))
    .bind(digest)
    .bind(&proposal.ground.0)
    .bind(&proposal.ground.1)
    .bind(i64::from(proposal.needed))
    .bind(&content)
    .bind(&by.author)
    .bind(by.at)
    .bind(proposal.lapses)
    .execute(&mut **tx)
    .await?;
    let columns = [
        ("release", Kind::Text),
        ("recipient", Kind::Text),
        ("object", Kind::Text),
        ("place", Kind::Int),
        ("kind", Kind::Text),
        ("version", Kind::Text),
        ("fate", Kind::Text),
        ("body", Kind::Text),
        ("hash", Kind::Text),
        ("tlp", Kind::Text),
        ("pap", Kind::Text),
        ("until", Kind::Int),
        ("because", Kind::Text),
        ("notes", Kind::Text),
    ];
    let sql = rows::insert(store.dialect(), "release_items", &columns);
    for (batch, some) in proposal.items.chunks(2000).enumerate() {
        let row = |(at, item): (usize, &Item)| {
            json!([
                id,
                item.recipient,
                item.object,
                batch * 2000 + at,
                item.kind,
                item.version,
                item.fate.name(),
                item.body,
                item.hash,
                item.tlp,
                item.pap,
                item.until,
                item.because,
                item.notes
            ])
        };
        let all: Vec<_> = some.iter().enumerate().map(row).collect();
        sqlx::query(AssertSqlSafe(sql.clone())).bind(rows::text(&all)?).execute(&mut **tx).await?;
    }
    step(tx, &id, "proposed", proposal.revokes.as_deref().unwrap_or_default(), by).await?;
    Ok(id)
}
