//! Tracked: a campaign as it is known over months, and what people said about it.
//! In: what the store keeps. Out: serde types that the command line prints and `stix` turns into STIX.
//! Invariant: observed and inferred never share a sentence; who is behind it is a `Claim`, never a field of the campaign.
//! Not here: how runs become one campaign (`track`), what may leave (`stix`).

use serde::{Deserialize, Serialize};

use crate::saved::{Client, Network, TextSketch};
use crate::{Capability, Family, LinkSummary, Severity, Signal, Tokens};

/// A campaign over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tracked {
    /// `campaign--` and a UUIDv5: the id under which it was first saved, for good.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// A few words for what it does.
    pub technique: String,
    /// Where it stands.
    pub status: Status,
    /// Who looks after it.
    pub assignee: Option<String>,
    /// Score of the last run that saw it, 0 to 1.
    pub score: f64,
    /// Severity of the last run that saw it.
    pub severity: Severity,
    /// Whether two independent signal families fired in the last run that saw it.
    pub actionable: bool,
    /// Families that fired in any run.
    pub families: Vec<Family>,
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
    /// Exchanges over all windows; windows that overlap are counted once.
    pub exchanges: u64,
    /// Tokens over all windows.
    pub tokens: Tokens,
    /// MITRE ATLAS ids seen in any run.
    pub techniques: Vec<String>,
    /// Capabilities aimed at in any run, those of the last run first.
    pub capabilities: Vec<Capability>,
    /// How it hides, as named by `Evasion`.
    pub evasions: Vec<Evasion>,
    /// What the last run's score is made of.
    pub signals: Vec<Signal>,
    /// Links of the last run.
    pub links: Vec<LinkSummary>,
    /// Texts that its members shared, those of the last run first.
    pub texts: Vec<TextSketch>,
    /// Addresses, most exchanges first.
    pub networks: Vec<Network>,
    /// Clients, most exchanges first.
    pub clients: Vec<Client>,
    /// Models: (model, exchanges), most first.
    pub models: Vec<(String, u64)>,
    /// What speaks for a purpose, by factor.
    pub evidence: Vec<Evidence>,
    /// Hypotheses about who is behind it; they may contradict each other.
    pub claims: Vec<Claim>,
    /// What people noted.
    pub notes: Vec<Note>,
}

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
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

impl Status {
    /// Every status, in the order of a campaign's life.
    pub const ALL: [Status; 8] = [
        Status::New,
        Status::UnderReview,
        Status::Confirmed,
        Status::FalsePositive,
        Status::Benign,
        Status::Disrupted,
        Status::Returned,
        Status::Closed,
    ];

    /// The name as printed in JSON and stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::New => "new",
            Status::UnderReview => "under-review",
            Status::Confirmed => "confirmed",
            Status::FalsePositive => "false-positive",
            Status::Benign => "benign",
            Status::Disrupted => "disrupted",
            Status::Returned => "returned",
            Status::Closed => "closed",
        }
    }
}

/// How a campaign hides, read off the signals that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evasion {
    /// Load spread evenly over many accounts, so that none stands out.
    LoadBalancing,
    /// Exits that change with every few exchanges.
    RotatingExits,
    /// Fresh accounts take over after a ban.
    Succession,
    /// Accounts made in a burst.
    DisposableAccounts,
    /// Fixed text hidden around otherwise free prompts.
    CoverTraffic,
    /// Reasoning references carried from one account to another.
    ReplayAcrossAccounts,
    /// Moved to another model together.
    ModelPivot,
}

/// One statement that speaks for (or against) a purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// UUID.
    pub id: String,
    /// Which of the four factors it speaks to.
    pub factor: Factor,
    /// Read from a log, or concluded.
    pub basis: Basis,
    /// One sentence with its figure.
    pub statement: String,
    /// What it comes from: a run's id, an import, a person.
    pub source: String,
    /// When it was recorded, RFC 3339 UTC.
    pub at: String,
    /// When it will be deleted, RFC 3339 UTC.
    pub expires: Option<String>,
    /// It was deleted: what is left says that there was something, not what.
    pub deleted: Option<String>,
}

/// The four factors from which a purpose may be inferred, 'totality of circumstances' (H.R. 8283 of 2026, as introduced).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// Volume, structure, pattern, coordination or timing of queries.
    Pattern,
    /// Concentration on specific capabilities.
    Concentration,
    /// Several accounts used in coordination.
    Coordination,
    /// Correlation with another model's development.
    Timeline,
}

impl Factor {
    /// Every factor, in the order of the bill.
    pub const ALL: [Factor; 4] = [Factor::Pattern, Factor::Concentration, Factor::Coordination, Factor::Timeline];
}

/// Whether a statement was read or concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A figure read from a log.
    Observed,
    /// A conclusion.
    Inferred,
}

/// A hypothesis about who is behind a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// UUID.
    pub id: String,
    /// Who is said to be behind it.
    pub actor: String,
    /// How likely.
    pub likelihood: Likelihood,
    /// What it rests on.
    pub source: String,
    /// Who says so.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When it was said, RFC 3339 UTC.
    pub at: String,
    /// When it was withdrawn, RFC 3339 UTC.
    pub withdrawn: Option<String>,
}

/// The words of estimative probability of Intelligence Community Directive 203.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// 1 to 5 %.
    AlmostNoChance,
    /// 5 to 20 %.
    VeryUnlikely,
    /// 20 to 45 %.
    Unlikely,
    /// 45 to 55 %.
    RoughlyEvenChance,
    /// 55 to 80 %.
    Likely,
    /// 80 to 95 %.
    VeryLikely,
    /// 95 to 99 %.
    AlmostCertain,
}

impl Likelihood {
    /// Every word, least likely first.
    pub const ALL: [Likelihood; 7] = [
        Likelihood::AlmostNoChance,
        Likelihood::VeryUnlikely,
        Likelihood::Unlikely,
        Likelihood::RoughlyEvenChance,
        Likelihood::Likely,
        Likelihood::VeryLikely,
        Likelihood::AlmostCertain,
    ];

    /// The STIX confidence of the word: the middle of its range (STIX 2.1, appendix A, 'DNI scale').
    #[must_use]
    pub fn confidence(self) -> u8 {
        match self {
            Likelihood::AlmostNoChance => 5,
            Likelihood::VeryUnlikely => 15,
            Likelihood::Unlikely => 30,
            Likelihood::RoughlyEvenChance => 50,
            Likelihood::Likely => 70,
            Likelihood::VeryLikely => 85,
            Likelihood::AlmostCertain => 95,
        }
    }
}

/// What a person noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// UUID.
    pub id: String,
    /// Who.
    pub author: String,
    /// What.
    pub text: String,
    /// When, RFC 3339 UTC.
    pub at: String,
}
