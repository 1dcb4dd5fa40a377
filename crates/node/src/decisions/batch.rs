//! Batch: what one turn did to decisions, as one entry of the ledger; and whether the store still says the same.
//! In: changes with their decisions; entries and the store. Out: an entry to be owed; what differs.
//! Invariant: an entry has counts, names of rules and a hash, never an account; it is owed in the transaction of its changes.
//! Not here: handing entries over to the ledger (`record.rs`), verifying the ledger itself (`ledger`).
//!
//! The hash is SHA-256 over the changes in order, a line each: number of the change, number of the decision, what was done, when
//! (microseconds since 1970), SHA-256 of the decision in hexadecimal; a space between, a line feed at the end. The decision is
//! hashed as canonical JSON (RFC 8785) without what becomes different later: `evidence`, `expires`, `history`, `since`, `state`. So
//! the line can be made again from what the store keeps, whatever happened to the decision afterwards. That a decision was taken
//! back is a change of its own, and its state has to fit its last change. Until when a renewed decision holds isn't covered.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use stillwatch_ledger::{Entry, What};
use stillwatch_model::canonical;
use stillwatch_track::decisions::{self, Change, Kept};
use stillwatch_track::{By, Store};

use super::kept::{keep, number, unreadable};
use crate::release::entries;
use crate::{Record, Result};

/// Parts of a decision that become different in its life.
const LATER: [&str; 5] = ["evidence", "expires", "history", "since", "state"];
/// Rules that one entry names (`ledger::Entry`).
const MOST: usize = 64;
/// Changes read at once.
const PAGE: u32 = 5_000;
/// Differences that are told one by one.
const TOLD: usize = 100;

/// Renewals alone are no entry.
fn is_renewal(change: &Change) -> bool {
    change.done == "renewed"
}

/// States of a decision that was taken back.
fn is_back(state: &str) -> bool {
    matches!(state, "withdrawn" | "reversed")
}

/// The entry that a turn owes the ledger: what it is about, and the entry; none where nothing but renewals was done.
pub(super) fn owed(changes: &[Change], kept: &[Kept], by: &By) -> Result<Option<(String, String)>> {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return Ok(None) };
    if changes.iter().all(is_renewal) {
        return Ok(None);
    }
    let known: BTreeMap<i64, &Kept> = kept.iter().map(|one| (one.id, one)).collect();
    let mut hash = Sha256::new();
    let mut rules: BTreeSet<&str> = BTreeSet::new();
    let (mut made, mut renewed, mut taken_back, mut reversed) = (0, 0, 0, 0);
    for change in changes {
        let one =
            known.get(&change.decision).ok_or_else(|| unreadable("a change is about a decision that isn't there"))?;
        hash.update(line(change, &one.body)?);
        if one.made_by == "rule" {
            rules.insert(&one.author);
        }
        match change.done.as_str() {
            "made" => made += 1,
            "renewed" => renewed += 1,
            _ if one.state == "reversed" => reversed += 1,
            _ => taken_back += 1,
        }
    }
    let what = What::Acted {
        rules: rules.into_iter().take(MOST).map(entries::name).collect(),
        made,
        renewed,
        taken_back,
        reversed,
        first: number(first.number),
        last: number(last.number),
        hash: format!("sha256:{}", hex::encode(hash.finalize())),
    };
    let entry = Entry { at: entries::at(by.at), by: entries::name(&by.author), what };
    Ok(Some((format!("decisions {}-{}", first.number, last.number), entries::text(&entry)?)))
}

/// A change as it is hashed.
fn line(change: &Change, body: &str) -> Result<String> {
    let mut decision: serde_json::Map<String, serde_json::Value> = serde_json::from_str(body).map_err(unreadable)?;
    decision.retain(|name, _| !LATER.contains(&name.as_str()));
    let bytes = canonical::encode(&decision).map_err(unreadable)?;
    let hash = hex::encode(Sha256::digest(bytes));
    Ok(format!("{} {} {} {} {hash}\n", change.number, change.decision, change.done, change.at))
}

/// What a check of kept decisions against the ledger found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// Entries whose changes are kept and say the same.
    pub entries: u64,
    /// Changes in these.
    pub changes: u64,
    /// Entries of which changes aren't kept any more: nothing can be said of them.
    pub gone: u64,
    /// What differs, a sentence each; the first hundred.
    pub differs: Vec<String>,
}

impl Checked {
    fn differs(&mut self, what: String) {
        if self.differs.len() < TOLD {
            self.differs.push(what);
        }
    }
}

/// Has the ledger take over what it is owed, and holds every kept change against it.
///
/// # Errors
/// When ledger or store can't be read.
pub async fn verify(store: &Store, record: &Record, by: &By) -> Result<Checked> {
    record.take_over(store, by).await?;
    let oldest = decisions::oldest_change(store).await?.unwrap_or(i64::MAX);
    let mut checked = Checked::default();
    // Last change of each decision, and the last change that some entry covers or that came before the first.
    let mut last: BTreeMap<i64, (Change, Kept)> = BTreeMap::new();
    let mut covered: Option<i64> = None;
    for (index, what) in record.acted()? {
        let What::Acted { first, last: end, hash, .. } = &what else { continue };
        let (first, end) = (super::kept::stored(*first), super::kept::stored(*end));
        if let Some(before) = covered {
            between(store, before, first - 1, oldest, &mut checked, &mut last).await?;
        }
        covered = Some(covered.map_or(end, |before| before.max(end)));
        if first < oldest {
            checked.gone += 1;
            continue;
        }
        let all = read(store, first - 1, end).await?;
        let numbers = all.iter().map(|(change, _)| change.number);
        if !numbers.eq(first..=end) {
            checked.differs(format!("entry {index} has changes {first} to {end}; the store hasn't all of them"));
        } else {
            let mut made = Sha256::new();
            for (change, kept) in &all {
                made.update(line(change, &kept.body)?);
            }
            if *hash == format!("sha256:{}", hex::encode(made.finalize())) {
                checked.entries += 1;
                checked.changes += all.len() as u64;
            } else {
                checked.differs(format!(
                    "changes {first} to {end}, or decisions that they are about, aren't those of entry {index}"
                ));
            }
        }
        last.extend(all.into_iter().map(|(change, kept)| (kept.id, (change, kept))));
    }
    if let Some(before) = covered {
        let newest = decisions::clock(store).await?.changed;
        between(store, before, newest, oldest, &mut checked, &mut last).await?;
    }
    for (id, (change, kept)) in last {
        let told = keep(&super::kept::read(&kept)?)?;
        if (Kept { body: String::new(), ..told }) != (Kept { body: String::new(), ..kept.clone() }) {
            checked.differs(format!("decision {id} is looked up by something else than it says"));
        }
        if is_back(&kept.state) != (change.done == "taken-back") {
            let (state, done, number) = (&kept.state, &change.done, change.number);
            checked.differs(format!("decision {id} is `{state}`, and its last change is `{done}` ({number})"));
        }
    }
    Ok(checked)
}

/// Changes that no entry covers can only be renewals.
async fn between(
    store: &Store,
    after: i64,
    until: i64,
    oldest: i64,
    checked: &mut Checked,
    last: &mut BTreeMap<i64, (Change, Kept)>,
) -> Result<()> {
    let all = read(store, after.max(oldest.saturating_sub(1)), until).await?;
    for (change, kept) in all {
        if !is_renewal(&change) {
            checked.differs(format!("change {} (`{}`) is in no entry", change.number, change.done));
        }
        last.insert(kept.id, (change, kept));
    }
    Ok(())
}

/// Changes with their decisions as they are now.
async fn read(store: &Store, mut after: i64, until: i64) -> Result<Vec<(Change, Kept)>> {
    let mut all = Vec::new();
    while after < until {
        let page = decisions::changes(store, after, PAGE).await?;
        let Some((newest, _)) = page.last() else { break };
        after = newest.number;
        all.extend(page.into_iter().filter(|(change, _)| change.number <= until));
    }
    Ok(all)
}
