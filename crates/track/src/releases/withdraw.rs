//! Withdraw: a release taken back, and proposals that nobody decided about in time.
//! In: a release, why, what takes its objects back. Out: how it stands; the release that tells its recipients.
//! Invariant: what was not sent is not sent; everybody who may have got it is told; an object that another release stands for
//! is not taken back.
//! Not here: how an object is taken back (`stix::version`).

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Any, Row, Transaction};

use super::propose::insert;
use super::read::{found, had_by, items_of};
use super::review::{end, settle};
use super::{Ending, Entries, Fate, Item, Proposal, Release, State, step};
use crate::by::By;
use crate::error::{Error, Result};
use crate::owed;
use crate::store::Store;

/// What the caller makes of a withdrawal.
pub struct Revocation<'a> {
    /// The ledger's entry for the withdrawal.
    pub owes: &'a Ending<'a>,
    /// Objects that take back those that were sent; what can't be taken back is left out.
    pub items: &'a (dyn Fn(&[Item]) -> Vec<Item> + Sync),
    /// The ledger's entries for these.
    pub entries: &'a Entries<'a>,
}

impl std::fmt::Debug for Revocation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Revocation")
    }
}

/// Takes a release back. Returns the release that tells those who may have got it, where there are such.
///
/// # Errors
/// When it isn't approved or recorded, or the store can't be written.
pub async fn withdraw(
    store: &Store,
    id: &str,
    because: &str,
    by: &By,
    revocation: &Revocation<'_>,
) -> Result<(Release, Option<Release>)> {
    let mut tx = store.write().await?;
    let release = found(&mut tx, id).await?;
    let done = take_back(&mut tx, store, &release, because, by, revocation).await?;
    tx.commit().await?;
    Ok(done)
}

async fn take_back(
    tx: &mut Transaction<'static, Any>,
    store: &Store,
    release: &Release,
    because: &str,
    by: &By,
    revocation: &Revocation<'_>,
) -> Result<(Release, Option<Release>)> {
    let id = &release.id;
    if !matches!(release.state, State::Proposed | State::Approved | State::Recorded) {
        return Err(Error::refused(
            format!("`{id}` is {}", release.state.name()),
            "only what is proposed, approved or recorded can be withdrawn",
        ));
    }
    if release.revokes.is_some() {
        return Err(Error::refused(
            format!("`{id}` takes another release back, and stays"),
            "propose the campaign anew if it was right after all",
        ));
    }
    let rows = sqlx::query("SELECT recipient FROM deliveries WHERE release = $1 AND attempts > 0")
        .bind(id)
        .fetch_all(&mut **tx)
        .await?;
    let reached: BTreeSet<String> = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_>>()?;
    sqlx::query("UPDATE deliveries SET state = 'cancelled', changed = $2 WHERE release = $1 AND state = 'waiting'")
        .bind(id)
        .bind(by.at)
        .execute(&mut **tx)
        .await?;
    end(tx, id, State::Withdrawn, because, by).await?;
    owed::owe(tx, id, &(revocation.owes)(release)?).await?;
    let mut kept: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for recipient in &reached {
        kept.insert(recipient.clone(), had_by(tx, recipient, id).await?.into_iter().collect());
    }
    let is_gone = |item: &Item| {
        item.fate == Fate::Leaves && kept.get(&item.recipient).is_some_and(|kept| !kept.contains(&item.object))
    };
    let sent: Vec<Item> = items_of(tx, id).await?.into_iter().filter(is_gone).collect();
    let items = (revocation.items)(&sent);
    if items.is_empty() {
        return Ok((found(tx, id).await?, None));
    }
    let proposal = Proposal {
        subject: release.subject.clone(),
        revokes: Some(id.clone()),
        profile: (release.profile.clone(), release.version, release.digest.clone()),
        ground: (release.purpose.clone(), release.legal_basis.clone()),
        needed: 0,
        lapses: i64::MAX,
        items,
    };
    let told = insert(tx, store, &proposal, by).await?;
    let told = found(tx, &told).await?;
    settle(tx, &told, &[], by, revocation.entries).await?;
    Ok((found(tx, id).await?, Some(found(tx, &told.id).await?)))
}

/// Releases about a campaign that stand or wait: what is withdrawn when it was none.
///
/// # Errors
/// When the store can't be read.
pub async fn of_subject(store: &Store, campaign: &str) -> Result<Vec<String>> {
    let mut tx = store.read().await?;
    let rows = sqlx::query(
        "SELECT id FROM releases WHERE subject = $1 AND revokes IS NULL AND state IN ('proposed', 'approved', 'recorded') \
         ORDER BY place",
    )
    .bind(campaign)
    .fetch_all(&mut *tx)
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Campaigns that releases that stand or wait are about.
///
/// # Errors
/// When the store can't be read.
pub async fn subjects(store: &Store) -> Result<Vec<String>> {
    let mut tx = store.read().await?;
    let rows = sqlx::query(
        "SELECT DISTINCT subject FROM releases WHERE subject <> '' AND revokes IS NULL \
         AND state IN ('proposed', 'approved', 'recorded') ORDER BY subject",
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Ends proposals whose time is over, and deliveries of what nobody may keep any more; returns how many of each.
///
/// # Errors
/// When the store can't be written.
pub async fn lapse(store: &Store, by: &By, owes: &Ending<'_>) -> Result<(usize, usize)> {
    let mut tx = store.write().await?;
    let over = sqlx::query("SELECT id FROM releases WHERE state = 'proposed' AND lapses <= $1 ORDER BY place")
        .bind(by.at)
        .fetch_all(&mut *tx)
        .await?;
    for row in &over {
        let id: String = row.try_get(0)?;
        let release = found(&mut tx, &id).await?;
        end(&mut tx, &id, State::Expired, "nobody decided in time", by).await?;
        owed::owe(&mut tx, &id, &owes(&release)?).await?;
    }
    let stale = sqlx::query(
        "SELECT d.id, d.release, d.recipient FROM deliveries d WHERE d.state = 'waiting' AND NOT EXISTS \
         (SELECT 1 FROM release_items i WHERE i.release = d.release AND i.recipient = d.recipient AND i.fate = 'leaves' \
         AND i.until > $1) ORDER BY d.id",
    )
    .bind(by.at)
    .fetch_all(&mut *tx)
    .await?;
    for row in &stale {
        let (id, release, recipient): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        sqlx::query("UPDATE deliveries SET state = 'expired', changed = $2 WHERE id = $1")
            .bind(id)
            .bind(by.at)
            .execute(&mut *tx)
            .await?;
        step(&mut tx, &release, "delivery expired", &recipient, by).await?;
    }
    tx.commit().await?;
    Ok((over.len(), stale.len()))
}
