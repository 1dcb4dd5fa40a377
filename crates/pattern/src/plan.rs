//! Plan: observation expressions as demands for observations, and rules on their times.
//! In: an expression. Out: slots (what an observation must be) and scenarios (how many are needed of each, and when).
//! Invariant: the pattern matches exactly when one scenario does; START and STOP are part of a slot, as they ask one observation at a time.
//! Not here: finding the observations (`bind.rs`).

use crate::check::Check;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::syntax::{Condition, Expression, Qualifier};

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

#[derive(Debug, Clone)]
enum Tree {
    Leaf(usize, usize),
    All(Vec<Tree>),
    Then(Box<Tree>, Box<Tree>),
    Within(i64, Box<Tree>),
}

impl Tree {
    fn flatten(self, into: &mut Scenario, under: &mut Vec<(usize, Side)>) {
        match self {
            Tree::Leaf(slot, count) => into.demands.push(Demand { slot, count, under: under.clone() }),
            Tree::All(parts) => parts.into_iter().for_each(|part| part.flatten(into, under)),
            Tree::Then(left, right) => {
                into.rules.push(Rule::Then);
                let rule = into.rules.len() - 1;
                for (side, part) in [(Side::Before, left), (Side::After, right)] {
                    under.push((rule, side));
                    part.flatten(into, under);
                    under.pop();
                }
            }
            Tree::Within(micros, inner) => {
                into.rules.push(Rule::Within(micros));
                under.push((into.rules.len() - 1, Side::Inside));
                inner.flatten(into, under);
                under.pop();
            }
        }
    }

    fn demand(&self) -> usize {
        match self {
            Tree::Leaf(_, count) => *count,
            Tree::All(parts) => parts.iter().map(Tree::demand).sum(),
            Tree::Then(left, right) => left.demand() + right.demand(),
            Tree::Within(_, inner) => inner.demand(),
        }
    }
}

struct Builder<'a> {
    plan: &'a mut Plan,
    limits: &'a Limits,
}

impl Builder<'_> {
    /// Every way to match, for the times given by START and STOP around the expression.
    fn expand(&mut self, expression: &Expression, times: &[(i64, i64)]) -> Result<Vec<Tree>, Refusal> {
        match expression {
            Expression::Observation(condition) => self.leaf(condition, times),
            Expression::Or(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(self.expand(part, times)?);
                }
                let merged = self.merged(all);
                self.small(expression, merged)
            }
            Expression::And(parts) => {
                let mut ways = vec![Vec::new()];
                for part in parts {
                    let next = self.expand(part, times)?;
                    self.room(expression, ways.len().saturating_mul(next.len()))?;
                    ways = ways
                        .iter()
                        .flat_map(|way| next.iter().map(|tree| [way.as_slice(), std::slice::from_ref(tree)].concat()))
                        .collect();
                }
                self.small(expression, ways.into_iter().map(Tree::All).collect())
            }
            Expression::FollowedBy(parts) => {
                let mut ways: Option<Vec<Tree>> = None;
                for part in parts {
                    let next = self.expand(part, times)?;
                    ways = Some(match ways {
                        None => next,
                        Some(left) => {
                            self.room(expression, left.len().saturating_mul(next.len()))?;
                            let then = |l: &Tree, r: &Tree| Tree::Then(Box::new(l.clone()), Box::new(r.clone()));
                            left.iter().flat_map(|l| next.iter().map(move |r| then(l, r))).collect()
                        }
                    });
                }
                self.small(expression, ways.unwrap_or_default())
            }
            Expression::Qualified(of, qualifiers) => self.qualified(expression, of, qualifiers, times),
        }
    }

    fn leaf(&mut self, condition: &Condition, times: &[(i64, i64)]) -> Result<Vec<Tree>, Refusal> {
        // START at or after STOP: no time is in between (STIX 2.1, 9.4).
        if times.iter().any(|(start, stop)| start >= stop) {
            return Ok(Vec::new());
        }
        self.plan.checks.push(Check::new(condition, self.limits)?);
        let atom = Atom { check: self.plan.checks.len() - 1, times: times.to_vec() };
        self.plan.slots.push(vec![atom]);
        Ok(vec![Tree::Leaf(self.plan.slots.len() - 1, 1)])
    }

    /// Alternatives that are single observations are one slot that each may fill.
    fn merged(&mut self, trees: Vec<Tree>) -> Vec<Tree> {
        let (single, mut others): (Vec<Tree>, Vec<Tree>) =
            trees.into_iter().partition(|tree| matches!(tree, Tree::Leaf(_, 1)));
        let slots: Vec<usize> =
            single.iter().filter_map(|tree| if let Tree::Leaf(slot, _) = tree { Some(*slot) } else { None }).collect();
        if let [first, rest @ ..] = slots.as_slice() {
            for slot in rest {
                let atoms = std::mem::take(&mut self.plan.slots[*slot]);
                self.plan.slots[*first].extend(atoms);
            }
            others.insert(0, Tree::Leaf(*first, 1));
        }
        others
    }

    /// Applies qualifiers, innermost first. START and STOP reach down to the observations, whichever stands first.
    fn qualified(
        &mut self,
        whole: &Expression,
        of: &Expression,
        qualifiers: &[Qualifier],
        times: &[(i64, i64)],
    ) -> Result<Vec<Tree>, Refusal> {
        let between = qualifiers.iter().filter_map(|qualifier| match qualifier {
            Qualifier::StartStop(start, stop) => Some((*start, *stop)),
            _ => None,
        });
        let times: Vec<_> = times.iter().copied().chain(between).collect();
        let mut trees = self.expand(of, &times)?;
        for qualifier in qualifiers {
            trees = match qualifier {
                Qualifier::StartStop(..) => trees,
                Qualifier::Within(seconds) => {
                    let micros = (seconds * 1e6).round() as i64;
                    // One observation lies within any time.
                    let within = |tree| {
                        if matches!(tree, Tree::Leaf(_, 1)) { tree } else { Tree::Within(micros, Box::new(tree)) }
                    };
                    trees.into_iter().map(within).collect()
                }
                Qualifier::Repeats(times) => self.repeated(whole, &trees, *times as usize)?,
            };
        }
        self.small(whole, trees)
    }

    /// So many bindings of the same expression; each may take another way.
    fn repeated(&mut self, whole: &Expression, trees: &[Tree], times: usize) -> Result<Vec<Tree>, Refusal> {
        let least = trees.iter().map(Tree::demand).min().unwrap_or(0);
        self.fits(whole, least.saturating_mul(times))?;
        if let [Tree::Leaf(slot, count)] = trees {
            return Ok(vec![Tree::Leaf(*slot, count * times)]);
        }
        let mut ways: Vec<(usize, Vec<Tree>)> = vec![(0, Vec::new())];
        for _ in 0..times {
            let mut more = Vec::new();
            for (from, way) in &ways {
                for (at, tree) in trees.iter().enumerate().skip(*from) {
                    more.push((at, [way.as_slice(), std::slice::from_ref(tree)].concat()));
                }
                self.room(whole, more.len())?;
            }
            ways = more;
        }
        Ok(ways.into_iter().map(|(_, parts)| Tree::All(parts)).collect())
    }

    fn small(&self, whole: &Expression, trees: Vec<Tree>) -> Result<Vec<Tree>, Refusal> {
        self.room(whole, trees.len())?;
        for tree in &trees {
            self.fits(whole, tree.demand())?;
        }
        Ok(trees)
    }

    fn room(&self, whole: &Expression, ways: usize) -> Result<(), Refusal> {
        if ways <= self.limits.scenarios {
            return Ok(());
        }
        let because = format!("its ORs can be combined in more than {} ways", self.limits.scenarios);
        Err(Refusal { part: whole.to_string(), because, hint: "split it into several patterns at the OR".to_owned() })
    }

    fn fits(&self, whole: &Expression, demand: usize) -> Result<(), Refusal> {
        if demand <= self.limits.demand {
            return Ok(());
        }
        let because = format!("one match needs {demand} observations, and {} is the most", self.limits.demand);
        Err(Refusal { part: whole.to_string(), because, hint: "lower REPEATS".to_owned() })
    }
}

/// Different slots that an observation's mask has room for.
pub(crate) const SLOTS: usize = 64;
