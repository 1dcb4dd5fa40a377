//! Files: what was committed to, and which files of an epoch were taken or published, whole.
//! In: a root and a size; a file's length and hash. Out: the same.
//! Invariant: each once for an epoch and a member: what was said first stays, and what contradicts it is refused; what is made for
//! the ledger is owed in the same transaction.
//! Not here: the files (`node::matching::epoch`).

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use super::epochs::{natural, whole};
use crate::error::{Error, Result};
use crate::owed;
use crate::store::Store;

/// A set that was committed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// Whose.
    pub member: String,
    /// Its root, in hexadecimal.
    pub root: String,
    /// Its size, padded.
    pub size: u64,
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Whose; the hub's own name for what it publishes.
    pub member: String,
    /// What it is: `contribution`, `report`, `filter`, `table`, `opened`.
    pub what: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub hash: String,
}

/// Keeps a commitment; the same again changes nothing. Returns whether it is new.
///
/// # Errors
/// When the member committed to another set in this epoch, or the store can't be written.
pub async fn commit(store: &Store, id: &str, new: &Commitment, at: Micros, entry: &str) -> Result<bool> {
    let mut tx = store.write().await?;
    let row = sqlx::query("SELECT root, size FROM epoch_commitments WHERE epoch = $1 AND member = $2")
        .bind(id)
        .bind(&new.member)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(row) = row {
        if row.try_get::<String, _>(0)? == new.root && natural(row.try_get(1)?) == new.size {
            return Ok(false);
        }
        return Err(Error::refused(
            format!("`{}` committed to another set in this epoch", new.member),
            "one set an epoch: what is new goes into the next",
        ));
    }
    sqlx::query("INSERT INTO epoch_commitments (epoch, member, root, size, recorded) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(&new.member)
        .bind(&new.root)
        .bind(whole(new.size))
        .bind(at)
        .execute(&mut *tx)
        .await?;
    owed::owe(&mut tx, id, entry).await?;
    tx.commit().await?;
    Ok(true)
}

/// Who committed to what.
///
/// # Errors
/// When the store can't be read.
pub async fn commitments(store: &Store, id: &str) -> Result<Vec<Commitment>> {
    let rows = sqlx::query("SELECT member, root, size FROM epoch_commitments WHERE epoch = $1 ORDER BY member")
        .bind(id)
        .fetch_all(store.pool())
        .await?;
    rows.iter()
        .map(|row| Ok(Commitment { member: row.try_get(0)?, root: row.try_get(1)?, size: natural(row.try_get(2)?) }))
        .collect()
}

/// Keeps that files are whole, all of them at once, each with what the ledger is owed for it.
///
/// # Errors
/// When one of them is there already, or the store can't be written.
pub async fn keep(store: &Store, id: &str, new: &[(File, String)], at: Micros) -> Result<()> {
    let mut tx = store.write().await?;
    for (file, entry) in new {
        insert(&mut tx, id, file, at).await?;
        owed::owe(&mut tx, id, entry).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn insert(tx: &mut Transaction<'static, Any>, id: &str, file: &File, at: Micros) -> Result<()> {
    let done = sqlx::query(
        "INSERT INTO epoch_files (epoch, member, what, bytes, hash, recorded) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(&file.member)
    .bind(&file.what)
    .bind(whole(file.bytes))
    .bind(&file.hash)
    .bind(at)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    Err(Error::refused(
        format!("the {} of `{}` is there already in this epoch", file.what, file.member),
        "each is given once an epoch",
    ))
}

/// Files of an epoch that are whole.
///
/// # Errors
/// When the store can't be read.
pub async fn files(store: &Store, id: &str) -> Result<Vec<File>> {
    let rows = sqlx::query("SELECT member, what, bytes, hash FROM epoch_files WHERE epoch = $1 ORDER BY what, member")
        .bind(id)
        .fetch_all(store.pool())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(File {
                member: row.try_get(0)?,
                what: row.try_get(1)?,
                bytes: natural(row.try_get(2)?),
                hash: row.try_get(3)?,
            })
        })
        .collect()
}
