//! Appeal: an account contests a decision; another person reviews it; a reversal is learned from.
//! In: a decision, what the account says, what the reviewer concluded. Out: a label, and opinions to be drafted for others.
//! Invariant: who made a decision doesn't review it; a decision holds until it was reviewed; a draft is no release.
//! Not here: taking labels in (`track`), letting opinions out (`share`).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stillwatch_model::Verdict;

use crate::decision::{Author, Decision, State, What};
use crate::error::{GateError, Result};
use crate::rules::Evidence;
use crate::subject::Subject;

/// Longest statement, in bytes.
pub const MAX_STATEMENT: usize = 16 << 10;

/// What a reviewer concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The decision stands.
    Uphold,
    /// The detector was wrong about this account.
    Wrong,
    /// The account does what the detector says, and may.
    Permitted,
}

/// What follows from a reversal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reversal {
    /// What calibration learns.
    pub label: Learned,
    /// What is to be told to those whose intelligence it rested on, and to those who were told of the campaign.
    pub opinions: Vec<OpinionDraft>,
}

/// A label for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Learned {
    /// About whom.
    pub subject: Subject,
    /// Its campaign.
    pub campaign: Option<String>,
    /// What was concluded.
    pub verdict: Verdict,
}

/// A STIX opinion (STIX 2.1, section 4.13) that somebody has to look at before it may leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpinionDraft {
    /// Id of the object that it is about.
    pub about: String,
    /// `disagree`; `neutral` of a campaign, and where the indicator may be right and the account innocent.
    pub opinion: &'static str,
    /// Why; names no account.
    pub explanation: String,
}

impl Decision {
    /// The account contests it.
    ///
    /// # Errors
    /// When it doesn't hold, is contested already, or the statement is empty or too long.
    pub fn contest(&mut self, by: &str, statement: &str, now: Timestamp) -> Result<()> {
        if statement.trim().is_empty() || statement.len() > MAX_STATEMENT {
            return Err(GateError::new(format!("a statement has 1 to {MAX_STATEMENT} bytes")));
        }
        if !self.holds(now) || self.state == State::Contested {
            return Err(GateError::new(format!("decision {} can't be contested: it is {}", self.id, self.stands(now)))
                .hint("only what holds can be contested, and once until it is reviewed"));
        }
        self.state = State::Contested;
        self.happened(now, by, What::Contested, statement);
        Ok(())
    }

    /// A person reviews it, contested or not. `shared`: ids of objects of ours that others have: the campaign, indicators that name the subject.
    ///
    /// # Errors
    /// When it was taken back already, no reason is given, or the reviewer made it.
    pub fn review(
        &mut self,
        reviewer: &str,
        outcome: Outcome,
        because: &str,
        shared: &[String],
        now: Timestamp,
    ) -> Result<Option<Reversal>> {
        if because.trim().is_empty() || because.len() > MAX_STATEMENT {
            return Err(GateError::new("a review says why"));
        }
        if matches!(self.state, State::Reversed | State::Withdrawn) {
            return Err(GateError::new(format!("decision {} is {} already", self.id, self.stands(now))));
        }
        if self.author == Author::Person(reviewer.to_owned()) {
            return Err(GateError::new(format!("`{reviewer}` made decision {} and can't review it", self.id))
                .hint("let somebody else look at it"));
        }
        let verdict = match outcome {
            Outcome::Uphold => {
                self.state = State::InForce;
                self.happened(now, reviewer, What::Upheld, because);
                return Ok(None);
            }
            Outcome::Wrong => Verdict::FalsePositive,
            Outcome::Permitted => Verdict::Benign,
        };
        self.state = State::Reversed;
        self.happened(now, reviewer, What::Reversed, because);
        Ok(Some(Reversal {
            label: Learned { subject: self.subject.clone(), campaign: self.campaign.clone(), verdict },
            opinions: self.opinions(verdict, shared),
        }))
    }

    fn opinions(&self, verdict: Verdict, shared: &[String]) -> Vec<OpinionDraft> {
        let received = self.evidence.iter().filter_map(|one| match one {
            Evidence::Received { indicator, .. } => Some(indicator),
            _ => None,
        });
        let mut about: Vec<&String> = received.chain(shared).collect();
        about.sort_unstable();
        about.dedup();
        let why = match verdict {
            Verdict::FalsePositive => "the subject does not harvest",
            Verdict::Benign | Verdict::TruePositive => "what was seen is permitted use",
        };
        let draft = |about: &String| OpinionDraft {
            about: about.clone(),
            // One account that was taken for a member says little of the campaign.
            opinion: if verdict == Verdict::FalsePositive && !about.starts_with("campaign--") {
                "disagree"
            } else {
                "neutral"
            },
            explanation: format!("a decision that rested on this was reviewed and reversed: {why}"),
        };
        about.into_iter().map(draft).collect()
    }

    fn stands(&self, now: Timestamp) -> &'static str {
        match self.state {
            State::Contested => "contested",
            State::Reversed => "reversed",
            State::Withdrawn => "withdrawn",
            State::InForce if !self.holds(now) => "expired",
            State::InForce => "in force",
        }
    }
}
