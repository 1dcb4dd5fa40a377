//! Entries: what the ledger is told of matching.
//! In: a step. Out: an entry as canonical JSON.
//! Invariant: who, what kind of thing, how large about, under which profile; never an element.
//! Not here: writing it (`record.rs`).

use stillwatch_ledger::{Entry, Step, What};
use stillwatch_track::By;

use crate::error::Result;
use crate::release::entries;

/// A step of matching, for the ledger.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// The round or epoch.
    pub round: &'a str,
    /// Which step.
    pub step: Step,
    /// With whom.
    pub with: &'a [String],
    /// In which namespace.
    pub namespace: &'a str,
    /// Our padded size.
    pub own: u64,
    /// The others'.
    pub theirs: u64,
    /// Evaluations that may be asked for.
    pub budget: Option<u64>,
    /// The profile with its version.
    pub profile: Option<String>,
    /// What it is bound to.
    pub hash: Option<[u8; 32]>,
}

impl Told<'_> {
    /// The entry.
    ///
    /// # Errors
    /// When a name can't be in one.
    pub fn text(&self, by: &By) -> Result<String> {
        let what = What::Match {
            round: entries::name(self.round),
            step: self.step,
            with: self.with.iter().map(|member| entries::name(member)).collect(),
            namespace: self.namespace.to_owned(),
            own: self.own,
            theirs: self.theirs,
            budget: self.budget,
            profile: self.profile.clone(),
            hash: self.hash.map(|hash| format!("sha256:{}", hex::encode(hash))),
        };
        Ok(entries::text(&Entry { at: entries::at(by.at), by: entries::name(&by.author), what })?)
    }
}
