//! Facts: what is known of one account or network when rules are asked.
//! In: the detector's findings, received indicators, the account's record. Out: plain data.
//! Invariant: no nationality, no language, no text of a prompt; what isn't known is `None`, never guessed.
//! Not here: what follows from them (`rules.rs`).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Place;
use crate::subject::Subject;

/// What is known of one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// About whom.
    pub subject: Subject,
    /// The campaign of our own traffic that it belongs to.
    #[serde(default)]
    pub campaign: Option<OwnCampaign>,
    /// Signals of our own traffic.
    #[serde(default)]
    pub signals: Vec<OwnSignal>,
    /// What others said.
    #[serde(default)]
    pub received: Vec<Received>,
    /// Other members that have the same value, by the pool of privately matched indicators; unknown counts as none.
    #[serde(default)]
    pub pooled: Option<Pooled>,
    /// Whether the account's identity was verified; unknown counts as not.
    #[serde(default)]
    pub verified: Option<bool>,
    /// Where it says it is, where it comes from and when: for access rules.
    #[serde(default)]
    pub place: Place,
    /// Accounts that an action on the subject hits; 1 for an account.
    #[serde(default = "one")]
    pub accounts: u64,
    /// Of those, how many are verified; for an account this follows from `verified`.
    #[serde(default)]
    pub verified_accounts: u64,
    /// Requests of verified accounts that the action would hit, over the same time for all: an hour, or the span of a log. Shares alone
    /// are compared.
    #[serde(default)]
    pub verified_requests: u64,
}

fn one() -> u64 {
    1
}

impl Facts {
    /// Nothing but whom it is about.
    #[must_use]
    pub fn of(subject: Subject) -> Self {
        Facts {
            subject,
            campaign: None,
            signals: Vec::new(),
            received: Vec::new(),
            pooled: None,
            verified: None,
            place: Place::default(),
            accounts: 1,
            verified_accounts: 0,
            verified_requests: 0,
        }
    }

    /// Verified accounts that an action would hit.
    #[must_use]
    pub fn verified_hit(&self) -> u64 {
        self.verified_accounts.max(u64::from(self.verified == Some(true)))
    }
}

/// A campaign of our own traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnCampaign {
    /// Its id.
    pub id: String,
    /// Its score, 0 to 1.
    pub score: f64,
    /// Where it stands.
    pub label: Label,
    /// Whether two independent families of signals fired.
    #[serde(default)]
    pub actionable: bool,
    /// How surely this account is a member, 0 to 1; unknown counts as 0.
    #[serde(default)]
    pub membership: f64,
}

/// Where a campaign stands; the words of `stillwatch campaigns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Found, nobody looked at it.
    New,
    /// Somebody looks at it.
    UnderReview,
    /// A person confirmed that it harvests.
    Confirmed,
    /// The detector was wrong.
    FalsePositive,
    /// It is what the detector says, and allowed.
    Benign,
    /// Its accounts were stopped.
    Disrupted,
    /// Seen again after it was disrupted or closed.
    Returned,
    /// Nothing more is to be done.
    Closed,
}

impl Label {
    /// Whether a person concluded that it harvests.
    #[must_use]
    pub fn concluded(self) -> bool {
        matches!(self, Label::Confirmed | Label::Disrupted | Label::Returned)
    }

    /// Whether a person concluded that nothing is to be held against it.
    #[must_use]
    pub fn cleared(self) -> bool {
        matches!(self, Label::FalsePositive | Label::Benign)
    }
}

impl From<stillwatch_model::Status> for Label {
    fn from(status: stillwatch_model::Status) -> Self {
        use stillwatch_model::Status;
        match status {
            Status::New => Label::New,
            Status::UnderReview => Label::UnderReview,
            Status::Confirmed => Label::Confirmed,
            Status::FalsePositive => Label::FalsePositive,
            Status::Benign => Label::Benign,
            Status::Disrupted => Label::Disrupted,
            Status::Returned => Label::Returned,
            Status::Closed => Label::Closed,
        }
    }
}

/// A signal of our own traffic, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnSignal {
    /// Its name, as in findings.
    pub name: String,
    /// What it adds to the log-odds.
    pub contribution: f64,
}

/// An indicator that another member shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// Id of the STIX object.
    pub indicator: String,
    /// Who says so.
    pub producer: String,
    /// STIX confidence, 0 to 100 (STIX 2.1, appendix A), as it is now: decayed, and with what others say of it.
    pub confidence: u8,
    /// Its Traffic Light Protocol marking.
    pub tlp: Tlp,
    /// Its Permissible Actions Protocol marking; any action of ours can be seen by the actor, so only `clear` and `green` allow one.
    #[serde(default)]
    pub pap: Pap,
    /// Members that saw it too.
    #[serde(default)]
    pub sightings: u32,
    /// Until when it holds.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub valid_until: Option<Timestamp>,
    /// Somebody's disagreement outweighs it, or we found it wrong: it is no ground (`standing.rs`).
    #[serde(default)]
    pub disputed: bool,
}

/// How many other members have a value, without who they are (`docs/matching.md`): they said so privately, and nobody can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pooled {
    /// Members, this one not among them.
    pub members: u32,
    /// STIX confidence, 0 to 100, that they gave it; unknown counts as 0.
    #[serde(default)]
    pub confidence: Option<u8>,
}

/// Traffic Light Protocol 2.0 (FIRST), least restrictive first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Tlp {
    /// TLP:CLEAR.
    #[serde(rename = "clear")]
    Clear,
    /// TLP:GREEN.
    #[serde(rename = "green")]
    Green,
    /// TLP:AMBER.
    #[serde(rename = "amber")]
    Amber,
    /// TLP:AMBER+STRICT.
    #[serde(rename = "amber+strict")]
    AmberStrict,
    /// TLP:RED.
    #[serde(rename = "red")]
    Red,
}

/// Permissible Actions Protocol (CERT.at, MISP taxonomy `PAP`), least restrictive first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pap {
    /// No restriction.
    #[default]
    Clear,
    /// Active actions such as blocking.
    Green,
    /// Passive look-ups only.
    Amber,
    /// Nothing that could be noticed.
    Red,
}

impl Received {
    /// Whether it may be a ground at all: it holds, nobody disputes it, and what it allows can be seen by the actor.
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> bool {
        !self.disputed && self.pap <= Pap::Green && self.valid_until.is_none_or(|until| now < until)
    }
}
