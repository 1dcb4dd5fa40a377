//! Entries: what the ledger is told of releases and of campaigns.
//! In: releases, deliveries, changes. Out: entries as canonical JSON.
//! Invariant: ids, hashes, names and reasons by reference; never content.
//! Not here: writing them (`record.rs`).

use jiff::Timestamp;
use stillwatch_ledger::{Approval, Change, Entry, Outcome, What};
use stillwatch_model::Micros;
use stillwatch_track::owed::Past;
use stillwatch_track::releases::{Approval as Approved, Item, Owes, Release, grouped};
use stillwatch_track::{By, Error, Result};

/// Members and approvals that one entry may name (`ledger::Entry`).
const MOST: usize = 64;
/// Bytes that a text of an entry may have (`ledger::Entry`).
const LONGEST: usize = 256;

/// An entry as it is owed.
pub(crate) fn text(entry: &Entry) -> Result<String> {
    let refused = |why: String| Error::refused(format!("the ledger can't hold this: {why}"), "shorten what is named");
    let bytes = entry.canonical(0).map_err(|error| refused(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| refused(error.to_string()))
}

/// An instant.
pub(crate) fn at(at: Micros) -> Timestamp {
    Timestamp::from_microsecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A name as an entry may hold it.
pub(crate) fn name(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).collect();
    let end = (0..=LONGEST.min(plain.len())).rev().find(|end| plain.is_char_boundary(*end)).unwrap_or(0);
    let cut = plain.get(..end).unwrap_or_default();
    if cut.is_empty() { "unknown".to_owned() } else { cut.to_owned() }
}

/// The entries of a release that is approved: each object and its bytes once, with all who get them.
pub(crate) fn released(release: &Release, approvals: &[Approved], items: &[Item]) -> Result<Vec<Owes>> {
    let last = approvals.iter().max_by_key(|approval| approval.at);
    let by = last.map_or(&release.author, |approval| &approval.by);
    let when = last.map_or(release.settled.unwrap_or(release.proposed), |approval| approval.at);
    let approvals: Vec<Approval> =
        approvals.iter().take(MOST).map(|one| Approval { by: name(&one.by), at: at(one.at) }).collect();
    let mut all = Vec::new();
    for (first, group) in grouped(items) {
        let Some(item) = items.get(first) else { continue };
        for places in group.chunks(MOST) {
            let to = places.iter().filter_map(|at| items.get(*at)).map(|item| item.recipient.clone()).collect();
            let entry = Entry {
                at: at(when),
                by: name(by),
                what: What::Release {
                    object: item.object.clone(),
                    hash: format!("sha256:{}", item.hash),
                    to,
                    profile: release.profile.clone(),
                    profile_version: release.version.to_string(),
                    legal_basis: name(&release.legal_basis),
                    approvals: approvals.clone(),
                },
            };
            all.push(Owes { body: text(&entry)?, items: places.to_vec() });
        }
    }
    Ok(all)
}

/// The entry of a decision about something.
pub(crate) fn decision(about: &str, outcome: Outcome, reason: &str, by: &By) -> Result<String> {
    let what = What::Decision { about: about.to_owned(), outcome, reason: name(reason) };
    text(&Entry { at: at(by.at), by: name(&by.author), what })
}

/// The entry of what a person concluded about a campaign, where it is a conclusion. The reason is a place in the history, whose
/// words stay home.
pub(crate) fn concluded(past: &Past) -> Result<Option<String>> {
    let outcome = match past.became.as_str() {
        "confirmed" | "disrupted" => Outcome::Confirmed,
        "false-positive" | "benign" => Outcome::Dismissed,
        _ => return Ok(None),
    };
    let by = By { author: past.author.clone(), at: past.at };
    decision(&past.campaign, outcome, &format!("{} (history {})", past.became, past.place), &by).map(Some)
}

/// The entry of a role that somebody got or lost.
pub(crate) fn role(whose: &str, role: &str, is_granted: bool, by: &By) -> Result<String> {
    let change = if is_granted { Change::Granted } else { Change::Revoked };
    let what = What::Role { whose: name(whose), role: name(role), change };
    text(&Entry { at: at(by.at), by: name(&by.author), what })
}

/// The entry of examples that somebody looked at.
///
/// # Errors
/// When the ledger couldn't hold it.
pub(crate) fn viewed(about: &str, count: u64, reason: &str, by: &By) -> Result<String> {
    let what = What::View { about: about.to_owned(), count, reason: name(reason) };
    text(&Entry { at: at(by.at), by: name(&by.author), what })
}
