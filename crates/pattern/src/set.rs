//! Set: many patterns over one observation at a time, touching only those that can match.
//! In: compiled patterns; an observation. Out: which patterns it matches, and of which it is a part.
//! Invariant: says of each pattern what evaluating it alone would say; the set never changes, so threads share it.
//! Not here: putting parts together over time (`watch.rs`).

use std::sync::atomic::{AtomicU64, Ordering};

use rapidhash::{HashMapExt, RapidHashMap};

use crate::check::Comparison;
use crate::error::Undecided;
use crate::index::Index;
use crate::observation::Observation;
use crate::pattern::Compiled;
use crate::value::Value;

/// Texts of one path whose answers are remembered; beyond, all are forgotten.
const REMEMBERED: usize = 8_192;
/// Longest text that is remembered, in bytes: prompts recur less than clients, and would fill the memory.
const SHORT: usize = 512;

/// Tells sets apart, so that what is remembered for one is never taken for another.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Patterns by what they ask for.
#[derive(Debug)]
pub struct PatternSet {
    number: u64,
    pub(crate) patterns: Vec<Compiled>,
    index: Index,
    checks: Vec<Place>,
}

/// Where a condition belongs.
#[derive(Debug, Clone, Copy)]
struct Place {
    pattern: u32,
    /// Its number in the pattern.
    check: u32,
    /// Touched is fulfilled.
    proof: bool,
}

/// What an observation is to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It matches by itself.
    Match {
        /// Number of the pattern in the set.
        pattern: usize,
    },
    /// It can be one of several observations that match together: `Watch` puts them together.
    Part {
        /// Number of the pattern in the set.
        pattern: usize,
        /// What it can be in it, one bit a role.
        slots: u64,
    },
}

/// What a thread needs to look: room that is used again, answers about texts that recur, and what could not be decided.
#[derive(Debug, Default)]
pub struct Looking {
    set: u64,
    stamp: u32,
    seen: Vec<u32>,
    touched: Vec<u32>,
    proven: Vec<u32>,
    held: Vec<u32>,
    found: Vec<Found>,
    /// For each path: text to the conditions that are one comparison and hold for it.
    remembered: Vec<RapidHashMap<Box<str>, Box<[u32]>>>,
    undecided: u64,
    first: Option<Undecided>,
}

impl Looking {
    /// Comparisons that could not be decided so far, and the first of them. Each counts as not fulfilled.
    #[must_use]
    pub fn undecided(&self) -> (u64, Option<&Undecided>) {
        (self.undecided, self.first.as_ref())
    }

    fn note(&mut self, undecided: Undecided) {
        self.undecided += 1;
        self.first.get_or_insert(undecided);
    }

    fn prepare(&mut self, set: u64, checks: usize, paths: usize) {
        // Another set than last time, or the stamp wrapped: nothing is known.
        if self.set != set || self.stamp == u32::MAX {
            self.set = set;
            self.seen = vec![0; checks];
            self.remembered = vec![RapidHashMap::new(); paths];
            self.stamp = 0;
        }
        self.stamp += 1;
        self.touched.clear();
        self.proven.clear();
    }

    /// Whether a condition is new in this observation.
    fn fresh(seen: &mut [u32], stamp: u32, number: u32) -> bool {
        let known = &mut seen[number as usize];
        let fresh = *known != stamp;
        *known = stamp;
        fresh
    }
}

impl PatternSet {
    /// A set of patterns; their numbers are their places in the order given.
    #[must_use]
    pub fn new(patterns: Vec<Compiled>) -> Self {
        let mut index = Index::default();
        let mut checks = Vec::new();
        for (pattern, compiled) in patterns.iter().enumerate() {
            for (check, condition) in compiled.plan.checks.iter().enumerate() {
                let proof = index.add(checks.len() as u32, condition);
                checks.push(Place { pattern: pattern as u32, check: check as u32, proof });
            }
        }
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), patterns, index, checks }
    }

    /// How many patterns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// What an observation is to the patterns, in the order of their numbers; to those that are not named it is nothing.
    pub fn look<'l, O: Observation + ?Sized>(&self, observation: &O, looking: &'l mut Looking) -> &'l [Found] {
        self.touch(observation, looking);
        looking.held.clear();
        for at in 0..looking.touched.len() {
            let number = looking.touched[at];
            let Place { pattern, check, .. } = self.checks[number as usize];
            match self.patterns[pattern as usize].plan.checks[check as usize].holds(observation) {
                Ok(true) => looking.held.push(number),
                Ok(false) => {}
                Err(undecided) => looking.note(undecided),
            }
        }
        looking.held.append(&mut looking.proven);
        looking.held.sort_unstable();
        self.gather(observation, looking);
        &looking.found
    }

    fn gather<O: Observation + ?Sized>(&self, observation: &O, looking: &mut Looking) {
        looking.found.clear();
        if looking.held.is_empty() {
            return;
        }
        let span = observation.span();
        let pattern_of = |number: &u32| self.checks[*number as usize].pattern;
        for held in looking.held.chunk_by(|a, b| pattern_of(a) == pattern_of(b)) {
            let pattern = pattern_of(&held[0]) as usize;
            let compiled = &self.patterns[pattern];
            let holds =
                |check: usize| Ok(held.iter().any(|number| self.checks[*number as usize].check as usize == check));
            // Conditions are known: nothing is left that could not be decided.
            let slots = compiled.slots(span, holds).unwrap_or_default();
            if slots == 0 {
                continue;
            }
            let single = compiled.plan.is_single();
            looking.found.push(if single { Found::Match { pattern } } else { Found::Part { pattern, slots } });
        }
    }

    /// Finds the conditions that the observation touches: `touched` are to be evaluated, `proven` hold.
    fn touch<O: Observation + ?Sized>(&self, observation: &O, looking: &mut Looking) {
        looking.prepare(self.number, self.checks.len(), self.index.paths.len());
        let Looking { stamp, seen, touched, proven, remembered, undecided, first, .. } = looking;
        let mut note = |error: Undecided| {
            *undecided += 1;
            first.get_or_insert(error);
        };
        for (path, remembered) in self.index.paths.iter().zip(remembered) {
            let mut wrong = None;
            let found = observation.find(&path.path, &mut |_, value| {
                path.touched(value, &mut |number| {
                    if Looking::fresh(seen, *stamp, number) {
                        let list = if self.checks[number as usize].proof { &mut *proven } else { &mut *touched };
                        list.push(number);
                    }
                });
                for number in &path.evaluated {
                    if Looking::fresh(seen, *stamp, *number) {
                        touched.push(*number);
                    }
                }
                if path.alone.is_empty() {
                    return;
                }
                let mut hold = |number: u32| {
                    if Looking::fresh(seen, *stamp, number) {
                        proven.push(number);
                    }
                };
                let ask = |value: &Value<'_>, wrong: &mut Option<Undecided>| {
                    let mut passes = |comparison: &Comparison| {
                        comparison.passes(value).unwrap_or_else(|error| {
                            wrong.get_or_insert(error);
                            false
                        })
                    };
                    let alone = path.alone.iter();
                    let answers = alone.filter(|(_, any)| any.iter().any(&mut passes)).map(|(number, _)| *number);
                    answers.collect::<Box<[u32]>>()
                };
                match value {
                    Value::Text(text) => {
                        if let Some(known) = remembered.get(*text) {
                            known.iter().copied().for_each(&mut hold);
                            return;
                        }
                        let answers = ask(value, &mut wrong);
                        answers.iter().copied().for_each(&mut hold);
                        if remembered.len() >= REMEMBERED {
                            remembered.clear();
                        }
                        // What could not be decided is told each time that it is met.
                        if wrong.is_none() && text.len() <= SHORT {
                            remembered.insert((*text).into(), answers);
                        }
                    }
                    value => ask(value, &mut wrong).iter().copied().for_each(&mut hold),
                }
            });
            found.err().into_iter().chain(wrong).for_each(&mut note);
        }
        touched.extend(&self.index.always);
    }
}
