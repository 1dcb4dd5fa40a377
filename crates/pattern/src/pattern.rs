//! Pattern: a STIX pattern, and the same compiled.
//! In: text; then observations. Out: a tree, a program, a match.
//! Invariant: what parses prints and parses to the same; what compiles is evaluated in full, or says that it could not decide.
//! Not here: many patterns at once (`set.rs`), observations without end (`watch.rs`).

use std::fmt;
use std::str::FromStr;

use crate::bind::{Candidate, bind};
use crate::error::{Refusal, SyntaxError, Undecided};
use crate::limits::Limits;
use crate::observation::{Observation, Span};
use crate::parse;
use crate::plan::{Plan, SLOTS};
use crate::syntax::{Condition, Expression, Qualifier};

/// A STIX 2.1 pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    expression: Expression,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When `text` is no STIX 2.1 pattern, or beyond `limits`.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, SyntaxError> {
        Ok(Self { expression: parse::pattern(text, limits)? })
    }

    /// A pattern made by program.
    #[must_use]
    pub fn new(expression: Expression) -> Self {
        Self { expression }
    }

    /// The tree.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Makes it ready for evaluation.
    ///
    /// # Errors
    /// When a part of it is not evaluated here: then nothing is, rather than never matching.
    pub fn compile(&self, limits: &Limits) -> Result<Compiled, Refusal> {
        Ok(Compiled { plan: Plan::new(&self.expression, limits)?, limits: *limits })
    }

    /// What is STIX, but surely not meant: a sentence each.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        doubt(&self.expression, &mut doubts);
        doubts
    }
}

impl FromStr for Pattern {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text, &Limits::default())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)
    }
}

fn doubt(expression: &Expression, doubts: &mut Vec<String>) {
    match expression {
        Expression::Observation(condition) => doubt_condition(condition, doubts),
        Expression::And(parts) | Expression::Or(parts) | Expression::FollowedBy(parts) => {
            parts.iter().for_each(|part| doubt(part, doubts));
        }
        Expression::Qualified(of, qualifiers) => {
            doubt(of, doubts);
            let kind = |qualifier: &Qualifier| std::mem::discriminant(qualifier);
            for (at, qualifier) in qualifiers.iter().enumerate() {
                if qualifiers[..at].iter().any(|before| kind(before) == kind(qualifier)) {
                    doubts.push(format!("`{qualifier}` repeats a qualifier; `stix2-patterns` calls that invalid, parentheses make it clear"));
                }
                if let Qualifier::StartStop(start, stop) = qualifier
                    && start >= stop
                {
                    doubts.push(format!("`{qualifier}` ends before it begins, so nothing can match"));
                }
            }
        }
    }
}

fn doubt_condition(condition: &Condition, doubts: &mut Vec<String>) {
    let Condition::And(parts) = condition else {
        if let Condition::Or(parts) = condition {
            parts.iter().for_each(|part| doubt_condition(part, doubts));
        }
        return;
    };
    let mut types: Vec<&str> = Vec::new();
    for part in parts {
        if let Condition::Test(test) = part
            && !types.contains(&test.path.object_type())
        {
            types.push(test.path.object_type());
        }
        doubt_condition(part, doubts);
    }
    if let [first, second, ..] = types.as_slice() {
        doubts.push(format!(
"`{first}` AND `{second}` in one pair of brackets asks one object to be both, so nothing can match; ask along a reference (`_ref`), or for two observations: [{first}:…] AND [{second}:…]"
        ));
    }
}

/// A pattern, ready for evaluation.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(crate) plan: Plan,
    pub(crate) limits: Limits,
}

impl Compiled {
    /// Looks for observations that together match; none is used more often than it was observed. Their order says nothing, their times do.
    ///
    /// Returns the numbers of the observations, ascending; none when the pattern doesn't match.
    ///
    /// # Errors
    /// When a value can't be compared as the pattern asks, or the search is longer than `Limits::steps`.
    pub fn matches<O: Observation>(&self, observations: &[O]) -> Result<Option<Vec<usize>>, Undecided> {
        let mut candidates = Vec::new();
        for (number, observation) in observations.iter().enumerate() {
            let span = observation.span();
            let slots = self.slots(span, |check| self.plan.checks[check].holds(observation))?;
            if slots != 0 {
                candidates.push(candidate(slots, span, number as u64));
            }
        }
        let mut steps = self.limits.steps;
        for scenario in &self.plan.scenarios {
            if let Some(found) = bind(scenario, &candidates, true, &mut steps)? {
                return Ok(Some(found.into_iter().map(|(at, _)| candidates[at].number as usize).collect()));
            }
        }
        Ok(None)
    }

    /// The slots that an observation fills, given which conditions hold.
    pub(crate) fn slots(
        &self,
        span: Span,
        mut holds: impl FnMut(usize) -> Result<bool, Undecided>,
    ) -> Result<u64, Undecided> {
        debug_assert!(self.plan.slots.len() <= SLOTS);
        let mut slots = 0;
        for (slot, atoms) in self.plan.slots.iter().enumerate() {
            for atom in atoms {
                if atom.counts_at(span.first, span.last) && holds(atom.check)? {
                    slots |= 1 << slot;
                    break;
                }
            }
        }
        Ok(slots)
    }
}

pub(crate) fn candidate(slots: u64, span: Span, number: u64) -> Candidate {
    Candidate { slots, first: span.first, last: span.last, count: span.count.max(1), number }
}
