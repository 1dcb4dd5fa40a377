//! Rules: from facts to an action with a lifetime, as this member's operator wrote it down.
//! In: `rules.toml`, one subject's facts, the time. Out: what each rule proposes, and which proposal holds.
//! Invariant: what others say (received, pooled) alone proposes at most `challenge`, unless a rule of its own says why not; evasion alone always.
//! Not here: making decisions of proposals (`decision.rs`), how many at once (`rules/cap.rs`).

pub mod cap;
pub mod cases;
pub mod check;
pub mod evaluate;
pub mod read;
pub mod simulate;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Access, Entry};
use crate::action::Action;
use crate::facts::{Label, Tlp};
use crate::subject::{Kind, Subject};

/// All that a member's operator wrote down.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Who is always let through.
    pub allow: Vec<Listed>,
    /// The cap on how much is hit an hour.
    pub cap: cap::Cap,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// Where and to whom the service isn't offered.
    pub access: Access,
}

/// One line of the allow-list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Who is let through.
    pub subject: Subject,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// Until when; without it, for good.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name: decisions carry it, and are rolled back by it.
    pub name: String,
    /// Why there is such a rule.
    pub because: String,
    /// What an account is told: a word that gives no threshold away.
    pub code: String,
    /// Whether it acts or only says what it would do.
    pub mode: Mode,
    /// When it holds.
    pub when: When,
    /// What is done.
    pub action: Action,
    /// For how long.
    pub lifetime: SignedDuration,
    /// How the action weakens with age.
    pub decays: Vec<Step>,
    /// Line of the file that it stands in.
    pub line: usize,
}

/// Whether a rule acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It only says what it would do: what a rule should begin as.
    #[default]
    Shadow,
    /// It makes decisions.
    Enforce,
}

/// An action from some age on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Seconds after the decision was made.
    pub after_seconds: u32,
    /// What is done from then on.
    #[serde(flatten)]
    pub action: Action,
}

/// When a rule holds: every condition that is given must.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Only for subjects of these kinds; empty: of any.
    #[serde(default)]
    pub subject: Vec<Kind>,
    /// Our own campaign.
    pub campaign: Option<CampaignIs>,
    /// Our own signals, each of them.
    #[serde(default)]
    pub signal: Vec<SignalIs>,
    /// What others said.
    pub received: Option<ReceivedIs>,
    /// Other members that have the same value.
    pub pooled: Option<PooledIs>,
    /// Whether the account is verified; unknown counts as not.
    pub verified: Option<bool>,
    /// The service isn't offered there, or to such an owner; one of them suffices.
    #[serde(default)]
    pub not_offered: Vec<NotOffered>,
    /// So many disagreements of billing, network and timing.
    pub evasion_at_least: Option<u8>,
}

/// A condition on our own campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignIs {
    /// Its score, 0 to 1.
    pub score_at_least: Option<f64>,
    /// It has one of these labels. Without this, campaigns that a person cleared never count.
    #[serde(default)]
    pub label: Vec<Label>,
    /// Two independent families of signals must have fired; `false`: they need not.
    #[serde(default = "yes")]
    pub actionable: bool,
    /// How surely the account belongs to it.
    #[serde(default = "half")]
    pub membership_at_least: f64,
}

fn yes() -> bool {
    true
}

fn half() -> f64 {
    0.5
}

/// A condition on one of our own signals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalIs {
    /// Its name.
    pub name: String,
    /// What it adds to the log-odds.
    pub at_least: f64,
}

/// A condition on received indicators: one of them meets all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceivedIs {
    /// STIX confidence, 0 to 100.
    #[serde(default)]
    pub confidence_at_least: u8,
    /// Members that saw it too.
    #[serde(default)]
    pub sightings_at_least: u32,
    /// Different producers whose indicators meet the rest.
    #[serde(default)]
    pub producers_at_least: u32,
    /// Markings that count; empty: any.
    #[serde(default)]
    pub tlp: Vec<Tlp>,
    /// Why this rule may act beyond `challenge` on received intelligence alone. Kept in every decision.
    pub alone_because: Option<String>,
}

/// A condition on the pool of privately matched indicators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PooledIs {
    /// Other members that have the value; at least one in any case.
    #[serde(default)]
    pub members_at_least: u32,
    /// STIX confidence, 0 to 100; where none is known it counts as 0.
    #[serde(default)]
    pub confidence_at_least: u8,
    /// Why this rule may act beyond `challenge` on the pool alone. Kept in every decision.
    pub alone_because: Option<String>,
}

/// Which list of `access.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotOffered {
    /// Regions.
    Region,
    /// Classes of owners.
    Owner,
}

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Evidence {
    /// Our own campaign.
    Campaign {
        /// Its id.
        id: String,
        /// Its score when the rule was asked.
        score: f64,
        /// Its label then.
        label: Label,
        /// How surely the account belongs to it.
        membership: f64,
    },
    /// A signal of our own.
    Signal {
        /// Its name.
        name: String,
        /// What it added to the log-odds.
        contribution: f64,
    },
    /// What another member said.
    Received {
        /// Id of the STIX object.
        indicator: String,
        /// Who said so.
        producer: String,
        /// STIX confidence.
        confidence: u8,
        /// Marking.
        tlp: Tlp,
        /// Members that saw it too.
        sightings: u32,
    },
    /// Other members have the same value.
    Pooled {
        /// How many.
        members: u32,
        /// STIX confidence that they gave it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confidence: Option<u8>,
    },
    /// Why the operator lets what others say act alone.
    Alone {
        /// The reason, as the rule says it.
        because: String,
    },
    /// The service isn't offered.
    NotOffered {
        /// The line of the list.
        entry: Entry,
    },
    /// Billing, network and timing disagree.
    Evasion {
        /// What disagrees.
        because: String,
    },
}

/// What one rule proposes for one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// About whom.
    pub subject: Subject,
    /// Which rule.
    pub rule: String,
    /// What an account is told.
    pub code: String,
    /// What is to be done.
    pub action: Action,
    /// How it weakens.
    pub decays: Vec<Step>,
    /// For how long.
    pub lifetime: SignedDuration,
    /// Why.
    pub reason: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Accounts that it hits.
    pub accounts: u64,
    /// Of those, verified ones.
    pub verified: u64,
    /// Requests an hour of verified accounts that it hits.
    pub verified_requests: u64,
}

/// What all rules say of one subject.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// The allow-list names it: nothing is proposed.
    pub listed: Option<Listed>,
    /// The proposal that holds: `allow` if a rule says so, else the hardest.
    pub holds: Option<Proposal>,
    /// Proposals of rules in force that another one outdid.
    pub outdone: Vec<Proposal>,
    /// Proposals of rules in shadow mode.
    pub shadow: Vec<Proposal>,
}
