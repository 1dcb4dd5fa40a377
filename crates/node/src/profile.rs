//! Profile: putting one in force, and loading the one that is.
//! In: a profile's files, trusted keys, who and when. Out: a `Profile` that may release.
//! Invariant: what is in force was signed by somebody trusted when it was put there, and is verified again each time it is used;
//! a clock that was moved back brings no expired profile to life.
//! Not here: what a profile says, and its signature (`share`).

use std::collections::BTreeMap;

use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use stillwatch_ledger::{Entry, What};
use stillwatch_share::{Files, Profile, Trust};
use stillwatch_track::profiles::{self, Adopted};
use stillwatch_track::{By, Store, releases};

use crate::error::{Error, Result};
use crate::release::entries;

/// Puts a profile in force; `None`: it is already.
///
/// # Errors
/// When it doesn't load, a later version is in force, or the store can't be written.
pub async fn adopt(store: &Store, files: Files, keys: &[VerifyingKey], by: &By) -> Result<Option<Adopted>> {
    let now = now(store, by).await?;
    let mut texts = BTreeMap::new();
    for (name, bytes) in &files {
        let text = String::from_utf8(bytes.clone()).map_err(|_| {
            Error::refused(
                format!("`{name}` is no text in UTF-8"),
                "keep only the profile's own files in its directory",
            )
        })?;
        texts.insert(name.clone(), text);
    }
    let profile = Profile::load(files, &Trust { keys, now, last_seen: None })?;
    let about = &profile.draft().about;
    let adopted = Adopted {
        name: about.name.clone(),
        version: about.version,
        digest: profile.digest().to_owned(),
        files: texts,
        adopted: by.at,
        author: by.author.clone(),
    };
    let entry = |from: Option<u64>| {
        entries::text(&Entry {
            at: entries::at(by.at),
            by: entries::name(&by.author),
            what: What::Policy {
                profile: adopted.name.clone(),
                from: from.map(|version| version.to_string()),
                to: Some(adopted.version.to_string()),
                hash: format!("sha256:{}", adopted.digest),
            },
        })
    };
    let is_new = profiles::adopt(store, &adopted, by, &entry).await?;
    Ok(is_new.then_some(adopted))
}

/// The profile in force of a name, verified.
///
/// # Errors
/// When there is none, or it doesn't load.
pub async fn in_force(store: &Store, name: &str, keys: &[VerifyingKey], by: &By) -> Result<Profile> {
    let adopted = profiles::in_force(store, name).await?;
    let files: Files = adopted.files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    let now = now(store, by).await?;
    let profile = Profile::load(files, &Trust { keys, now, last_seen: Some(adopted.version) })?;
    if profile.digest() != adopted.digest {
        return Err(Error::refused(
            format!("the files of profile `{name}` in the store are not those that were put in force"),
            "restore a backup of the store, or put a higher version in force",
        ));
    }
    Ok(profile)
}

/// The time; where the clock says less than what was written down before, that.
async fn now(store: &Store, by: &By) -> Result<Timestamp> {
    Ok(entries::at(by.at.max(releases::latest(store).await?)))
}
