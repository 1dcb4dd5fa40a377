//! Entry: as much of a decision as an enforcement point needs.
//! In: a decision. Out: its number, key, action over time and expiry, in whole seconds.
//! Invariant: no reason, no evidence, no history: points see what to do, not why.
//! Not here: how entries are looked up (`table.rs`) or handed on (`feed.rs`).

use jiff::Timestamp;

use crate::action::Action;
use crate::decision::{Author, Decision, aged};
use crate::rules::Step;
use crate::subject::Subject;

/// What a point needs of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The decision's number.
    pub id: u64,
    /// About whom.
    pub subject: Subject,
    /// What it does, and for how long.
    pub course: Course,
    /// From when its age counts, in seconds since 1970.
    pub since: i64,
    /// When it ends, in seconds since 1970, that second not included; `i64::MAX`: never.
    pub expires: i64,
}

/// What is done over a decision's age; many decisions have the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Course {
    /// What is done at first.
    pub action: Action,
    /// How it weakens.
    pub decays: Vec<Step>,
    /// What the account is told.
    pub code: String,
    /// The rule's name; `person` or `allow-list` where no rule made it.
    pub source: String,
}

impl Entry {
    /// Of a decision, whether it holds or not.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        let source = match &decision.author {
            Author::Rule(name) => name.as_str(),
            Author::Person(_) => "person",
            Author::AllowList(_) => "allow-list",
        };
        Entry {
            id: decision.id,
            subject: decision.subject.clone(),
            course: Course {
                action: decision.action,
                decays: decision.decays.clone(),
                code: decision.code.clone(),
                source: source.to_owned(),
            },
            since: decision.since.as_second(),
            // A part of a second counts whole: nothing ends early.
            expires: decision.expires.map_or(i64::MAX, ceil),
        }
    }

    /// What is done at a time; `None` when it ended.
    #[must_use]
    pub fn acts(&self, now: i64) -> Option<Action> {
        (now < self.expires).then(|| self.course.at(now.saturating_sub(self.since)))
    }
}

impl Course {
    /// What is done at an age in seconds.
    #[must_use]
    pub fn at(&self, age: i64) -> Action {
        aged(self.action, &self.decays, age)
    }

    /// Seconds of age at which something else is done next.
    #[must_use]
    pub fn next(&self, age: i64) -> Option<i64> {
        self.decays.iter().map(|step| i64::from(step.after_seconds)).find(|after| *after > age)
    }
}

fn ceil(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}
