//! Course: how a campaign went: its windows, its days, and every change to it.
//! In: what the store keeps. Out: serde types that the command line prints, and pictures are drawn from.
//! Invariant: figures of one window are what one run read; nothing here is an estimate without saying so.
//! Not here: the campaign itself (`tracked.rs`), drawing (`report` crate).

use serde::{Deserialize, Serialize};

use crate::tracked::{Evasion, Status, Tracked};
use crate::{Capability, Family, Severity};

/// A campaign in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// A few words for what it does.
    pub technique: String,
    /// Where it stands.
    pub status: Status,
    /// Who looks after it.
    pub assignee: Option<String>,
    /// Score of the last run that saw it.
    pub score: f64,
    /// Severity of the last run that saw it.
    pub severity: Severity,
    /// Whether the last run that saw it had two independent families.
    pub actionable: bool,
    /// First exchange ever seen, RFC 3339 UTC.
    pub first_seen: String,
    /// Last exchange seen, RFC 3339 UTC.
    pub last_seen: String,
    /// When it was first saved, RFC 3339 UTC.
    pub created: String,
    /// When anything about it last changed, RFC 3339 UTC.
    pub modified: String,
    /// Accounts that were ever members.
    pub accounts: u64,
    /// Exchanges, those of windows that overlap counted once.
    pub exchanges: u64,
    /// MITRE ATLAS ids seen in any run.
    pub techniques: Vec<String>,
    /// Capabilities aimed at in any run.
    pub capabilities: Vec<Capability>,
    /// The earlier campaign that it looks like the return of, where nobody refused that; told in lists only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reappears: Option<String>,
}

/// What one run saw of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// The run.
    pub run: String,
    /// First instant of its window, RFC 3339 UTC.
    pub from: String,
    /// Last instant of its window, RFC 3339 UTC.
    pub to: String,
    /// Exchanges of the members in the window.
    pub exchanges: u64,
    /// Of these, the exchanges that count towards the campaign: fewer where windows overlap.
    pub counted: u64,
    /// Members active in the window.
    pub accounts: u64,
    /// Of these, members that no earlier window has.
    pub new_accounts: u64,
    /// Score of the run.
    pub score: f64,
    /// Families that fired.
    pub families: Vec<Family>,
    /// MITRE ATLAS ids.
    pub techniques: Vec<String>,
    /// Capabilities, most first.
    pub capabilities: Vec<Capability>,
    /// Models: (model, exchanges), most first.
    pub models: Vec<(String, u64)>,
    /// Distinct addresses told; 0 when the run read sketches, or when they were deleted.
    pub networks: u64,
    /// How it hid.
    pub evasions: Vec<Evasion>,
}

/// Exchanges a day, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day, `2026-03-02`.
    pub from: String,
    /// Exchanges of each day from then on; overlapping windows are counted once.
    pub exchanges: Vec<u64>,
    /// Whether some run read more than a week, so that its days are estimated from samples.
    pub estimated: bool,
}

/// A change: who, when, what, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When, RFC 3339 UTC.
    pub at: String,
    /// Who.
    pub author: String,
    /// What: `found`, `seen`, `status`, `note`, `merged`, ...
    pub what: String,
    /// How it was; empty when there was nothing before.
    pub before: String,
    /// How it became.
    pub after: String,
    /// The reason given, or the run that brought it.
    pub because: String,
}

/// What a person concluded about a campaign or an account: what calibration learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It harvests.
    TruePositive,
    /// The detector was wrong.
    FalsePositive,
    /// It is what the detector says, and allowed.
    Benign,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 3] = [Verdict::TruePositive, Verdict::FalsePositive, Verdict::Benign];

    /// The name as printed in JSON and stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::TruePositive => "true-positive",
            Verdict::FalsePositive => "false-positive",
            Verdict::Benign => "benign",
        }
    }
}

/// A member over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    /// The account.
    pub account: String,
    /// First instant of the first window that has it, RFC 3339 UTC.
    pub since: String,
    /// Last instant of the last window that has it, RFC 3339 UTC.
    pub until: String,
    /// How surely it belongs, by the last run that has it.
    pub score: f64,
    /// Why, one sentence.
    pub because: String,
    /// The campaign that it split off to.
    pub left_to: Option<String>,
    /// What a person concluded about it.
    pub verdict: Option<Verdict>,
}

/// A campaign with its course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// The campaign.
    pub campaign: Tracked,
    /// What a person last concluded about it.
    pub verdict: Option<Verdict>,
    /// What each run saw, in order of windows.
    pub periods: Vec<Period>,
    /// Exchanges a day.
    pub days: Days,
    /// Other ids that mean this campaign: of findings, and of campaigns that it absorbed.
    pub aliases: Vec<String>,
    /// Things that were deleted, of which a tombstone is left.
    pub tombstones: u64,
}
