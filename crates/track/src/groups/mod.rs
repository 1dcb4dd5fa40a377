//! Groups: sharing groups by UUID, each with a collection of its own, and who is in them.
//! In: names of clients that join and leave. Out: groups with their members, now and before; what peers told of theirs.
//! Invariant: who isn't in a group has no right to its collection, whatever else is granted; who left stays on record.
//! Not here: the ledger's words, and who may ask (the node).

mod change;
mod learned;

pub use change::{MemberEntry, NewGroup, end, join, leave, make};
pub use learned::{Learned, learn, members};

use std::collections::{HashMap, HashSet};

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use crate::error::Result;
use crate::store::Store;

/// A sharing group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id, a UUID: the same at every node that knows of it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The API root of its collection.
    pub root: String,
    /// The id of its collection, a UUID.
    pub collection: String,
    /// When it was made.
    pub made: Micros,
    /// When it ended.
    pub ended: Option<Micros>,
    /// Counts up with every change of who is in it, and of what is said of them.
    pub changes: i64,
    /// Who is in it, and who left, by name and then by when they came.
    pub members: Vec<Member>,
}

/// Somebody in a group, or who was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The client's name.
    pub name: String,
    /// When it came.
    pub joined: Micros,
    /// When it left.
    pub departed: Option<Micros>,
    /// The public key to which others may seal what is for it.
    pub seal_to: Option<String>,
}

/// Whose groups are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// All, those that ended too.
    All,
    /// Those in which this client is now.
    Of(&'a str),
}

/// Groups by id, with their members; only the one with this id where one is named.
///
/// # Errors
/// When the store can't be read.
pub async fn groups(store: &Store, whose: Whose<'_>, id: Option<&str>) -> Result<Vec<Group>> {
    let (all, client) = match whose {
        Whose::All => (1i64, ""),
        Whose::Of(client) => (0, client),
    };
    let mut tx = store.read().await?;
    let rows = sqlx::query(
        "SELECT g.id, g.name, c.root, c.id AS collection_id, g.made, g.ended, g.changes FROM sharing_groups g \
         JOIN collections c ON c.number = g.collection \
         WHERE ($1 = 1 OR EXISTS (SELECT 1 FROM group_members m WHERE m.group_id = g.id AND m.client = $2 \
         AND m.departed IS NULL)) AND ($3 = '' OR g.id = $3) ORDER BY g.id",
    )
    .bind(all)
    .bind(client)
    .bind(id.unwrap_or_default())
    .fetch_all(&mut *tx)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: String = row.try_get(0)?;
        found.push(Group {
            members: members_of(&mut tx, &id).await?,
            id,
            name: row.try_get(1)?,
            root: row.try_get(2)?,
            collection: row.try_get(3)?,
            made: row.try_get(4)?,
            ended: row.try_get(5)?,
            changes: row.try_get(6)?,
        });
    }
    Ok(found)
}

async fn members_of(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Vec<Member>> {
    let rows = sqlx::query(
        "SELECT m.client, m.joined, m.departed, k.recipient FROM group_members m \
         LEFT JOIN seal_keys k ON k.client = m.client AND m.departed IS NULL \
         WHERE m.group_id = $1 ORDER BY m.client, m.joined",
    )
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Member {
                name: row.try_get(0)?,
                joined: row.try_get(1)?,
                departed: row.try_get(2)?,
                seal_to: row.try_get(3)?,
            })
        })
        .collect()
}

/// Which collections are groups', and who is in these groups now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Numbers of all collections of groups.
    pub collections: HashSet<i64>,
    /// Of each client, the collections of the groups in which it is.
    pub of: HashMap<String, Vec<i64>>,
}

/// Reads who may use collections of groups.
///
/// # Errors
/// When the store can't be read.
pub async fn access(store: &Store) -> Result<Access> {
    let mut tx = store.read().await?;
    let mut access = Access::default();
    for row in &sqlx::query("SELECT collection FROM sharing_groups").fetch_all(&mut *tx).await? {
        access.collections.insert(row.try_get(0)?);
    }
    let rows = sqlx::query(
        "SELECT m.client, g.collection FROM group_members m JOIN sharing_groups g ON g.id = m.group_id \
         WHERE m.departed IS NULL AND g.ended IS NULL",
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in &rows {
        access.of.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    Ok(access)
}

/// What the ledger calls being in a group.
pub(crate) fn role(id: &str) -> String {
    format!("group {id}")
}

/// Whether a collection is a group's.
pub(crate) async fn has_collection(tx: &mut Transaction<'static, Any>, number: i64) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM sharing_groups WHERE collection = $1").bind(number);
    Ok(row.fetch_optional(&mut **tx).await?.is_some())
}

/// Ends a client's part in every group in which it is; returns these.
pub(crate) async fn depart_all(tx: &mut Transaction<'static, Any>, client: &str, at: Micros) -> Result<Vec<String>> {
    let rows =
        sqlx::query("SELECT group_id FROM group_members WHERE client = $1 AND departed IS NULL ORDER BY group_id")
            .bind(client)
            .fetch_all(&mut **tx)
            .await?;
    count_change_of(tx, client).await?;
    sqlx::query("UPDATE group_members SET departed = $2 WHERE client = $1 AND departed IS NULL")
        .bind(client)
        .bind(at)
        .execute(&mut **tx)
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Counts a change in every group in which a client is now.
pub(crate) async fn count_change_of(tx: &mut Transaction<'static, Any>, client: &str) -> Result<()> {
    sqlx::query(
        "UPDATE sharing_groups SET changes = changes + 1 WHERE id IN \
         (SELECT group_id FROM group_members WHERE client = $1 AND departed IS NULL)",
    )
    .bind(client)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
