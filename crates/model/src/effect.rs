//! Effect: what came of a campaign after it was acted on, and which campaigns look like it came back.
//! In: what the store keeps. Out: serde types that the command line prints, and the `report` crate puts into words.
//! Invariant: counts, never who; hours in which no run looked are told apart from hours in which nothing was seen.
//! Not here: how it is worked out (`track/effect.rs`), words (`report/tracked/effect.rs`).

use serde::{Deserialize, Serialize};

/// What came of a campaign after decisions about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// In one word.
    pub outcome: Outcome,
    /// What was done.
    pub acted: Acted,
    /// At most 14 days before the first decision, from the campaign's first exchange on.
    pub before: Stretch,
    /// The same length after it, as far as that lies in the past and decisions held.
    pub after: Stretch,
    /// The last hour after the first decision in which it was seen, RFC 3339 UTC.
    pub last_seen: Option<String>,
    /// It was quiet, and was seen again.
    pub came_back: Option<CameBack>,
    /// Day by day, from `before` on.
    pub days: Daily,
    /// Whether hours were estimated from samples: some run read more than a week.
    pub estimated: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Less than a tenth of the volume before, over the last seven days that were observed.
    Stopped,
    /// It was quiet for seven observed days, and then was seen again.
    CameBack,
    /// Accounts other than those decided on took over at least half of what these no longer send.
    Moved,
    /// Less than three quarters of the volume before.
    Fell,
    /// Three quarters of the volume before, or more.
    Unchanged,
    /// Seven days aren't over yet.
    TooEarly,
    /// Decisions were taken back or ran out before seven days were over.
    HeldTooShort,
    /// No run looked at seven days after it, or those that did read less than half of what was read before: silence says nothing.
    NotObserved,
    /// Nothing of it was seen in the seven days before: it had ended by itself, or no run looked.
    NothingBefore,
}

/// What was done about a campaign. Decisions that let through aren't counted; rules in shadow make none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// The first decision, RFC 3339 UTC.
    pub first: String,
    /// The last one.
    pub last: String,
    /// Since when none holds any more, RFC 3339 UTC.
    pub ended: Option<String>,
    /// Members that were decided on.
    pub members: u64,
    /// Others that were decided on because of the campaign: networks, clients, accounts that are no members.
    pub others: u64,
    /// Members and others by the strongest action that was decided: (action, how many), strongest first.
    pub actions: Vec<(String, u64)>,
    /// For how many of them a decision holds now.
    pub hold: u64,
    /// For how many of them all decisions were taken back or reversed.
    pub taken_back: u64,
}

/// A stretch of time before or after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its first instant, RFC 3339 UTC.
    pub from: String,
    /// Its end.
    pub to: String,
    /// Hours in it.
    pub hours: u64,
    /// Of these, hours that runs looked at.
    pub observed: u64,
    /// Exchanges of the campaign; windows that overlap are counted once.
    pub exchanges: u64,
    /// Accounts active in windows that lie wholly on this side of the first decision.
    pub accounts: u64,
    /// Of these, accounts that no window before the first decision has.
    pub new_accounts: u64,
    /// Exchanges in those windows by members that were known before, and decided on.
    pub by_decided: u64,
    /// Exchanges in those windows by everybody else.
    pub by_others: u64,
    /// Exchanges that runs read of everybody, about: of windows that overlap, the one that read most.
    pub read: u64,
}

impl Stretch {
    /// Exchanges a day, over the hours that were observed; 0 where none was.
    #[must_use]
    pub fn a_day(&self) -> f64 {
        self.per_day(self.exchanges)
    }

    /// A count as a rate a day, over the hours that were observed.
    #[must_use]
    pub fn per_day(&self, count: u64) -> f64 {
        if self.observed == 0 { 0.0 } else { count as f64 * 24.0 / self.observed as f64 }
    }
}

/// A campaign that was quiet, and was seen again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameBack {
    /// When, RFC 3339 UTC, to the hour.
    pub at: String,
    /// Observed hours in which it was quiet before.
    pub quiet_hours: u64,
    /// Exchanges since.
    pub exchanges: u64,
    /// Accounts active since, in windows that begin after the first decision.
    pub accounts: u64,
    /// Of these, accounts that no window before the first decision has.
    pub new_accounts: u64,
}

/// Days, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daily {
    /// The first day, `2026-03-02`.
    pub from: String,
    /// Exchanges of each day.
    pub exchanges: Vec<u64>,
    /// Hours of each day that runs looked at.
    pub observed: Vec<u64>,
    /// Subjects that decisions were made about on each day.
    pub decided: Vec<u64>,
}

/// A campaign that looks like an earlier one that was acted on, and is kept apart from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reappearance {
    /// The later campaign.
    pub campaign: String,
    /// The earlier one.
    pub earlier: String,
    /// How alike they are, 0 to 1; 0 where a person alone says so.
    pub score: f64,
    /// How far the texts of the later one are those of the earlier one, 0 to 1.
    pub texts: f64,
    /// The share of the later one's exchanges that came from addresses of the earlier one which few strangers use.
    pub addresses: f64,
    /// The same of clients.
    pub clients: f64,
    /// MITRE ATLAS ids and capabilities that both have, over those that either has.
    pub habits: f64,
    /// Days from when the earlier one was first acted on to the first exchange of the later one.
    pub days: f64,
    /// What is thought of it.
    pub state: Thought,
    /// The run that showed it; empty where a person alone says so.
    pub run: String,
    /// When it was last said, RFC 3339 UTC.
    pub at: String,
    /// Who said so.
    pub author: String,
    /// Why.
    pub because: String,
}

/// What is thought of a re-appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thought {
    /// Figures say so; nobody looked.
    Supposed,
    /// A person says so.
    Confirmed,
    /// A person says that it isn't.
    Refused,
}

impl Thought {
    /// All of them.
    pub const ALL: [Thought; 3] = [Thought::Supposed, Thought::Confirmed, Thought::Refused];

    /// The name as printed in JSON and stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Thought::Supposed => "supposed",
            Thought::Confirmed => "confirmed",
            Thought::Refused => "refused",
        }
    }
}
