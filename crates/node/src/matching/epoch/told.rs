//! Told: what the ledger is told of an epoch.
//! In: a step. Out: an entry; what is owed, taken over.
//! Invariant: names, sizes rounded up, hashes; never an element.
//! Not here: the ledger.

use stillwatch_ledger::{Entry, Step, What};
use stillwatch_matching::padded;
use stillwatch_track::{By, owed};

use super::known::{Known, now};
use crate::error::Result;
use crate::matching::Place;
use crate::release::entries::{at, name, text};

/// Members that one entry may name (`ledger::Entry`).
const MOST: usize = 64;

/// What happened.
pub(super) struct Told<'a> {
    pub(super) step: Step,
    pub(super) with: &'a [String],
    /// Elements of our own set, and of the others'; none stays none.
    pub(super) own: u64,
    pub(super) theirs: u64,
    /// SHA-256, in hexadecimal.
    pub(super) hash: Option<&'a str>,
}

impl Told<'_> {
    /// The entry of it.
    pub(super) fn entry(&self, place: &Place, known: &Known) -> Result<String> {
        let sized = |count: u64| if count == 0 { 0 } else { padded(count) };
        let what = What::Match {
            round: known.row.id.clone(),
            step: self.step,
            with: self.with.iter().take(MOST).map(|member| name(member)).collect(),
            namespace: known.row.namespace.clone(),
            own: sized(self.own),
            theirs: sized(self.theirs),
            budget: Some(known.terms.budget),
            profile: Some(known.row.profile.clone()).filter(|profile| !profile.is_empty()),
            hash: self.hash.map(|hash| format!("sha256:{hash}")),
        };
        Ok(text(&Entry { at: at(now()), by: name(&place.name), what })?)
    }

    /// Owes it alone, and has it taken over.
    pub(super) async fn owe(&self, place: &Place, known: &Known) -> Result<()> {
        owed::owe_alone(&place.store, &known.row.id, &self.entry(place, known)?).await?;
        take_over(place).await
    }
}

/// Has the ledger take over what it is owed, where there is one.
pub(super) async fn take_over(place: &Place) -> Result<()> {
    if let Some(record) = &place.record {
        record.take_over(&place.store, &By { author: place.name.clone(), at: now() }).await?;
    }
    Ok(())
}
