//! Collections: into which objects are put, and what of them may be seen (TAXII 2.1, section 5).
//! In: what a new one is to be. Out: all that there are.
//! Invariant: a number and an id are one collection's for ever; an object stricter than its collection's levels is never shown.
//! Not here: who may use one (`clients.rs`).

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::store::Store;

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its number in this store.
    pub number: i64,
    /// Its id, a UUID.
    pub id: String,
    /// Path of the API root in which it is.
    pub root: String,
    /// A name that may stand in the place of its id.
    pub alias: Option<String>,
    /// What people call it.
    pub title: String,
    /// What is in it.
    pub description: Option<String>,
    /// Whether anybody may read it.
    pub can_read: bool,
    /// Whether anybody may write into it.
    pub can_write: bool,
    /// The sharing profile under which it is filled.
    pub profile: Option<String>,
    /// The strictest TLP of an object that is shown, 0 for clear to 4 for red.
    pub most_tlp: u8,
    /// The strictest PAP of an object that is shown, 0 for clear to 3 for red.
    pub most_pap: u8,
}

/// What a new collection is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCollection {
    /// Its id, a UUID; one is made up where there is none.
    pub id: Option<String>,
    /// See [`Collection`].
    pub root: String,
    /// See [`Collection`].
    pub alias: Option<String>,
    /// See [`Collection`].
    pub title: String,
    /// See [`Collection`].
    pub description: Option<String>,
    /// See [`Collection`].
    pub can_read: bool,
    /// See [`Collection`].
    pub can_write: bool,
    /// See [`Collection`].
    pub profile: Option<String>,
    /// See [`Collection`].
    pub most_tlp: u8,
    /// See [`Collection`].
    pub most_pap: u8,
}

/// Makes a collection.
///
/// # Errors
/// When its id, alias or title is taken or can't be one, or the store can't be written.
pub async fn make_collection(store: &Store, new: &NewCollection, at: Micros) -> Result<Collection> {
    let mut tx = store.write().await?;
    let made = make_in(&mut tx, new, at).await?;
    tx.commit().await?;
    Ok(made)
}

/// The same, in a transaction of others.
pub(crate) async fn make_in(tx: &mut Transaction<'static, Any>, new: &NewCollection, at: Micros) -> Result<Collection> {
    if new.title.trim().is_empty() {
        return Err(Error::refused("a collection needs a title", "give one with `--title`"));
    }
    if let Some(alias) = &new.alias {
        crate::exchange::clients::name("alias", alias)?;
        if Uuid::parse_str(alias).is_ok() {
            return Err(Error::refused(format!("the alias `{alias}` is a UUID"), "choose a word"));
        }
    }
    let id = match &new.id {
        Some(id) => Uuid::parse_str(id)
            .map_err(|e| Error::refused(format!("`{id}` is no id of a collection: {e}"), "ids are UUIDs"))?
            .to_string(),
        None => Uuid::new_v4().to_string(),
    };
    let taken = sqlx::query("SELECT 1 FROM collections WHERE id = $1 OR (root = $2 AND alias = $3)")
        .bind(&id)
        .bind(&new.root)
        .bind(new.alias.as_ref())
        .fetch_optional(&mut **tx)
        .await?;
    if taken.is_some() {
        return Err(Error::refused(
            format!("there is a collection with the id or alias `{}` already", new.alias.as_deref().unwrap_or(&id)),
            "`stillwatch collection list` shows it; choose another",
        ));
    }
    let number: i64 =
        sqlx::query("SELECT COALESCE(MAX(number), 0) + 1 FROM collections").fetch_one(&mut **tx).await?.try_get(0)?;
    sqlx::query(
        "INSERT INTO collections (number, id, root, alias, title, description, can_read, can_write, profile, most_tlp, \
         most_pap, made) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(number)
    .bind(&id)
    .bind(&new.root)
    .bind(new.alias.as_ref())
    .bind(&new.title)
    .bind(new.description.as_ref())
    .bind(i64::from(new.can_read))
    .bind(i64::from(new.can_write))
    .bind(new.profile.as_ref())
    .bind(i64::from(new.most_tlp))
    .bind(i64::from(new.most_pap))
    .bind(at)
    .execute(&mut **tx)
    .await?;
    changed(tx).await?;
    let NewCollection { root, alias, title, description, can_read, can_write, profile, most_tlp, most_pap, .. } =
        new.clone();
    Ok(Collection { number, id, root, alias, title, description, can_read, can_write, profile, most_tlp, most_pap })
}

/// All collections, in the order in which they were made.
///
/// # Errors
/// When the store can't be read.
pub async fn collections(store: &Store) -> Result<Vec<Collection>> {
    let rows = sqlx::query(
        "SELECT number, id, root, alias, title, description, can_read, can_write, profile, most_tlp, most_pap \
         FROM collections ORDER BY number",
    )
    .fetch_all(store.pool())
    .await?;
    let level = |n: i64| u8::try_from(n).unwrap_or(0);
    rows.iter()
        .map(|row| {
            Ok(Collection {
                number: row.try_get(0)?,
                id: row.try_get(1)?,
                root: row.try_get(2)?,
                alias: row.try_get(3)?,
                title: row.try_get(4)?,
                description: row.try_get(5)?,
                can_read: row.try_get::<i64, _>(6)? != 0,
                can_write: row.try_get::<i64, _>(7)? != 0,
                profile: row.try_get(8)?,
                most_tlp: level(row.try_get(9)?),
                most_pap: level(row.try_get(10)?),
            })
        })
        .collect()
}

/// Counts a change of collections or clients, for those who keep a copy in memory.
pub(crate) async fn changed(tx: &mut Transaction<'static, Any>) -> Result<()> {
    sqlx::query(
        "INSERT INTO exchange_clock (place, last, changes) VALUES (1, 0, 1) \
         ON CONFLICT (place) DO UPDATE SET changes = exchange_clock.changes + 1",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
