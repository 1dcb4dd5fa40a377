//! Bind: finds different observations that fill all slots of a scenario and keep its rules on times.
//! In: a scenario and candidates. Out: which candidates, or that there are none, or that it took too many steps.
//! Invariant: exact. Each rule is one unknown instant; once all are chosen, filling the slots is a flow, and when it can't be filled
//! with some instants still open, it can't with them chosen.
//! Not here: which slots an observation fills (`pattern.rs`).

use crate::error::Undecided;
use crate::plan::{Rule, Scenario, Side};

/// An observation that fills a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// One bit a slot.
    pub(crate) slots: u64,
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// How often it may be used.
    pub(crate) count: u32,
    /// The caller's number for it.
    pub(crate) number: u64,
}

/// What a candidate of a demand must keep: begun by then, not ended before.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    begun: i64,
    ended: i64,
}

const OPEN: Bounds = Bounds { begun: i64::MAX, ended: i64::MIN };

/// Candidates and how often each is used, for a binding; none when there is no binding.
pub(crate) fn bind(
    scenario: &Scenario,
    candidates: &[Candidate],
    windowed: bool,
    steps: &mut u64,
) -> Result<Option<Vec<(usize, u32)>>, Undecided> {
    let rules: Vec<Rule> = scenario
        .window
        .filter(|_| windowed)
        .map(Rule::Within)
        .into_iter()
        .chain(scenario.rules.iter().copied())
        .collect();
    let shift = rules.len() - scenario.rules.len();
    let most = *steps;
    let mut search = Search { scenario, candidates, rules, shift, instants: Vec::new(), steps, most };
    search.open()
}

struct Search<'a> {
    scenario: &'a Scenario,
    candidates: &'a [Candidate],
    rules: Vec<Rule>,
    /// 1 when the first rule is the window around all.
    shift: usize,
    /// Chosen so far, in the order of the rules.
    instants: Vec<i64>,
    steps: &'a mut u64,
    most: u64,
}

impl Search<'_> {
    fn open(&mut self) -> Result<Option<Vec<(usize, u32)>>, Undecided> {
        let bounds: Vec<Bounds> = (0..self.scenario.demands.len()).map(|demand| self.bounds(demand)).collect();
        let Some(filled) = self.fill(&bounds)? else { return Ok(None) };
        let next = self.instants.len();
        let Some(rule) = self.rules.get(next).copied() else { return Ok(Some(filled)) };
        for instant in self.choices(next, rule, &bounds) {
            self.instants.push(instant);
            let found = self.open()?;
            self.instants.pop();
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Instants that may make a difference: ends for a WITHIN (the earliest end begins it), begins for a FOLLOWEDBY.
    fn choices(&self, at: usize, rule: Rule, bounds: &[Bounds]) -> Vec<i64> {
        let concerned = |demand: usize| match rule {
            Rule::Within(_) => self.sides(demand).any(|(rule, _)| rule == at),
            Rule::Then => self.sides(demand).any(|(rule, side)| rule == at && side == Side::Before),
        };
        let mut instants: Vec<i64> = Vec::new();
        for (demand, bounds) in bounds.iter().enumerate().filter(|(demand, _)| concerned(*demand)) {
            let slot = self.scenario.demands[demand].slot;
            let fitting = self.candidates.iter().filter(|candidate| fits(candidate, slot, *bounds));
            instants.extend(fitting.map(|candidate| match rule {
                Rule::Within(_) => candidate.last,
                Rule::Then => candidate.first,
            }));
        }
        instants.sort_unstable();
        instants.dedup();
        instants
    }

    fn sides(&self, demand: usize) -> impl Iterator<Item = (usize, Side)> {
        let whole = (self.shift == 1).then_some((0, Side::Inside));
        whole
            .into_iter()
            .chain(self.scenario.demands[demand].under.iter().map(|(rule, side)| (rule + self.shift, *side)))
    }

    fn bounds(&self, demand: usize) -> Bounds {
        let mut bounds = OPEN;
        for (rule, side) in self.sides(demand) {
            let Some(&instant) = self.instants.get(rule) else { continue };
            match (side, self.rules[rule]) {
                (Side::Inside, Rule::Within(micros)) => {
                    bounds.begun = bounds.begun.min(instant.saturating_add(micros));
                    bounds.ended = bounds.ended.max(instant);
                }
                (Side::Before, _) => bounds.begun = bounds.begun.min(instant),
                _ => bounds.ended = bounds.ended.max(instant),
            }
        }
        bounds
    }

    /// Fills all demands, if the candidates allow it: a flow from demands to candidates.
    fn fill(&mut self, bounds: &[Bounds]) -> Result<Option<Vec<(usize, u32)>>, Undecided> {
        let demands = &self.scenario.demands;
        let mut used = vec![0u32; self.candidates.len()];
        // (candidate, how often), for each demand.
        let mut held: Vec<Vec<(usize, u32)>> = vec![Vec::new(); demands.len()];
        for (demand, asked) in demands.iter().enumerate() {
            let mut missing = asked.count;
            self.spend(self.candidates.len())?;
            for (at, candidate) in self.candidates.iter().enumerate() {
                if missing == 0 {
                    break;
                }
                if fits(candidate, asked.slot, bounds[demand]) && used[at] < candidate.count {
                    let taken = (candidate.count - used[at]).min(u32::try_from(missing).unwrap_or(u32::MAX));
                    used[at] += taken;
                    held[demand].push((at, taken));
                    missing -= taken as usize;
                }
            }
            while missing > 0 {
                if !self.reroute(demand, bounds, &mut used, &mut held)? {
                    return Ok(None);
                }
                missing -= 1;
            }
        }
        Ok(Some(used.into_iter().enumerate().filter(|(_, used)| *used > 0).collect()))
    }

    /// One unit more for a demand, by letting others move to candidates that are free.
    fn reroute(
        &mut self,
        from: usize,
        bounds: &[Bounds],
        used: &mut [u32],
        held: &mut [Vec<(usize, u32)>],
    ) -> Result<bool, Undecided> {
        let demands = &self.scenario.demands;
        // How each demand was reached: (demand that wants one of its candidates, that candidate).
        let mut reached: Vec<Option<(usize, usize)>> = vec![None; demands.len()];
        let mut queue = vec![from];
        let mut at = 0;
        while let Some(&demand) = queue.get(at) {
            at += 1;
            self.spend(self.candidates.len())?;
            for (number, candidate) in self.candidates.iter().enumerate() {
                if !fits(candidate, demands[demand].slot, bounds[demand]) {
                    continue;
                }
                if used[number] < candidate.count {
                    used[number] += 1;
                    take(&mut held[demand], number);
                    let mut demand = demand;
                    while let Some((wants, candidate)) = reached[demand] {
                        give(&mut held[demand], candidate);
                        take(&mut held[wants], candidate);
                        demand = wants;
                        if demand == from {
                            break;
                        }
                    }
                    return Ok(true);
                }
                for other in 0..demands.len() {
                    let fresh = other != from && reached[other].is_none();
                    if fresh && held[other].iter().any(|(candidate, count)| *candidate == number && *count > 0) {
                        reached[other] = Some((demand, number));
                        queue.push(other);
                    }
                }
            }
        }
        Ok(false)
    }

    fn spend(&mut self, candidates: usize) -> Result<(), Undecided> {
        match self.steps.checked_sub(candidates as u64 + 1) {
            Some(left) => {
                *self.steps = left;
                Ok(())
            }
            None => Err(Undecided::Steps(self.most)),
        }
    }
}

fn fits(candidate: &Candidate, slot: usize, bounds: Bounds) -> bool {
    candidate.slots >> slot & 1 == 1 && candidate.first <= bounds.begun && candidate.last >= bounds.ended
}

fn take(held: &mut Vec<(usize, u32)>, candidate: usize) {
    match held.iter_mut().find(|(number, _)| *number == candidate) {
        Some((_, count)) => *count += 1,
        None => held.push((candidate, 1)),
    }
}

fn give(held: &mut [(usize, u32)], candidate: usize) {
    if let Some((_, count)) = held.iter_mut().find(|(number, _)| *number == candidate) {
        *count -= 1;
    }
}
