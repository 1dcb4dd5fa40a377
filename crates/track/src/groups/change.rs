//! Change: groups are made and ended, members come and go.
//! In: a group's id, a client's name, when. Out: rows; what the ledger is owed for each.
//! Invariant: one transaction with what the ledger is owed; every change counts up the group's counter, and the one by which nodes
//! see that they must read rights anew.
//! Not here: which clients may be in a group (the node).

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;
use uuid::Uuid;

use super::{Group, role};
use crate::error::{Error, Result};
use crate::exchange::{NewCollection, changed, make_in};
use crate::owed;
use crate::store::Store;

/// What a new group is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// Its id, a UUID; one is made up where there is none.
    pub id: Option<String>,
    /// What people call it: the title of its collection too.
    pub name: String,
    /// The API root of its collection.
    pub root: String,
    /// A word that may stand for its collection's id.
    pub alias: Option<String>,
    /// The strictest TLP that its collection takes, 0 for clear to 4 for red.
    pub most_tlp: u8,
    /// The strictest PAP that its collection takes, 0 for clear to 3 for red.
    pub most_pap: u8,
}

/// Makes the ledger's entry for a client that gets (`true`) or loses the part in a group that the second text names.
pub type MemberEntry<'a> = dyn Fn(&str, &str, bool) -> Result<String> + Sync + 'a;

/// Makes a group and its collection. Nobody is in it yet.
///
/// # Errors
/// When its id or alias is taken or can't be one, or the store can't be written.
pub async fn make(store: &Store, new: &NewGroup, at: Micros) -> Result<Group> {
    let fits = |c: char| !c.is_control();
    if new.name.trim().is_empty() || new.name.chars().count() > 100 || !new.name.chars().all(fits) {
        return Err(Error::refused("a group needs a name of one line, at most 100 characters", "give one"));
    }
    let id = match &new.id {
        Some(id) => uuid(id)?,
        None => Uuid::new_v4().to_string(),
    };
    let mut tx = store.write().await?;
    if sqlx::query("SELECT 1 FROM sharing_groups WHERE id = $1").bind(&id).fetch_optional(&mut *tx).await?.is_some() {
        return Err(Error::refused(
            format!("there is a group `{id}` already, or was one"),
            "`stillwatch group list` shows it; choose another",
        ));
    }
    let collection = NewCollection {
        id: None,
        root: new.root.clone(),
        alias: new.alias.clone(),
        title: new.name.clone(),
        description: Some(format!("What the sharing group {id} shares")),
        can_read: true,
        can_write: true,
        profile: None,
        most_tlp: new.most_tlp,
        most_pap: new.most_pap,
    };
    let collection = make_in(&mut tx, &collection, at).await?;
    sqlx::query("INSERT INTO sharing_groups (id, name, collection, made, changes) VALUES ($1, $2, $3, $4, 1)")
        .bind(&id)
        .bind(&new.name)
        .bind(collection.number)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    let (name, root, collection) = (new.name.clone(), collection.root, collection.id);
    Ok(Group { id, name, root, collection, made: at, ended: None, changes: 1, members: Vec::new() })
}

/// A client joins a group.
///
/// # Errors
/// When there is no such group or client, it is in it already, or the store can't be written.
pub async fn join(store: &Store, id: &str, client: &str, at: Micros, entry: &MemberEntry<'_>) -> Result<()> {
    let id = uuid(id)?;
    let mut tx = store.write().await?;
    goes_on(&mut tx, &id).await?;
    let there = sqlx::query("SELECT 1 FROM clients WHERE name = $1 AND revoked IS NULL").bind(client);
    if there.fetch_optional(&mut *tx).await?.is_none() {
        return Err(Error::unknown(
            format!("there is no client `{client}` whose token is valid"),
            "`stillwatch client list` shows all",
        ));
    }
    if is_in(&mut tx, &id, client).await? {
        return Err(Error::refused(format!("`{client}` is in the group already"), "nothing needs to be done"));
    }
    // Who comes again within a clock's step, or after it was moved back, still has a row of its own.
    let last: Option<i64> = sqlx::query("SELECT MAX(joined) FROM group_members WHERE group_id = $1 AND client = $2")
        .bind(&id)
        .bind(client)
        .fetch_one(&mut *tx)
        .await?
        .try_get(0)?;
    let joined = at.max(last.map_or(at, |last| last + 1));
    sqlx::query("INSERT INTO group_members (group_id, client, joined) VALUES ($1, $2, $3)")
        .bind(&id)
        .bind(client)
        .bind(joined)
        .execute(&mut *tx)
        .await?;
    owed::owe(&mut tx, client, &entry(client, &role(&id), true)?).await?;
    count(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(())
}

/// A client leaves a group: a running node hears of it within a second.
///
/// # Errors
/// When there is no such group, the client isn't in it, or the store can't be written.
pub async fn leave(store: &Store, id: &str, client: &str, at: Micros, entry: &MemberEntry<'_>) -> Result<()> {
    let id = uuid(id)?;
    let mut tx = store.write().await?;
    goes_on(&mut tx, &id).await?;
    if !is_in(&mut tx, &id, client).await? {
        return Err(Error::unknown(
            format!("`{client}` isn't in the group"),
            format!("`stillwatch group show {id}` says who is"),
        ));
    }
    depart(&mut tx, &id, client, at, entry).await?;
    count(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends a group: everybody leaves it, and nobody joins it again. What it shared stays, for who runs the node.
///
/// # Errors
/// When there is no such group, or the store can't be written.
pub async fn end(store: &Store, id: &str, at: Micros, entry: &MemberEntry<'_>) -> Result<()> {
    let id = uuid(id)?;
    let mut tx = store.write().await?;
    goes_on(&mut tx, &id).await?;
    let rows = sqlx::query("SELECT client FROM group_members WHERE group_id = $1 AND departed IS NULL ORDER BY client")
        .bind(&id)
        .fetch_all(&mut *tx)
        .await?;
    for row in &rows {
        depart(&mut tx, &id, &row.try_get::<String, _>(0)?, at, entry).await?;
    }
    sqlx::query("UPDATE sharing_groups SET ended = $2 WHERE id = $1").bind(&id).bind(at).execute(&mut *tx).await?;
    count(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(())
}

async fn depart(
    tx: &mut Transaction<'static, Any>,
    id: &str,
    client: &str,
    at: Micros,
    entry: &MemberEntry<'_>,
) -> Result<()> {
    sqlx::query("UPDATE group_members SET departed = $3 WHERE group_id = $1 AND client = $2 AND departed IS NULL")
        .bind(id)
        .bind(client)
        .bind(at)
        .execute(&mut **tx)
        .await?;
    owed::owe(tx, client, &entry(client, &role(id), false)?).await?;
    Ok(())
}

async fn is_in(tx: &mut Transaction<'static, Any>, id: &str, client: &str) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM group_members WHERE group_id = $1 AND client = $2 AND departed IS NULL")
        .bind(id)
        .bind(client)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.is_some())
}

async fn goes_on(tx: &mut Transaction<'static, Any>, id: &str) -> Result<()> {
    let row = sqlx::query("SELECT ended FROM sharing_groups WHERE id = $1").bind(id).fetch_optional(&mut **tx).await?;
    match row.map(|row| row.try_get::<Option<i64>, _>(0)).transpose()? {
        Some(None) => Ok(()),
        Some(Some(_)) => Err(Error::refused(format!("the group `{id}` has ended"), "make another")),
        None => Err(Error::unknown(format!("there is no group `{id}`"), "`stillwatch group list` shows all")),
    }
}

/// Counts a change of a group, and that rights must be read anew.
async fn count(tx: &mut Transaction<'static, Any>, id: &str) -> Result<()> {
    sqlx::query("UPDATE sharing_groups SET changes = changes + 1 WHERE id = $1").bind(id).execute(&mut **tx).await?;
    changed(tx).await
}

fn uuid(text: &str) -> Result<String> {
    let uuid = Uuid::parse_str(text).map_err(|e| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
        Error::refused(format!("`{shown}` is no id of a group: {e}"), "ids are UUIDs")
    })?;
    Ok(uuid.to_string())
}
