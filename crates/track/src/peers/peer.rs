//! Peer: another server, and how it is asked.
//! In: a name, an address, files. Out: the same.
//! Invariant: a name is one peer's; a peer that is removed takes its feeds and routes with it, and leaves what came from it.
//! Not here: the token, which stays in its file.

use sqlx::Row;
use sqlx::any::AnyRow;
use stillwatch_model::Micros;

use crate::by::By;
use crate::error::{Error, Result};
use crate::exchange::name;
use crate::store::Store;

/// Another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// How it is called here.
    pub name: String,
    /// Its API root (TAXII 2.1, section 4.2), with the last slash.
    pub url: String,
    /// The name to log in with; none: the token is a bearer's.
    pub username: Option<String>,
    /// The file with the token or password.
    pub token_file: Option<String>,
    /// The file with the certificates to trust; none: the system's.
    pub ca: Option<String>,
    /// The file with our certificate, where it asks for one.
    pub certificate: Option<String>,
    /// The file with its key.
    pub key: Option<String>,
    /// Objects that are taken from one of its collections in an hour; more wait for a person.
    pub hourly: u64,
    /// How far back is read again each time, microseconds: servers exist where something appears with a `date_added` that is over.
    pub overlap: Micros,
    /// Whether it is told what was taken (a Stillwatch node understands that).
    pub acknowledges: bool,
    /// Types that it can't hold and is not sent; `unversioned`: all that have no `modified`.
    pub leaves_out: Vec<String>,
    /// The key that its ledger is signed with, where that is watched (a `note` verifier key, C2SP signed-note).
    pub ledger: Option<String>,
    /// The last checkpoint of its ledger that was seen.
    pub checkpoint: Option<String>,
    /// When it was added.
    pub made: Micros,
}

/// Adds a peer.
///
/// # Errors
/// When the name is taken or can't be one, or the store can't be written.
pub async fn add(store: &Store, peer: &Peer, by: &By) -> Result<()> {
    name("name of a peer", &peer.name)?;
    let mut tx = store.write().await?;
    if sqlx::query("SELECT 1 FROM peers WHERE name = $1").bind(&peer.name).fetch_optional(&mut *tx).await?.is_some() {
        return Err(Error::refused(
            format!("there is a peer `{}` already", peer.name),
            "`stillwatch peer list` shows it; `stillwatch peer remove` takes it away",
        ));
    }
    sqlx::query(
        "INSERT INTO peers (name, url, username, token_file, ca, certificate, key, hourly, overlap, acknowledges, leaves_out, ledger, checkpoint, \
         made, author) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(&peer.name)
    .bind(&peer.url)
    .bind(peer.username.as_ref())
    .bind(peer.token_file.as_ref())
    .bind(peer.ca.as_ref())
    .bind(peer.certificate.as_ref())
    .bind(peer.key.as_ref())
    .bind(i64::try_from(peer.hourly).unwrap_or(i64::MAX))
    .bind(peer.overlap)
    .bind(i64::from(peer.acknowledges))
    .bind(peer.leaves_out.join(","))
    .bind(peer.ledger.as_ref())
    .bind(peer.checkpoint.as_ref())
    .bind(by.at)
    .bind(&by.author)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

const PEER: &str = "SELECT name, url, username, token_file, ca, certificate, key, hourly, overlap, acknowledges, leaves_out, ledger, checkpoint, made FROM peers";

/// All peers, by name.
///
/// # Errors
/// When the store can't be read.
pub async fn peers(store: &Store) -> Result<Vec<Peer>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{PEER} ORDER BY name"))).fetch_all(store.pool()).await?;
    rows.iter().map(read).collect()
}

/// A peer.
///
/// # Errors
/// When there is none of that name, or the store can't be read.
pub async fn peer(store: &Store, called: &str) -> Result<Peer> {
    let sql = sqlx::AssertSqlSafe(format!("{PEER} WHERE name = $1"));
    let row = sqlx::query(sql).bind(called).fetch_optional(store.pool()).await?;
    row.as_ref().map(read).transpose()?.ok_or_else(|| unknown(called))
}

/// Removes a peer with its feeds and routes. What came from it stays, with its source.
///
/// # Errors
/// When there is none of that name, or the store can't be written.
pub async fn remove(store: &Store, called: &str) -> Result<()> {
    let mut tx = store.write().await?;
    let done = sqlx::query("DELETE FROM peers WHERE name = $1").bind(called).execute(&mut *tx).await?;
    if done.rows_affected() == 0 {
        return Err(unknown(called));
    }
    for sql in ["DELETE FROM feeds WHERE peer = $1", "DELETE FROM routes WHERE peer = $1"] {
        sqlx::query(sql).bind(called).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Keeps the checkpoint of a peer's ledger that was seen last.
///
/// # Errors
/// When the store can't be written.
pub async fn checkpoint(store: &Store, called: &str, note: &str) -> Result<()> {
    let mut tx = store.write().await?;
    sqlx::query("UPDATE peers SET checkpoint = $2 WHERE name = $1").bind(called).bind(note).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Peer> {
    Ok(Peer {
        name: row.try_get(0)?,
        url: row.try_get(1)?,
        username: row.try_get(2)?,
        token_file: row.try_get(3)?,
        ca: row.try_get(4)?,
        certificate: row.try_get(5)?,
        key: row.try_get(6)?,
        hourly: crate::campaign::count(row.try_get(7)?),
        overlap: row.try_get(8)?,
        acknowledges: row.try_get::<i64, _>(9)? != 0,
        leaves_out: row.try_get::<String, _>(10)?.split(',').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
        ledger: row.try_get(11)?,
        checkpoint: row.try_get(12)?,
        made: row.try_get(13)?,
    })
}

fn unknown(called: &str) -> Error {
    Error::unknown(format!("there is no peer `{called}`"), "`stillwatch peer list` shows all")
}
