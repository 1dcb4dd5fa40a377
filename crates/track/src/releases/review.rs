//! Review: people's decisions about a proposal.
//! In: who, and what they say. Out: how the release stands.
//! Invariant: nobody approves their own; each person counts once; the last approval and what the ledger is owed are one
//! transaction; what a recipient has by then is not sent again.
//! Not here: entries of the ledger (`node`).

use std::collections::BTreeMap;

use sqlx::{Any, Transaction};
use stillwatch_model::tracked::Status;

use super::read::{approvals_of, found, items_of, last_sent};
use super::{Approval, Ending, Entries, Fate, Item, Release, State, step};
use crate::by::By;
use crate::campaign::standing;
use crate::error::{Error, Result};
use crate::owed;
use crate::store::Store;

/// Approves a release. With the last approval that it needs it is approved for good, and the ledger is owed what `entries` makes
/// of it: the release, its approvals, its items.
///
/// # Errors
/// When it isn't open, has lapsed, is the approver's own, was approved by them before, or the store can't be written.
pub async fn approve(store: &Store, id: &str, by: &By, entries: &Entries<'_>) -> Result<Release> {
    let mut tx = store.write().await?;
    let release = open(&mut tx, id, by).await?;
    let id = release.id.clone();
    if same(&release.author, &by.author) {
        return Err(Error::refused(
            format!("`{}` proposed this release, and nobody approves their own", release.author),
            "ask somebody else",
        ));
    }
    if approvals_of(&mut tx, &id).await?.iter().any(|approval| same(&approval.by, &by.author)) {
        return Err(Error::refused(
            format!("`{}` approved this release already", by.author),
            "it needs different people; ask somebody else",
        ));
    }
    // Answers to others are about their indicators, which have no course here.
    if release.subject.starts_with("campaign--") {
        let status = standing(&mut tx, &release.subject).await?.status;
        if matches!(status, Status::FalsePositive | Status::Benign) {
            return Err(Error::refused(
                format!("the campaign is `{}` by now", status.name()),
                "`stillwatch release reject` it",
            ));
        }
    }
    sqlx::query("INSERT INTO approvals (release, author, recorded) VALUES ($1, $2, $3)")
        .bind(&id)
        .bind(&by.author)
        .bind(by.at)
        .execute(&mut *tx)
        .await?;
    step(&mut tx, &id, "approved", "", by).await?;
    let approvals = approvals_of(&mut tx, &id).await?;
    if approvals.len() >= release.needed as usize {
        settle(&mut tx, &release, &approvals, by, entries).await?;
    }
    let release = found(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(release)
}

/// Approved for good: what the ledger is owed is written down.
pub(crate) async fn settle(
    tx: &mut Transaction<'static, Any>,
    release: &Release,
    approvals: &[Approval],
    by: &By,
    entries: &Entries<'_>,
) -> Result<()> {
    let mut items = items_of(tx, &release.id).await?;
    for item in items.iter_mut().filter(|item| item.fate == Fate::Leaves) {
        let Some(before) = last_sent(tx, &item.recipient, &item.object).await? else { continue };
        if before.hash == item.hash {
            // Another release took it there meanwhile.
            item.fate = Fate::Known;
            sqlx::query(
                "UPDATE release_items SET fate = 'known' WHERE release = $1 AND recipient = $2 AND object = $3",
            )
            .bind(&release.id)
            .bind(&item.recipient)
            .bind(&item.object)
            .execute(&mut **tx)
            .await?;
        } else if before.version == item.version {
            return Err(Error::refused(
                format!(
                    "`{}` was sent another `{}` under the same version since this was proposed",
                    item.recipient, item.object
                ),
                "reject this release and propose it anew",
            ));
        }
    }
    sqlx::query("UPDATE releases SET state = 'approved', settled = $2 WHERE id = $1")
        .bind(&release.id)
        .bind(by.at)
        .execute(&mut **tx)
        .await?;
    for owes in entries(release, approvals, &items)? {
        let place = owed::owe(tx, &release.id, &owes.body).await?;
        for item in owes.items.iter().filter_map(|at| items.get(*at)) {
            sqlx::query("UPDATE release_items SET owed = $4 WHERE release = $1 AND recipient = $2 AND object = $3")
                .bind(&release.id)
                .bind(&item.recipient)
                .bind(&item.object)
                .bind(place)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// Rejects a release, whose proposer may do so too; `owes` is the ledger's entry for it.
///
/// # Errors
/// When it isn't open, or the store can't be written.
pub async fn reject(store: &Store, id: &str, because: &str, by: &By, owes: &Ending<'_>) -> Result<Release> {
    let mut tx = store.write().await?;
    let release = open(&mut tx, id, by).await?;
    end(&mut tx, &release.id, State::Rejected, because, by).await?;
    owed::owe(&mut tx, &release.id, &owes(&release)?).await?;
    let release = found(&mut tx, &release.id).await?;
    tx.commit().await?;
    Ok(release)
}

/// A release that waits for people.
async fn open(tx: &mut Transaction<'static, Any>, id: &str, by: &By) -> Result<Release> {
    let release = found(tx, id).await?;
    if release.state != State::Proposed {
        return Err(Error::refused(
            format!("`{}` is {}", release.id, release.state.name()),
            "only what is proposed can be approved or rejected; what is recorded can be withdrawn",
        ));
    }
    if by.at >= release.lapses {
        return Err(Error::refused(
            format!("`{}` had to be decided by {}", release.id, crate::instant(release.lapses)),
            "propose it anew",
        ));
    }
    Ok(release)
}

/// A release that ends without being sent.
pub(crate) async fn end(
    tx: &mut Transaction<'static, Any>,
    id: &str,
    state: State,
    because: &str,
    by: &By,
) -> Result<()> {
    sqlx::query("UPDATE releases SET state = $2, settled = $3 WHERE id = $1")
        .bind(id)
        .bind(state.name())
        .bind(by.at)
        .execute(&mut **tx)
        .await?;
    step(tx, id, state.name(), because, by).await
}

/// Whether two names mean one person: names differ in more than case and white space.
fn same(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(one) == plain(other)
}

/// Items grouped as the ledger records them: an object and its bytes once, with all who get them.
#[must_use]
pub fn grouped(items: &[Item]) -> Vec<(usize, Vec<usize>)> {
    let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate().filter(|(_, item)| item.fate == Fate::Leaves) {
        groups.entry((&item.object, &item.hash)).or_default().push(at);
    }
    let mut all: Vec<(usize, Vec<usize>)> =
        groups.into_values().filter_map(|at| at.first().copied().map(|first| (first, at))).collect();
    all.sort_unstable();
    all
}
