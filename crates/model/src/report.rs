//! Report: findings with what stays at home: members' own scores, timelines, the account graph, examples.
//! In: the detector's result. Out: what the table, `--explain` and the HTML page are drawn from.
//! Invariant: never serialised to another member; examples are shortened local text.
//! Not here: drawing (`report` crate).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Findings, LinkKind, Micros, TextSketch};

/// Findings, and a case for each campaign in the same order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What is public in JSON.
    pub findings: Findings,
    /// One case a campaign, in the order of `findings.campaigns`.
    pub cases: Vec<Case>,
    /// Accounts by themselves: those that somebody asked to have explained.
    pub portraits: Vec<Portrait>,
}

/// One account by itself: a suspect, or a member apart from its campaign.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Portrait {
    /// The account.
    pub account: String,
    /// Volume over time.
    pub timeline: Timeline,
    /// Exchanges by model: (model, exchanges), most first.
    pub models: Vec<(String, u64)>,
    /// Prompts that tell most, to be looked up where examples are asked for.
    pub telling: Vec<Telling>,
    /// Shortened example exchanges.
    pub examples: Vec<Example>,
}

/// Where an example is to be found: an account, and the hash of a prompt that it sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The account.
    pub account: String,
    /// Hash of the prompt as it stands.
    pub prompt: u64,
}

/// The local side of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The campaign's id.
    pub id: String,
    /// A few words for a heading, such as `templated harvest`.
    pub technique: String,
    /// Facts read from the log, a sentence each.
    pub observed: Vec<String>,
    /// What we conclude from them, a sentence each, with the confidence said.
    pub inferred: Vec<String>,
    /// Members with their own scores, strongest first.
    pub members: Vec<Member>,
    /// Volume over time.
    pub timeline: Timeline,
    /// Exchanges by hour of the week, UTC, Monday 00:00 first; 168 entries.
    pub hour_of_week: Vec<u64>,
    /// Exchanges by model: (model, exchanges), most first.
    pub models: Vec<(String, u64)>,
    /// Sketches of the texts that members share, most exchanges first.
    pub texts: Vec<TextSketch>,
    /// Accounts drawn in the graph (at most a few hundred; the strongest).
    pub nodes: Vec<Node>,
    /// Links drawn in the graph.
    pub edges: Vec<Edge>,
    /// Prompts that tell most, to be looked up where examples are asked for.
    pub telling: Vec<Telling>,
    /// Shortened example exchanges.
    pub examples: Vec<Example>,
}

/// A member account, scored by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub account: String,
    /// How surely it belongs, 0 to 1: no guilt by association.
    pub score: f64,
    /// Its exchanges.
    pub exchanges: u64,
    /// Why, one sentence.
    pub because: String,
}

/// Exchanges in equal steps of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Start of the first step, microseconds since the epoch.
    pub from: Micros,
    /// Length of a step, seconds.
    pub step_seconds: u64,
    /// Exchanges a step.
    pub exchanges: Vec<u64>,
    /// Active accounts a step.
    pub accounts: Vec<u64>,
}

/// An account in the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The account.
    pub account: String,
    /// Its exchanges (drawn as size).
    pub exchanges: u64,
    /// Its own score (drawn as colour).
    pub score: f64,
}

/// A link in the graph; `a` and `b` index the nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// One end.
    pub a: usize,
    /// The other end.
    pub b: usize,
    /// Kind of the strongest evidence.
    pub kind: LinkKind,
    /// Log-odds.
    pub strength: f64,
}

/// A shortened example exchange. Local: leaves only where `--with-examples` asks for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Example {
    /// The account.
    pub account: String,
    /// When, RFC 3339 UTC.
    pub time: String,
    /// The prompt, shortened.
    pub text: String,
    /// Words that spoke most for an elicitation cue: (cue, word, contribution).
    pub words: Vec<(String, String, f64)>,
}
