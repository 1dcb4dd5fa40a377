//! Review: people's decisions about releases.
//! In: who, what they say. Out: how the release stands; what the ledger is owed for it.
//! Invariant: what was proposed under a profile is approved under the same one, in force now; whoever may have got something that
//! is taken back is told.
//! Not here: rules of who may decide (`track::releases`), authentication (the caller).

use ed25519_dalek::VerifyingKey;
use stillwatch_ledger::Outcome;
use stillwatch_stix::version;
use stillwatch_track::releases::{self, Delivery, Fate, Item, Release, Revocation};
use stillwatch_track::{By, Store, instant};

use super::entries::{self, decision, released};
use super::propose::version_of;
use crate::error::{Error, Result};
use crate::{intel, profile};

/// Types that say nothing wrong when the rest is taken back: who tells, techniques, markings; and observables, which have no versions.
const STAY: [&str; 4] = ["identity", "attack-pattern", "marking-definition", "extension-definition"];

/// Approves a release.
///
/// # Errors
/// When the profile isn't in force as it was proposed under, it is the approver's own, or the store can't be written.
pub async fn approve(store: &Store, id: &str, keys: &[VerifyingKey], by: &By) -> Result<Release> {
    let release = releases::release(store, id).await?;
    let profile = profile::in_force(store, &release.profile, keys, by).await?;
    if profile.digest() != release.digest {
        return Err(Error::refused(
            format!(
                "`{}` was proposed under version {} of `{}`; version {} is in force now",
                release.id,
                release.version,
                release.profile,
                profile.draft().about.version
            ),
            "reject it and propose it anew",
        ));
    }
    if release.subject.starts_with("indicator--") {
        sighted(store, &release, by).await?;
    }
    Ok(releases::approve(store, &release.id, by, &entries::released).await?)
}

/// What others took back since it was proposed is not sighted.
async fn sighted(store: &Store, release: &Release, by: &By) -> Result<()> {
    intel::follow(store).await?;
    let items = releases::items(store, &release.id).await?;
    let of = |item: &Item| {
        let body: serde_json::Value = serde_json::from_str(&item.body).ok()?;
        Some(body.get("sighting_of_ref")?.as_str()?.to_owned())
    };
    let ids: Vec<String> = items.iter().filter(|item| item.kind == "sighting").filter_map(of).collect();
    let weighed = intel::weigh(store, &ids, &intel::Decay::default(), entries::at(by.at)).await?;
    match weighed.values().find(|one| one.is_withdrawn()) {
        Some(one) => Err(Error::refused(
            format!("`{}` was taken back, or no peer has it any longer: it is not sighted", one.id),
            "reject the release",
        )),
        None => Ok(()),
    }
}

/// Rejects a release.
///
/// # Errors
/// When it isn't open, or the store can't be written.
pub async fn reject(store: &Store, id: &str, because: &str, by: &By) -> Result<Release> {
    let owes = |release: &Release| decision(&release.id, Outcome::Rejected, &reason(because, &release.id), by);
    Ok(releases::reject(store, id, because, by, &owes).await?)
}

/// Takes a release back. Returns the release that tells those who may have got it, where there are such.
///
/// # Errors
/// When it isn't there to be taken back, or the store can't be written.
pub async fn withdraw(store: &Store, id: &str, because: &str, by: &By) -> Result<(Release, Option<Release>)> {
    let now = instant(by.at);
    let revocation = Revocation {
        owes: &|release: &Release| decision(&release.id, Outcome::Withdrawn, &reason(because, &release.id), by),
        items: &|sent| sent.iter().filter_map(|item| taken_back(item, &now)).collect(),
        entries: &released,
    };
    Ok(releases::withdraw(store, id, because, by, &revocation).await?)
}

/// Writes down that a recipient said that they have it.
///
/// # Errors
/// When nothing was handed over to them, or the store can't be written.
pub async fn acknowledge(store: &Store, id: &str, recipient: &str, by: &By) -> Result<Delivery> {
    let owes = |release: &str| decision(release, Outcome::Acknowledged, &format!("by {recipient}"), by);
    Ok(releases::acknowledge(store, id, recipient, by, &owes).await?)
}

/// The version that takes an object back: the bytes that the recipient has, `revoked`, later. `None` where that can't be said of it.
///
/// It tells nothing that the recipient doesn't have, so that no profile has to permit it: what is wrong can always be taken back.
fn taken_back(item: &Item, now: &str) -> Option<Item> {
    if STAY.contains(&item.kind.as_str()) {
        return None;
    }
    let body = version::revoke(&item.body, now).ok().filter(|body| *body != item.body)?;
    Some(Item {
        version: version_of(&body),
        hash: hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&body)),
        body,
        fate: Fate::Leaves,
        until: i64::MAX,
        because: "takes back what was sent".to_owned(),
        notes: "[]".to_owned(),
        entry: None,
        ..item.clone()
    })
}

/// The ledger refers to the reason, whose words stay home: a code or a ticket's id may stand there, free text may not.
fn reason(because: &str, release: &str) -> String {
    let is_code = because.len() <= 64 && !because.is_empty() && !because.contains(char::is_whitespace);
    if is_code { because.to_owned() } else { format!("see the history of {release}") }
}
