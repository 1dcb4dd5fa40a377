//! Clients: who may use the node, and what of it.
//! In: a name, a role, the SHA-256 of a token, rights. Out: all clients with their rights.
//! Invariant: a token itself is never kept; a revoked client stays on record.
//! Not here: what a role may do, making and checking tokens (the node).

use std::collections::HashMap;

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use super::certificates;
use super::collections::changed;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::{groups, owed};

/// What a client may do with a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// The collection's number.
    pub collection: i64,
    /// Whether it may read.
    pub can_read: bool,
    /// Whether it may write.
    pub can_write: bool,
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name: a member's, or a person's.
    pub name: String,
    /// Its role's word.
    pub role: String,
    /// SHA-256 of its token, hexadecimal.
    pub token: String,
    /// When it was made.
    pub made: Micros,
    /// When it was revoked.
    pub revoked: Option<Micros>,
    /// What it may do; a collection that isn't here it may not use.
    pub rights: Vec<Right>,
    /// SHA-256 of its certificates, hexadecimal.
    pub certificates: Vec<String>,
}

/// Makes the ledger's entry for a role that somebody gets (`true`) or loses.
pub type RoleEntry<'a> = dyn Fn(&str, bool) -> Result<String> + Sync + 'a;

/// Makes a client, or one anew that was revoked; the ledger is owed what `entry` makes of its role.
///
/// # Errors
/// When the name is taken or can't be one, or the store can't be written.
pub async fn add_client(
    store: &Store,
    called: &str,
    role: &str,
    token: &str,
    rights: &[Right],
    at: Micros,
    entry: &RoleEntry<'_>,
) -> Result<()> {
    name("name of a client", called)?;
    let mut tx = store.write().await?;
    let there =
        sqlx::query("SELECT revoked FROM clients WHERE name = $1").bind(called).fetch_optional(&mut *tx).await?;
    if let Some(row) = there
        && row.try_get::<Option<i64>, _>(0)?.is_none()
    {
        return Err(Error::refused(
            format!("there is a client `{called}` already"),
            format!("`stillwatch client revoke {called}` ends its token; then it can be added anew"),
        ));
    }
    sqlx::query("DELETE FROM clients WHERE name = $1").bind(called).execute(&mut *tx).await?;
    sqlx::query("DELETE FROM client_rights WHERE client = $1").bind(called).execute(&mut *tx).await?;
    sqlx::query("DELETE FROM seal_keys WHERE client = $1").bind(called).execute(&mut *tx).await?;
    certificates::untie_all(&mut tx, called).await?;
    sqlx::query("INSERT INTO clients (name, role, token, made) VALUES ($1, $2, $3, $4)")
        .bind(called)
        .bind(role)
        .bind(token)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    for right in rights {
        put(&mut tx, called, *right).await?;
    }
    owed::owe(&mut tx, called, &entry(role, true)?).await?;
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Says what a client may do with a collection, from now on; neither reading nor writing takes it away.
///
/// # Errors
/// When there is no such client, or the store can't be written.
pub async fn allow(store: &Store, called: &str, right: Right) -> Result<()> {
    let mut tx = store.write().await?;
    if sqlx::query("SELECT 1 FROM clients WHERE name = $1").bind(called).fetch_optional(&mut *tx).await?.is_none() {
        return Err(unknown(called));
    }
    sqlx::query("DELETE FROM client_rights WHERE client = $1 AND collection = $2")
        .bind(called)
        .bind(right.collection)
        .execute(&mut *tx)
        .await?;
    put(&mut tx, called, right).await?;
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn put(tx: &mut Transaction<'static, Any>, called: &str, right: Right) -> Result<()> {
    if right.can_read || right.can_write {
        if groups::has_collection(tx, right.collection).await? {
            return Err(Error::refused(
                "that collection is a sharing group's: who is in the group may use it, and nobody else",
                "`stillwatch group join` and `stillwatch group leave` say who is in it",
            ));
        }
        sqlx::query("INSERT INTO client_rights (client, collection, can_read, can_write) VALUES ($1, $2, $3, $4)")
            .bind(called)
            .bind(right.collection)
            .bind(i64::from(right.can_read))
            .bind(i64::from(right.can_write))
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Ends a client's token and its part in every group, and takes its certificates, for good; the ledger is owed what `entry` makes of
/// its roles.
///
/// # Errors
/// When there is no such client, or the store can't be written.
pub async fn revoke(store: &Store, called: &str, at: Micros, entry: &RoleEntry<'_>) -> Result<()> {
    let mut tx = store.write().await?;
    let row = sqlx::query("SELECT role FROM clients WHERE name = $1 AND revoked IS NULL")
        .bind(called)
        .fetch_optional(&mut *tx)
        .await?;
    let role: String = row.ok_or_else(|| unknown(called))?.try_get(0)?;
    sqlx::query("UPDATE clients SET revoked = $2 WHERE name = $1").bind(called).bind(at).execute(&mut *tx).await?;
    certificates::untie_all(&mut tx, called).await?;
    owed::owe(&mut tx, called, &entry(&role, false)?).await?;
    for group in groups::depart_all(&mut tx, called, at).await? {
        owed::owe(&mut tx, called, &entry(&groups::role(&group), false)?).await?;
    }
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Says to which public key others may seal what is for a client, from now on; nothing takes it away. The text is kept as it is.
///
/// # Errors
/// When there is no such client, or the store can't be written.
pub async fn seal_to(store: &Store, called: &str, recipient: Option<&str>) -> Result<()> {
    let mut tx = store.write().await?;
    let there = sqlx::query("SELECT 1 FROM clients WHERE name = $1 AND revoked IS NULL").bind(called);
    if there.fetch_optional(&mut *tx).await?.is_none() {
        return Err(unknown(called));
    }
    sqlx::query("DELETE FROM seal_keys WHERE client = $1").bind(called).execute(&mut *tx).await?;
    if let Some(recipient) = recipient {
        sqlx::query("INSERT INTO seal_keys (client, recipient) VALUES ($1, $2)")
            .bind(called)
            .bind(recipient)
            .execute(&mut *tx)
            .await?;
    }
    groups::count_change_of(&mut tx, called).await?;
    tx.commit().await?;
    Ok(())
}

/// All clients by name, those that were revoked too.
///
/// # Errors
/// When the store can't be read.
pub async fn clients(store: &Store) -> Result<Vec<Client>> {
    let mut tx = store.read().await?;
    let rows =
        sqlx::query("SELECT client, collection, can_read, can_write FROM client_rights ORDER BY client, collection")
            .fetch_all(&mut *tx)
            .await?;
    let mut rights: HashMap<String, Vec<Right>> = HashMap::new();
    for row in &rows {
        rights.entry(row.try_get(0)?).or_default().push(Right {
            collection: row.try_get(1)?,
            can_read: row.try_get::<i64, _>(2)? != 0,
            can_write: row.try_get::<i64, _>(3)? != 0,
        });
    }
    let mut certificates = certificates::all(&mut tx).await?;
    let rows =
        sqlx::query("SELECT name, role, token, made, revoked FROM clients ORDER BY name").fetch_all(&mut *tx).await?;
    rows.iter()
        .map(|row| {
            let name: String = row.try_get(0)?;
            Ok(Client {
                rights: rights.remove(&name).unwrap_or_default(),
                certificates: certificates.remove(&name).unwrap_or_default(),
                name,
                role: row.try_get(1)?,
                token: row.try_get(2)?,
                made: row.try_get(3)?,
                revoked: row.try_get(4)?,
            })
        })
        .collect()
}

/// How often clients or collections changed: who keeps them in memory reads them anew when this differs.
///
/// # Errors
/// When the store can't be read.
pub async fn changes(store: &Store) -> Result<i64> {
    let row = sqlx::query("SELECT changes FROM exchange_clock").fetch_optional(store.pool()).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
}

pub(super) fn unknown(called: &str) -> Error {
    Error::unknown(format!("there is no client `{called}` whose token is valid"), "`stillwatch client list` shows all")
}

/// Checks a name that stands in URLs and in HTTP's Basic authentication.
pub(crate) fn name(what: &str, text: &str) -> Result<()> {
    let fits = (1..=100).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if fits {
        return Ok(());
    }
    Err(Error::refused(
        format!("`{}` is no {what}", text.chars().filter(|c| !c.is_control()).take(60).collect::<String>()),
        "use lower-case letters, digits, `.`, `-` and `_`, at most 100, beginning with a letter or digit",
    ))
}
