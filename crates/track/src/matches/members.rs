//! Members: with whom may be matched, and how they are reached.
//! In: a name, the public key of its channels, a peer. Out: the same.
//! Invariant: a member's key is changed by a person, never by what comes over a line.
//! Not here: our own key, which is in a file.

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use crate::by::By;
use crate::error::{Error, Result};
use crate::exchange::name;
use crate::peers::peer;
use crate::store::Store;

/// A member with whom may be matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its node's name, as both sides know it.
    pub name: String,
    /// The public key of its channels (X25519), 64 hexadecimal digits.
    pub key: String,
    /// The peer whose server is asked.
    pub peer: String,
    /// Whether that peer passes on to the member, and isn't the member itself.
    pub relayed: bool,
    /// When it was added.
    #[serde(skip)]
    pub made: Micros,
}

/// Adds a member; one that is there gets the new key and way.
///
/// # Errors
/// When the name or key can't be one, there is no such peer, or the store can't be written.
pub async fn add(store: &Store, member: &Member, by: &By) -> Result<()> {
    name("name of a member", &member.name)?;
    let is_key = member.key.len() == 64 && member.key.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !is_key {
        return Err(Error::refused(
            format!("the key of `{}` isn't 64 hexadecimal digits", member.name),
            "the member's `stillwatch match key` prints it; compare it over another way than the network",
        ));
    }
    if !member.peer.is_empty() {
        peer(store, &member.peer).await?;
    }
    let mut tx = store.write().await?;
    sqlx::query(
        "INSERT INTO match_members (name, key, peer, relayed, made, author) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (name) DO UPDATE SET key = excluded.key, peer = excluded.peer, relayed = excluded.relayed, \
         made = excluded.made, author = excluded.author",
    )
    .bind(&member.name)
    .bind(&member.key)
    .bind(&member.peer)
    .bind(i64::from(member.relayed))
    .bind(by.at)
    .bind(&by.author)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

const COLUMNS: &str = "name, key, peer, relayed, made";

/// All members, by name.
///
/// # Errors
/// When the store can't be read.
pub async fn members(store: &Store) -> Result<Vec<Member>> {
    let sql = format!("SELECT {COLUMNS} FROM match_members ORDER BY name");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(store.pool()).await?;
    rows.iter().map(read).collect()
}

/// One member.
///
/// # Errors
/// When there is none of that name, or the store can't be read.
pub async fn member(store: &Store, called: &str) -> Result<Member> {
    let sql = format!("SELECT {COLUMNS} FROM match_members WHERE name = $1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(called).fetch_optional(store.pool()).await?;
    row.as_ref().map(read).transpose()?.ok_or_else(|| unknown(called))
}

/// Removes a member, with what was agreed on with it; what was found stays.
///
/// # Errors
/// When there is none of that name, or the store can't be written.
pub async fn remove(store: &Store, called: &str) -> Result<()> {
    let mut tx = store.write().await?;
    let done = sqlx::query("DELETE FROM match_members WHERE name = $1").bind(called).execute(&mut *tx).await?;
    if done.rows_affected() == 0 {
        return Err(unknown(called));
    }
    for table in ["agreements", "agreement_approvals"] {
        let sql = format!("DELETE FROM {table} WHERE member = $1");
        sqlx::query(AssertSqlSafe(sql)).bind(called).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn unknown(called: &str) -> Error {
    Error::unknown(
        format!("there is no member `{called}` to match with"),
        "`stillwatch match member add` adds one; `stillwatch match member list` shows all",
    )
}

fn read(row: &AnyRow) -> Result<Member> {
    Ok(Member {
        name: row.try_get(0)?,
        key: row.try_get(1)?,
        peer: row.try_get(2)?,
        relayed: row.try_get::<i64, _>(3)? != 0,
        made: row.try_get(4)?,
    })
}
