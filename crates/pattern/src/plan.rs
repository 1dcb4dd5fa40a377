//! Plan: observation expressions as demands for observations, and rules on their times.
//! In: an expression. Out: slots (what an observation must be) and scenarios (how many are needed of each, and when).
//! Invariant: the pattern matches exactly when one scenario does; START and STOP are part of a slot, as they ask one observation at a time.
//! Not here: from expressions to ways to match (`expand.rs`), finding the observations (`bind.rs`).

mod expand;

use expand::{Builder, Tree};

use crate::check::Check;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::syntax::Expression;

/// What the observations are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Compiled conditions, one for each pair of brackets.
    pub(crate) checks: Vec<Check>,
    /// What may fill a slot: any of these.
    pub(crate) slots: Vec<Vec<Atom>>,
    /// Ways to match; one is enough.
    pub(crate) scenarios: Vec<Scenario>,
}

/// A condition, and the times at which it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Atom {
    pub(crate) check: usize,
    /// Begin (included) and end (excluded) of each START and STOP around it.
    pub(crate) times: Vec<(i64, i64)>,
}

/// One way to match.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// All must be met at once, no observation twice.
    pub(crate) demands: Vec<Demand>,
    /// Rules on times, outer before inner.
    pub(crate) rules: Vec<Rule>,
    /// Microseconds within which all observations lie, if that is asked of the whole; kept out of `rules`.
    pub(crate) window: Option<i64>,
}

/// So many observations of a slot.
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    pub(crate) slot: usize,
    pub(crate) count: usize,
    /// Rules that the demand is under: (rule, side).
    pub(crate) under: Vec<(usize, Side)>,
}

/// Where a demand stands in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Left of a FOLLOWEDBY.
    Before,
    /// Right of a FOLLOWEDBY.
    After,
    /// In a WITHIN.
    Inside,
}

/// A rule on times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// An instant exists at which all on the left may have begun, and none on the right has ended before.
    Then,
    /// All lie within so many microseconds.
    Within(i64),
}

impl Plan {
    /// Compiles an expression.
    pub(crate) fn new(expression: &Expression, limits: &Limits) -> Result<Self, Refusal> {
        let mut plan = Self::default();
        let trees = Builder { plan: &mut plan, limits }.expand(expression, &[])?;
        for tree in trees {
            let mut scenario = Scenario { demands: Vec::new(), rules: Vec::new(), window: None };
            let inner = match tree {
                Tree::Within(micros, inner) => {
                    scenario.window = Some(micros);
                    *inner
                }
                other => other,
            };
            inner.flatten(&mut scenario, &mut Vec::new());
            plan.scenarios.push(scenario);
        }
        plan.compact();
        if plan.slots.len() > SLOTS {
            let because = format!("it combines more than {SLOTS} different observations");
            let hint = "split it into several patterns".to_owned();
            return Err(Refusal { part: expression.to_string(), because, hint });
        }
        Ok(plan)
    }

    /// Takes out slots that were merged into others, and those of ways that can't be (FOLLOWEDBY with what is never in time).
    fn compact(&mut self) {
        let asked = |slot: usize| {
            self.scenarios.iter().flat_map(|scenario| &scenario.demands).any(|demand| demand.slot == slot)
        };
        let idle: Vec<usize> = (0..self.slots.len()).filter(|slot| !asked(*slot)).collect();
        idle.into_iter().for_each(|slot| self.slots[slot].clear());
        let mut moved = Vec::with_capacity(self.slots.len());
        let mut next = 0;
        for slot in &self.slots {
            moved.push(next);
            next += usize::from(!slot.is_empty());
        }
        self.slots.retain(|slot| !slot.is_empty());
        for demand in self.scenarios.iter_mut().flat_map(|scenario| &mut scenario.demands) {
            demand.slot = moved[demand.slot];
        }
    }

    /// Whether every match is one observation, so that nothing need be held.
    pub(crate) fn is_single(&self) -> bool {
        !self.scenarios.is_empty()
            && self.scenarios.iter().all(|scenario| matches!(scenario.demands.as_slice(), [Demand { count: 1, .. }]))
    }
}

impl Scenario {
    /// Observations that one match needs.
    pub(crate) fn demand(&self) -> usize {
        self.demands.iter().map(|demand| demand.count).sum()
    }
}

impl Atom {
    /// Whether an observation from `first` to `last` may lie at an asked time (STIX 2.1, 9.4: STOP itself is excluded).
    pub(crate) fn counts_at(&self, first: i64, last: i64) -> bool {
        self.times.iter().all(|(start, stop)| first < *stop && last >= *start)
    }
}

/// Different slots that an observation's mask has room for.
pub(crate) const SLOTS: usize = 64;
