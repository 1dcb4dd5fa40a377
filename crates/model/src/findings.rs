//! Findings: what `detect --format json` prints; the published, versioned output schema.
//! In: the detector's result. Out: serde types, stable order, no prompt text.
//! Invariant: a score is `1 / (1 + exp(-(sum of contributions)))` of its own signals; nothing here holds a prompt.
//! Not here: examples and pictures' data, which stay local (`report.rs`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the output schema; raised when a field changes meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that one run of `detect` found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Findings {
    /// Version of this schema.
    pub schema: u32,
    /// When this was computed, RFC 3339 UTC.
    pub generated: String,
    /// Exchanges read.
    pub exchanges: u64,
    /// Accounts seen, users inside aggregators included.
    pub accounts: u64,
    /// First and last instant of the traffic.
    pub window: Window,
    /// Linked accounts that share an extraction behaviour, strongest first.
    pub campaigns: Vec<Campaign>,
    /// Accounts that look like harvesting but are linked to no other, strongest first.
    pub suspects: Vec<Suspect>,
    /// Records that could not be read.
    pub skipped: Skipped,
    /// Signals that could not be computed because the log lacks what they need, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<OffSignal>,
    /// The cohort alarm, when a quiet baseline was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cohort: Option<Cohort>,
}

/// A signal that is off, and why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OffSignal {
    /// Signal name.
    pub name: String,
    /// Which column is missing.
    pub because: String,
}

/// A span of time, RFC 3339 UTC; empty strings when there was no traffic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// First instant.
    pub from: String,
    /// Last instant.
    pub to: String,
}

/// Linked accounts that share an extraction behaviour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Campaign {
    /// `campaign--` and a UUIDv5 over the canonical form of its accounts.
    pub id: String,
    /// Calibrated probability that this is a campaign, 0 to 1.
    pub score: f64,
    /// How much it matters: score and size together.
    pub severity: Severity,
    /// Whether two independent signal families fired; act on nothing less.
    pub actionable: bool,
    /// The families that fired.
    pub families: Vec<Family>,
    /// Member accounts, sorted. A user inside an aggregator is `account/end_user`.
    pub accounts: Vec<String>,
    /// Exchanges of the members.
    pub exchanges: u64,
    /// First exchange, RFC 3339 UTC.
    pub first_seen: String,
    /// Last exchange, RFC 3339 UTC.
    pub last_seen: String,
    /// MITRE ATLAS technique ids.
    pub techniques: Vec<String>,
    /// Capabilities aimed at, most first.
    pub capabilities: Vec<Capability>,
    /// What the score is made of, largest contribution first.
    pub signals: Vec<Signal>,
    /// Evidence that members have one operator.
    pub links: Vec<LinkSummary>,
    /// Prompt families that members share.
    pub templates: Vec<TemplateSummary>,
    /// Tokens of the members' exchanges.
    pub tokens: Tokens,
    /// Shortened example exchanges: only with `--with-examples`, never otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<super::report::Example>,
}

/// How much a campaign matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Below the action threshold, kept for the record.
    Low,
    /// Likely, small.
    Medium,
    /// Likely and large, or nearly certain.
    High,
    /// Nearly certain and large.
    Critical,
}

/// The six families of signals; two independent ones must fire before a campaign is actionable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// What is asked.
    Content,
    /// When.
    Timing,
    /// Who pays and when accounts were made.
    Identity,
    /// From where and with what client.
    Network,
    /// Reasoning references, refusals, bans.
    Protocol,
    /// Which capability it is focused on.
    Focus,
}

/// What an exchange exercises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Step-by-step reasoning.
    Reasoning,
    /// Mathematics.
    Maths,
    /// Programming.
    Coding,
    /// Agents and tool use.
    ToolUse,
    /// Images.
    Vision,
    /// Grading, judging, reward modelling.
    Grading,
    /// Writing.
    Writing,
    /// Translation.
    Translation,
    /// Knowledge and question answering.
    Knowledge,
}

impl Capability {
    /// Every capability, in the order in which sketches count them.
    pub const ALL: [Capability; 9] = [
        Capability::Reasoning,
        Capability::Maths,
        Capability::Coding,
        Capability::ToolUse,
        Capability::Vision,
        Capability::Grading,
        Capability::Writing,
        Capability::Translation,
        Capability::Knowledge,
    ];

    /// The name as printed in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Capability::Reasoning => "reasoning",
            Capability::Maths => "maths",
            Capability::Coding => "coding",
            Capability::ToolUse => "tool-use",
            Capability::Vision => "vision",
            Capability::Grading => "grading",
            Capability::Writing => "writing",
            Capability::Translation => "translation",
            Capability::Knowledge => "knowledge",
        }
    }
}

/// One named measurement and what it adds to the score's log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Signal {
    /// Signal name (`docs/signals.md`).
    pub name: String,
    /// The family it belongs to.
    pub family: Family,
    /// The figure measured.
    pub value: f64,
    /// What it adds to the log-odds; the sum over signals, through the logistic function, is the score.
    pub contribution: f64,
    /// One sentence with the figure.
    pub because: String,
}

/// A kind of link between accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// One payment instrument.
    Payment,
    /// One device.
    Device,
    /// One sign-up pattern: e-mail domain, phone prefix or referrer.
    SignUp,
    /// Rare network addresses in common.
    Network,
    /// One prompt template.
    Template,
    /// One injected text around otherwise free prompts.
    Injected,
    /// Reasoning references minted for one, presented by the other.
    Replay,
    /// Active in the same ten-minute slots.
    Timing,
    /// Created close together.
    Creation,
    /// Moved to a new model together.
    Pivot,
    /// One took over the other's templates after a ban.
    Succession,
}

/// How many pairs one kind of link joins, and how strongly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkSummary {
    /// The kind.
    pub kind: LinkKind,
    /// Linked pairs of members.
    pub pairs: u64,
    /// Mean log-odds of the pairs.
    pub strength: f64,
}

/// A prompt family, named by its fingerprint; holds no text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateSummary {
    /// Hex fingerprint of the family's medoid.
    pub fingerprint: String,
    /// Share of the campaign's exchanges, 0 to 1.
    pub share: f64,
    /// Distinct fillings seen.
    pub slots: u64,
}

/// Token totals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// Request tokens.
    pub input: u64,
    /// Response tokens.
    pub output: u64,
    /// Reasoning tokens.
    pub reasoning: u64,
}

/// An account that looks like harvesting but is linked to no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    /// The account, or `account/end_user`.
    pub account: String,
    /// Calibrated probability, 0 to 1.
    pub score: f64,
    /// Exchanges of the account.
    pub exchanges: u64,
    /// What the score is made of.
    pub signals: Vec<Signal>,
}

/// Records that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// How many.
    pub records: u64,
    /// The first of them: file, line, field and why.
    pub first_error: Option<String>,
}

/// The cohort alarm: does this traffic, accounts unknown, contain harvesting?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cohort {
    /// Windows of traffic tested.
    pub windows: u64,
    /// Windows over the threshold.
    pub alarms: u64,
    /// Two-sample statistic of the worst window.
    pub worst: f64,
    /// Threshold, from quiet-against-quiet only.
    pub threshold: f64,
}

/// The published JSON Schema of [`Findings`].
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(Findings).to_value()
}

#[cfg(test)]
mod tests {
    /// The published schema is the one that the types make. After a change: `STILLWATCH_UPDATE=1 cargo test -p stillwatch-model`.
    #[test]
    fn published_schema_is_current() -> Result<(), Box<dyn std::error::Error>> {
        crate::published::is_current("findings.schema.json", &super::schema())
    }
}
