//! Expand: every way in which an expression can match.
//! In: an expression. Out: trees of slots and rules, one for each choice between `OR`s.
//! Invariant: no more trees and no more observations than `Limits` allow, checked while they are made.
//! Not here: what the trees are laid out as (`plan.rs`).

use super::{Atom, Demand, Plan, Rule, Scenario, Side};
use crate::check::Check;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::syntax::{Condition, Expression, Qualifier};

/// One way to match, as a tree.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    Leaf(usize, usize),
    All(Vec<Tree>),
    Then(Box<Tree>, Box<Tree>),
    Within(i64, Box<Tree>),
}

impl Tree {
    pub(super) fn flatten(self, into: &mut Scenario, under: &mut Vec<(usize, Side)>) {
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

/// What is being planned.
pub(super) struct Builder<'a> {
    pub(super) plan: &'a mut Plan,
    pub(super) limits: &'a Limits,
}

impl Builder<'_> {
    /// Every way to match, for the times given by START and STOP around the expression.
    pub(super) fn expand(&mut self, expression: &Expression, times: &[(i64, i64)]) -> Result<Vec<Tree>, Refusal> {
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
