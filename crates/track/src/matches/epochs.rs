//! Epochs: keys that were made together, from being made to being over.
//! In: what a key is for, its public side. Out: epochs as they stand.
//! Invariant: an epoch goes from `making` to `active` to `closed`, or to `failed`, and never back; what is made for the ledger is
//! owed in the same transaction.
//! Not here: shares, which are files (`node::matching::epoch`).

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use crate::error::{Error, Result};
use crate::owed;
use crate::store::Store;

/// How an epoch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its key is being made.
    Making,
    /// Its holders answer.
    Active,
    /// It is over: the share held here was erased.
    Closed,
    /// Its key was never made whole.
    Failed,
}

impl State {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Making => "making",
            State::Active => "active",
            State::Closed => "closed",
            State::Failed => "failed",
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "making" => State::Making,
            "active" => State::Active,
            "closed" => State::Closed,
            _ => State::Failed,
        }
    }
}

/// An epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// Hexadecimal digest of its setup.
    pub id: String,
    /// The hub's name.
    pub hub: String,
    /// What its key is for.
    pub namespace: String,
    /// Its number among the hub's epochs of that namespace.
    pub number: u64,
    /// How it stands.
    pub state: State,
    /// Who makes the key, as text that the node reads.
    pub setup: String,
    /// On which terms, as text that the node reads.
    pub terms: String,
    /// The profile under which its member takes part; empty with the hub.
    pub profile: String,
    /// The key's public side, as text that the node reads.
    pub public: Option<String>,
    /// When making it began.
    pub begun: Micros,
    /// When its time is over.
    pub ends: Micros,
    /// When it was closed, or failed.
    pub settled: Option<Micros>,
    /// Why it failed.
    pub because: String,
}

/// Keeps an epoch whose key is going to be made.
///
/// # Errors
/// When it is known already, or the store can't be written.
pub async fn begin(store: &Store, epoch: &Epoch) -> Result<()> {
    let mut tx = store.write().await?;
    if one(&mut tx, &epoch.id).await?.is_some() {
        return Err(Error::refused(
            format!("the key of epoch {} of `{}` was begun before", epoch.number, epoch.namespace),
            "a key is begun once; begin another epoch",
        ));
    }
    sqlx::query(
        "INSERT INTO epochs (id, hub, namespace, number, state, setup, terms, profile, public, begun, ends, settled, because, round) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, '', 1)",
    )
    .bind(&epoch.id)
    .bind(&epoch.hub)
    .bind(&epoch.namespace)
    .bind(whole(epoch.number))
    .bind(epoch.state.name())
    .bind(&epoch.setup)
    .bind(&epoch.terms)
    .bind(&epoch.profile)
    .bind(epoch.public.as_deref())
    .bind(epoch.begun)
    .bind(epoch.ends)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The key was made: from now on this holder answers, from the state that is given.
///
/// # Errors
/// When its key isn't being made, or the store can't be written.
pub async fn activate(store: &Store, id: &str, public: &str, holder: &str, entry: &str) -> Result<()> {
    let mut tx = store.write().await?;
    let changed = sqlx::query("UPDATE epochs SET state = 'active', public = $2 WHERE id = $1 AND state = 'making'")
        .bind(id)
        .bind(public)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    if changed != 1 {
        return Err(Error::refused("the key of this epoch isn't being made", "begin another epoch"));
    }
    sqlx::query("INSERT INTO epoch_holders (epoch, state) VALUES ($1, $2)")
        .bind(id)
        .bind(holder)
        .execute(&mut *tx)
        .await?;
    owed::owe(&mut tx, id, entry).await?;
    tx.commit().await?;
    Ok(())
}

/// The epoch is over, or its key wasn't made: returns whether it wasn't so already.
///
/// # Errors
/// When the store can't be written.
pub async fn settle(store: &Store, id: &str, as_: State, because: &str, at: Micros, entry: &str) -> Result<bool> {
    let mut tx = store.write().await?;
    let changed = sqlx::query(
        "UPDATE epochs SET state = $2, settled = $3, because = $4 WHERE id = $1 AND state IN ('making', 'active')",
    )
    .bind(id)
    .bind(as_.name())
    .bind(at)
    .bind(because)
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if changed == 1 {
        owed::owe(&mut tx, id, entry).await?;
    }
    tx.commit().await?;
    Ok(changed == 1)
}

/// An epoch by its id.
///
/// # Errors
/// When the store can't be read.
pub async fn get(store: &Store, id: &str) -> Result<Option<Epoch>> {
    let row = sqlx::query(SELECT_ONE).bind(id).fetch_optional(store.pool()).await?;
    row.as_ref().map(read).transpose()
}

/// All epochs, the newest first.
///
/// # Errors
/// When the store can't be read.
pub async fn all(store: &Store) -> Result<Vec<Epoch>> {
    let rows = sqlx::query(
        "SELECT id, hub, namespace, number, state, setup, terms, profile, public, begun, ends, settled, because FROM epochs \
         ORDER BY begun DESC, number DESC, id",
    )
    .fetch_all(store.pool())
    .await?;
    rows.iter().map(read).collect()
}

/// The number after the highest of a hub's epochs of a namespace.
///
/// # Errors
/// When the store can't be read.
pub async fn next_number(store: &Store, hub: &str, namespace: &str) -> Result<u64> {
    let row = sqlx::query("SELECT COALESCE(MAX(number), 0) FROM epochs WHERE hub = $1 AND namespace = $2")
        .bind(hub)
        .bind(namespace)
        .fetch_one(store.pool())
        .await?;
    Ok(natural(row.try_get(0)?) + 1)
}

/// Takes so many round numbers for questions of one's own: the first of them. They are nobody else's from then on.
///
/// # Errors
/// When the store can't be written.
pub async fn rounds(store: &Store, id: &str, many: u64) -> Result<u64> {
    let mut tx = store.write().await?;
    let row = sqlx::query("SELECT round FROM epochs WHERE id = $1").bind(id).fetch_one(&mut *tx).await?;
    let first: i64 = row.try_get(0)?;
    sqlx::query("UPDATE epochs SET round = $2 WHERE id = $1")
        .bind(id)
        .bind(first.saturating_add(whole(many)))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(natural(first))
}

const SELECT_ONE: &str = "SELECT id, hub, namespace, number, state, setup, terms, profile, public, begun, ends, settled, because \
                          FROM epochs WHERE id = $1";

pub(super) async fn one(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Option<Epoch>> {
    let row = sqlx::query(SELECT_ONE).bind(id).fetch_optional(&mut **tx).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<Epoch> {
    Ok(Epoch {
        id: row.try_get(0)?,
        hub: row.try_get(1)?,
        namespace: row.try_get(2)?,
        number: natural(row.try_get(3)?),
        state: State::named(&row.try_get::<String, _>(4)?),
        setup: row.try_get(5)?,
        terms: row.try_get(6)?,
        profile: row.try_get(7)?,
        public: row.try_get(8)?,
        begun: row.try_get(9)?,
        ends: row.try_get(10)?,
        settled: row.try_get(11)?,
        because: row.try_get(12)?,
    })
}

pub(super) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
