//! Decisions: what this member does about accounts and networks, kept as it was made, with all that happened to it.
//! In: decisions as JSON, changes in order. Out: the same, whole; what enforcement points are to be told.
//! Invariant: a history is only added to, a number never used again; a change and the decisions that it is about are one transaction.
//! Not here: what a decision says and who may make one (`gate`), telling points (`node::gate`).

mod change;
mod read;

use serde::Serialize;
use stillwatch_model::Micros;

pub use change::{After, Before, CHANGES_KEPT, change, keep, seen};
pub use read::{Filter, aside, changes, clock, find, list, oldest_change, standing};

/// A decision as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// What kind of key: `account`, `client`, `ja4` or `network`.
    pub kind: String,
    /// The key.
    pub value: String,
    /// What sort of author: `rule`, `person` or `allow-list`.
    pub made_by: String,
    /// The author's name.
    pub author: String,
    /// The campaign that it is about.
    pub campaign: Option<String>,
    /// Where it stands.
    pub state: String,
    /// When it ends; never, where there is none.
    pub expires: Option<Micros>,
    /// The decision as JSON, without its history.
    pub body: String,
    /// What happened to it, in order.
    pub history: Vec<Happened>,
}

/// One thing that happened to a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// When.
    pub at: Micros,
    /// Who.
    pub by: String,
    /// What.
    pub what: String,
    /// Why, or what was said.
    pub because: String,
}

/// A change, as points are told it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its number.
    pub number: i64,
    /// The decision's number.
    pub decision: i64,
    /// What was done to it: `made`, `renewed` or `taken-back`.
    pub done: String,
    /// When.
    pub at: Micros,
}

/// How far everything is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// Number of the last decision.
    pub last: i64,
    /// Number of the last change.
    pub changed: i64,
    /// The latest time that decisions were looked up at.
    pub seen: Micros,
}

/// Which decisions a change needs to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// Those with these numbers.
    Numbers(Vec<i64>),
    /// Those about these subjects, by kind and key, whatever became of them.
    About(Vec<(String, String)>),
    /// Those that hold and that this rule made.
    Rule(String),
    /// Those that hold and that are about this campaign.
    Campaign(String),
    /// Those of the allow-list that hold.
    Listed,
}

/// States in which a decision holds until it ends.
const HOLDS: &str = "state IN ('in-force', 'contested')";
