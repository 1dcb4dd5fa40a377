//! Profiles: those that a person put in force, with the files that were signed.
//! In: a profile's name, version, digest and files. Out: the one in force of a name.
//! Invariant: a version is never replaced; the highest of a name is in force; each change is owed to the ledger.
//! Not here: signatures, and what a profile says (`share`).

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;

use crate::by::By;
use crate::error::{Error, Result};
use crate::owed;
use crate::store::Store;

/// A profile that was put in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// SHA-256 of what was signed.
    pub digest: String,
    /// Its files, with the signature. They are text; what isn't is no profile.
    #[serde(skip)]
    pub files: BTreeMap<String, String>,
    /// When, microseconds since the epoch.
    pub adopted: Micros,
    /// By whom.
    pub author: String,
}

const COLUMNS: &str = "name, version, digest, files, adopted, author";

/// Puts a profile in force. `entry` makes the ledger's entry from the version before. The same one again changes nothing.
///
/// # Errors
/// When a later version is in force, another content has that version, or the store can't be written.
pub async fn adopt(
    store: &Store,
    profile: &Adopted,
    by: &By,
    entry: &(dyn Fn(Option<u64>) -> Result<String> + Sync),
) -> Result<bool> {
    let mut tx = store.write().await?;
    let sql = format!("SELECT {COLUMNS} FROM profiles WHERE name = $1 ORDER BY version DESC LIMIT 1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(&profile.name).fetch_optional(&mut *tx).await?;
    let before = row.as_ref().map(read).transpose()?;
    if let Some(before) = &before {
        let (name, version) = (&profile.name, profile.version);
        if before.version == version && before.digest == profile.digest {
            return Ok(false);
        }
        if before.version >= version {
            return Err(Error::refused(
                format!("`{name}` is in force with version {}; this one has version {version}", before.version),
                "raise its `version`, test and sign it anew",
            ));
        }
    }
    sqlx::query("INSERT INTO profiles (name, version, digest, files, adopted, author) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&profile.name)
        .bind(i64::try_from(profile.version).unwrap_or(i64::MAX))
        .bind(&profile.digest)
        .bind(serde_json::to_string(&profile.files)?)
        .bind(by.at)
        .bind(&by.author)
        .execute(&mut *tx)
        .await?;
    owed::owe(&mut tx, &profile.name, &entry(before.map(|before| before.version))?).await?;
    tx.commit().await?;
    Ok(true)
}

/// The profile in force of a name.
///
/// # Errors
/// When there is none, or the store can't be read.
pub async fn in_force(store: &Store, name: &str) -> Result<Adopted> {
    let mut tx = store.read().await?;
    let sql = format!("SELECT {COLUMNS} FROM profiles WHERE name = $1 ORDER BY version DESC LIMIT 1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(name).fetch_optional(&mut *tx).await?;
    row.as_ref().map(read).transpose()?.ok_or_else(|| {
        Error::unknown(
            format!("no profile `{name}` is in force"),
            "`stillwatch policy adopt DIR` puts one in force, once it is signed",
        )
    })
}

/// All that were ever in force, by name and version.
///
/// # Errors
/// When the store can't be read.
pub async fn all(store: &Store) -> Result<Vec<Adopted>> {
    let mut tx = store.read().await?;
    let sql = format!("SELECT {COLUMNS} FROM profiles ORDER BY name, version");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Adopted> {
    let files: String = row.try_get(3)?;
    Ok(Adopted {
        name: row.try_get(0)?,
        version: crate::campaign::count(row.try_get(1)?),
        digest: row.try_get(2)?,
        files: serde_json::from_str(&files)?,
        adopted: row.try_get(4)?,
        author: row.try_get(5)?,
    })
}
