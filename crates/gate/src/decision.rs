//! Decision: what this member does about one subject, by whom, why, until when, and all that happened to it.
//! In: a rule's proposal, or what a person says. Out: a decision with its history; JSON that stays readable over versions.
//! Invariant: each change is an event with who and why; nothing is deleted from a history; all but the allow-list expires.
//! Not here: which decision answers a request (`table.rs`), keeping many (`book.rs`).

pub mod appeal;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::rules::{Evidence, Listed, Proposal, Step};
use crate::subject::Subject;

/// Version of a decision's JSON; raised when a field changes meaning.
pub const DECISION_VERSION: u32 = 1;

/// One decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Version of this form.
    pub schema: u32,
    /// Its number: rises, is never used again.
    pub id: u64,
    /// About whom.
    pub subject: Subject,
    /// What is done.
    #[serde(flatten)]
    pub action: Action,
    /// How it weakens with age.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decays: Vec<Step>,
    /// Who made it.
    pub author: Author,
    /// Why.
    pub reason: String,
    /// What the account is told.
    pub code: String,
    /// What it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The campaign of ours that it is about: decisions are rolled back by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// When it was made.
    #[schemars(with = "String")]
    pub made: Timestamp,
    /// From when its age counts: when it was made, or last renewed.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// Until when it holds; only the allow-list has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
    /// What happened to it, in order.
    pub history: Vec<Event>,
}

/// Who made a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Author {
    /// A rule, by its name.
    Rule(String),
    /// A person.
    Person(String),
    /// A line of the allow-list, by who wrote it.
    AllowList(String),
}

/// Where a decision stands. That it expired isn't a state: it follows from the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It holds.
    InForce,
    /// The account contests it; it holds until it was reviewed.
    Contested,
    /// It was wrong: reviewed, and taken back.
    Reversed,
    /// It was taken back without a judgement on the account: a rollback, a stronger decision in its place.
    Withdrawn,
}

/// One thing that happened to a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    pub what: What,
    /// Why, or what was said.
    pub because: String,
}

/// What can happen to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It was made.
    Made,
    /// Its ground still held, and its time began anew.
    Renewed,
    /// The account contested it.
    Contested,
    /// It was reviewed and stands.
    Upheld,
    /// It was reviewed and taken back.
    Reversed,
    /// It was taken back.
    Withdrawn,
}

impl Author {
    /// The name that histories write.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Author::Rule(name) | Author::Person(name) | Author::AllowList(name) => name,
        }
    }
}

impl Decision {
    /// A decision of a rule's proposal.
    #[must_use]
    pub fn of_proposal(id: u64, proposal: Proposal, now: Timestamp) -> Self {
        let campaign = proposal.evidence.iter().find_map(|one| match one {
            Evidence::Campaign { id, .. } => Some(id.clone()),
            _ => None,
        });
        let author = Author::Rule(proposal.rule);
        Decision {
            schema: DECISION_VERSION,
            id,
            subject: proposal.subject,
            action: proposal.action,
            decays: proposal.decays,
            history: vec![made(&author, &proposal.reason, now)],
            author,
            reason: proposal.reason,
            code: proposal.code,
            evidence: proposal.evidence,
            campaign,
            made: now,
            since: now,
            expires: Some(now.saturating_add(proposal.lifetime).unwrap_or(Timestamp::MAX)),
            state: State::InForce,
        }
    }

    /// The decision of a line of the allow-list.
    #[must_use]
    pub fn of_listed(id: u64, listed: &Listed, now: Timestamp) -> Self {
        let author = Author::AllowList(listed.by.clone());
        Decision {
            schema: DECISION_VERSION,
            id,
            subject: listed.subject.clone(),
            action: Action::Allow,
            decays: Vec::new(),
            history: vec![made(&author, &listed.reason, now)],
            author,
            reason: listed.reason.clone(),
            code: "allow-list".to_owned(),
            evidence: Vec::new(),
            campaign: None,
            made: now,
            since: now,
            expires: listed.until,
            state: State::InForce,
        }
    }

    /// Whether it holds at a time.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        matches!(self.state, State::InForce | State::Contested) && self.expires.is_none_or(|expires| now < expires)
    }

    /// What is done at a time, age considered; `None` when it doesn't hold.
    #[must_use]
    pub fn acts(&self, now: Timestamp) -> Option<Action> {
        let age = now.duration_since(self.since).as_secs();
        self.holds(now).then(|| aged(self.action, &self.decays, age))
    }

    pub(crate) fn happened(&mut self, at: Timestamp, by: &str, what: What, because: &str) {
        self.history.push(Event { at, by: by.to_owned(), what, because: because.to_owned() });
    }

    /// Takes it back without a judgement on the account; false when it was taken back already.
    pub fn withdraw(&mut self, by: &str, because: &str, now: Timestamp) -> bool {
        let may = matches!(self.state, State::InForce | State::Contested);
        if may {
            self.state = State::Withdrawn;
            self.happened(now, by, What::Withdrawn, because);
        }
        may
    }

    /// Lets its time begin anew, with fresh evidence.
    pub(crate) fn renew(&mut self, proposal: Proposal, now: Timestamp) {
        self.since = now;
        self.expires = Some(now.saturating_add(proposal.lifetime).unwrap_or(Timestamp::MAX));
        self.evidence = proposal.evidence;
        let by = self.author.name().to_owned();
        self.happened(now, &by, What::Renewed, &proposal.reason);
    }
}

fn made(author: &Author, because: &str, at: Timestamp) -> Event {
    Event { at, by: author.name().to_owned(), what: What::Made, because: because.to_owned() }
}

/// What an action has become at an age in seconds; an age below 0 (the clock was moved back) counts as 0.
#[must_use]
pub fn aged(action: Action, decays: &[Step], age: i64) -> Action {
    decays.iter().rev().find(|step| i64::from(step.after_seconds) <= age).map_or(action, |step| step.action)
}
