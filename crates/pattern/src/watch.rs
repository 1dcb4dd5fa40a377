//! Watch: patterns that need several observations, over observations without end.
//! In: parts, as the set finds them, in the order of their time. Out: matches; what was let go for want of room.
//! Invariant: memory is bounded by `Limits::held` for each way to match a pattern; whatever may have cost a match is counted.
//! Not here: finding parts (`set.rs`), exact evaluation of a finished list (`pattern.rs`).

use std::collections::{BTreeMap, VecDeque};

use crate::bind::{Candidate, bind};
use crate::limits::Limits;
use crate::observation::{Observation, Span};
use crate::pattern::candidate;
use crate::plan::{Rule, Scenario, Side};
use crate::set::{Found, Looking, PatternSet};

/// Parts that wait for others, for all patterns of a set.
#[derive(Debug)]
pub struct Watch<'s> {
    set: &'s PatternSet,
    limits: Limits,
    waiting: BTreeMap<usize, Vec<Waiting>>,
    told: BTreeMap<usize, Told>,
}

/// A match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Number of the pattern in the set.
    pub pattern: usize,
    /// The caller's numbers of the observations, in the order in which they came; each is used for one hit of a pattern only.
    pub observations: Vec<u64>,
}

/// What may have cost matches of a pattern. All zero: none was missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Observations let go for want of room (`Limits::held`).
    pub let_go: u64,
    /// Observations that began before one that came earlier; what they would have matched may have been let go.
    pub late: u64,
    /// Times that the search for a binding was given up (`Limits::steps`).
    pub given_up: u64,
}

impl<'s> Watch<'s> {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(set: &'s PatternSet, limits: Limits) -> Self {
        Self { set, limits, waiting: BTreeMap::new(), told: BTreeMap::new() }
    }

    /// Looks at one observation and shows every match that it is or completes. `number` is the caller's.
    pub fn observe<O: Observation + ?Sized>(
        &mut self,
        observation: &O,
        number: u64,
        looking: &mut Looking,
        show: &mut dyn FnMut(Hit),
    ) {
        let span = observation.span();
        for found in self.set.look(observation, looking) {
            match *found {
                Found::Match { pattern } => show(Hit { pattern, observations: vec![number] }),
                Found::Part { pattern, slots } => self.part(pattern, slots, span, number, show),
            }
        }
    }

    /// Takes in one part, as `PatternSet::look` found it, and shows the match that it completes: at most one for each way to match.
    pub fn part(&mut self, pattern: usize, slots: u64, span: Span, number: u64, show: &mut dyn FnMut(Hit)) {
        let plan = &self.set.patterns[pattern].plan;
        let waiting = self.waiting.entry(pattern).or_insert_with(|| plan.scenarios.iter().map(Waiting::new).collect());
        let mut told = Told::default();
        for (scenario, waiting) in plan.scenarios.iter().zip(waiting) {
            let came = candidate(slots, span, number);
            if let Some(observations) = waiting.take(scenario, came, &self.limits, &mut told) {
                show(Hit { pattern, observations });
            }
        }
        if told != Told::default() {
            let known = self.told.entry(pattern).or_default();
            known.let_go += told.let_go;
            known.late += told.late;
            known.given_up += told.given_up;
        }
    }

    /// Patterns of which matches may have been missed, and why.
    pub fn told(&self) -> impl Iterator<Item = (usize, Told)> {
        self.told.iter().map(|(pattern, told)| (*pattern, *told))
    }

    /// Observations held now, over all patterns.
    #[must_use]
    pub fn held(&self) -> usize {
        self.waiting.values().flatten().map(|waiting| waiting.held.len()).sum()
    }
}

/// What is held for one scenario.
#[derive(Debug)]
struct Waiting {
    held: VecDeque<Candidate>,
    /// Units held for each demand.
    have: Vec<u64>,
    /// Units held of observations with the same roles.
    same: BTreeMap<u64, u64>,
    /// Ends are not in the order of arrival: some lasted, or came late.
    ragged: bool,
    /// Begin of the newest observation so far.
    newest: i64,
    /// Latest end of any observation so far.
    end: i64,
    keep: Keep,
}

/// What is enough to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Only the window asks about time: of observations with the same roles, the newest so many.
    Newest,
    /// FOLLOWEDBY alone asks about time: of those that stand on no right side, the oldest so many.
    Oldest,
    /// All, as long as there is room.
    All,
}

impl Waiting {
    fn new(scenario: &Scenario) -> Self {
        let within = scenario.rules.iter().any(|rule| matches!(rule, Rule::Within(_)));
        let keep = match (scenario.rules.is_empty(), within || scenario.window.is_some()) {
            (true, _) => Keep::Newest,
            (false, false) => Keep::Oldest,
            (false, true) => Keep::All,
        };
        Self {
            held: VecDeque::new(),
            have: vec![0; scenario.demands.len()],
            same: BTreeMap::new(),
            ragged: false,
            newest: i64::MIN,
            end: i64::MIN,
            keep,
        }
    }

    fn take(&mut self, scenario: &Scenario, came: Candidate, limits: &Limits, told: &mut Told) -> Option<Vec<u64>> {
        let roles = || scenario.demands.iter().filter(|demand| came.slots >> demand.slot & 1 == 1);
        roles().next()?;
        let late = came.first < self.newest;
        told.late += u64::from(late);
        let before = self.end;
        self.ragged |= late || came.last != came.first;
        self.newest = self.newest.max(came.first);
        self.end = self.end.max(came.last);
        if let Some(window) = scenario.window {
            while let Some(oldest) =
                self.held.front().filter(|oldest| oldest.last < self.newest.saturating_sub(window)).copied()
            {
                self.held.pop_front();
                self.count(scenario, &oldest, false);
            }
        }
        if !self.make_room(scenario, &came, limits, told) {
            return None;
        }
        self.held.push_back(came);
        self.count(scenario, &came, true);
        // It stands left of a FOLLOWEDBY in every role, and nothing seen so far ends late enough to be on the right.
        let only_before = roles().all(|demand| demand.under.iter().any(|(_, side)| *side == Side::Before));
        let short = scenario.demands.iter().zip(&self.have).any(|(demand, have)| *have < demand.count as u64);
        if short || (only_before && before < came.first) {
            return None;
        }
        self.complete(scenario, late, limits, told)
    }

    fn count(&mut self, scenario: &Scenario, candidate: &Candidate, more: bool) {
        let units = u64::from(candidate.count);
        for (demand, have) in scenario.demands.iter().zip(&mut self.have) {
            if candidate.slots >> demand.slot & 1 == 1 {
                *have = if more { *have + units } else { *have - units };
            }
        }
        let same = self.same.entry(candidate.slots).or_default();
        *same = if more { *same + units } else { *same - units };
    }

    /// Lets go what is not needed, or else the oldest; whether the one that came is needed.
    fn make_room(&mut self, scenario: &Scenario, came: &Candidate, limits: &Limits, told: &mut Told) -> bool {
        let needed = scenario.demand();
        match self.keep {
            Keep::Newest => {
                let same = self.same(came.slots);
                if same >= needed as u64
                    && let Some(at) = self.earliest_end(came.slots)
                {
                    let earliest = self.held[at];
                    if came.last < earliest.last {
                        return false;
                    }
                    if same - u64::from(earliest.count) + u64::from(came.count) >= needed as u64 {
                        self.held.remove(at);
                        self.count(scenario, &earliest, false);
                    }
                }
            }
            Keep::Oldest => {
                let roles = scenario.demands.iter().filter(|demand| came.slots >> demand.slot & 1 == 1);
                let left = roles.flat_map(|demand| &demand.under).all(|(_, side)| *side == Side::Before);
                if left && self.same(came.slots) >= needed as u64 && came.first >= self.newest {
                    return false;
                }
            }
            Keep::All => {}
        }
        if self.held.len() >= limits.held.max(needed)
            && let Some(oldest) = self.held.pop_front()
        {
            self.count(scenario, &oldest, false);
            told.let_go += 1;
        }
        true
    }

    fn same(&self, slots: u64) -> u64 {
        self.same.get(&slots).copied().unwrap_or_default()
    }

    /// The held observation with these roles that ends first: it leaves a window first.
    fn earliest_end(&self, slots: u64) -> Option<usize> {
        let mut same = self.held.iter().enumerate().filter(|(_, held)| held.slots == slots);
        let found = if self.ragged { same.min_by_key(|(_, held)| held.last) } else { same.next() };
        found.map(|(at, _)| at)
    }

    fn complete(&mut self, scenario: &Scenario, late: bool, limits: &Limits, told: &mut Told) -> Option<Vec<u64>> {
        // In order, what is inside the window of the newest is inside the window: the rule is kept without asking.
        let begin = scenario.window.map_or(i64::MIN, |window| self.newest.saturating_sub(window));
        let (places, candidates): (Vec<usize>, Vec<Candidate>) =
            self.held.iter().copied().enumerate().filter(|(_, held)| held.last >= begin).unzip();
        let mut steps = limits.steps;
        let found = match bind(scenario, &candidates, late, &mut steps) {
            Ok(found) => found?,
            Err(_) => {
                told.given_up += 1;
                return None;
            }
        };
        let mut numbers = Vec::with_capacity(found.len());
        for (at, used) in found {
            let mut unit = self.held[places[at]];
            numbers.push(unit.number);
            unit.count = used;
            self.count(scenario, &unit, false);
            self.held[places[at]].count -= used;
        }
        self.held.retain(|held| held.count > 0);
        Some(numbers)
    }
}
