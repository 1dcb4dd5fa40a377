//! Index: from a value at a path to the conditions that it may fulfil, without trying each.
//! In: compiled conditions, each with a number. Out: the numbers that a value touches.
//! Invariant: a condition that holds is always touched; where touching is proof, nothing more is evaluated.
//! Not here: what a touched condition is part of (`set.rs`).

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;
use rapidhash::{HashMapExt, RapidHashMap};

use crate::check::{Ask, Check, Comparison};
use crate::network;
use crate::path::ObjectPath;
use crate::syntax::Constant;
use crate::value::Value;

/// What touches a condition.
#[derive(Debug)]
enum Trigger<'a> {
    Text(&'a ObjectPath, &'a str),
    Int(&'a ObjectPath, i64),
    Network(&'a ObjectPath, IpNet),
    /// Some value there; the comparison has to look at it.
    Value(&'a ObjectPath),
    /// An object of that type; the path need not be there (`NOT EXISTS`).
    Object,
}

/// The conditions that values at one path touch.
#[derive(Debug)]
pub(crate) struct PathIndex {
    pub(crate) path: ObjectPath,
    texts: RapidHashMap<Box<str>, Vec<u32>>,
    ints: RapidHashMap<i64, Vec<u32>>,
    v4: PrefixMap<Ipv4Net, Vec<u32>>,
    v6: PrefixMap<Ipv6Net, Vec<u32>>,
    networks: bool,
    /// Conditions that ask of a value here, and of nothing else, whether it passes one of these comparisons.
    pub(crate) alone: Vec<(u32, Vec<Comparison>)>,
    /// Conditions to be evaluated whenever there is a value here.
    pub(crate) evaluated: Vec<u32>,
}

/// All paths that matter, and the conditions that are always evaluated.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) paths: Vec<PathIndex>,
    pub(crate) always: Vec<u32>,
    places: RapidHashMap<ObjectPath, usize>,
}

impl Index {
    /// Adds a condition; whether touching it is proof that it holds.
    pub(crate) fn add(&mut self, number: u32, check: &Check) -> bool {
        let (triggers, proof) = triggers(check);
        for trigger in triggers {
            match trigger {
                Trigger::Text(path, text) => self.at(path).texts.entry(text.into()).or_default().push(number),
                Trigger::Int(path, int) => self.at(path).ints.entry(int).or_default().push(number),
                Trigger::Network(path, network) => self.at(path).network(network, number),
                Trigger::Value(path) => {
                    let (at, alone) = (self.at(path), alone(check));
                    // An OR names its path once for each of its comparisons.
                    match alone {
                        Some(alone) if at.alone.last().is_none_or(|(last, _)| *last != number) => {
                            at.alone.push((number, alone))
                        }
                        None if at.evaluated.last() != Some(&number) => at.evaluated.push(number),
                        _ => {}
                    }
                }
                Trigger::Object => self.always.push(number),
            }
        }
        proof
    }

    fn at(&mut self, path: &ObjectPath) -> &mut PathIndex {
        let next = self.paths.len();
        let place = *self.places.entry(path.clone()).or_insert(next);
        if place == next {
            self.paths.push(PathIndex {
                path: path.clone(),
                texts: RapidHashMap::new(),
                ints: RapidHashMap::new(),
                v4: PrefixMap::new(),
                v6: PrefixMap::new(),
                networks: false,
                alone: Vec::new(),
                evaluated: Vec::new(),
            });
        }
        &mut self.paths[place]
    }
}

impl PathIndex {
    fn network(&mut self, network: IpNet, number: u32) {
        self.networks = true;
        match network {
            IpNet::V4(network) => self.v4.entry(network).or_default().push(number),
            IpNet::V6(network) => self.v6.entry(network).or_default().push(number),
        }
    }

    /// Shows the conditions that are looked up by this value; not `alone` and `evaluated`.
    pub(crate) fn touched(&self, value: &Value<'_>, show: &mut dyn FnMut(u32)) {
        let mut all = |numbers: Option<&Vec<u32>>| numbers.into_iter().flatten().for_each(|number| show(*number));
        match value {
            Value::Text(text) => {
                if !self.texts.is_empty() {
                    all(self.texts.get(*text));
                }
                if self.networks {
                    match network::parse(text) {
                        Some(IpNet::V4(network)) => self.v4.cover(&network).for_each(|(_, numbers)| all(Some(numbers))),
                        Some(IpNet::V6(network)) => self.v6.cover(&network).for_each(|(_, numbers)| all(Some(numbers))),
                        None => {}
                    }
                }
            }
            Value::Int(int) => all(self.ints.get(int)),
            Value::Float(float) => {
                if let Some(int) = whole(*float) {
                    all(self.ints.get(&int));
                }
            }
            _ => {}
        }
    }
}

/// The comparisons of a condition of which one value must pass one; none when it asks more.
fn alone(check: &Check) -> Option<Vec<Comparison>> {
    let parts = match check {
        Check::Test(comparison) => return Some(vec![comparison.as_ref().clone()]),
        Check::Any(parts) => parts,
        Check::All(_) => return None,
    };
    let tests: Option<Vec<&Comparison>> = parts
        .iter()
        .map(|part| if let Check::Test(comparison) = part { Some(comparison.as_ref()) } else { None })
        .collect();
    let tests = tests?;
    let first = tests.first()?;
    let same = tests.iter().all(|test| test.path == first.path && !(test.not && matches!(test.ask, Ask::Exists)));
    same.then(|| tests.into_iter().cloned().collect())
}

/// A float that is an integer.
fn whole(float: f64) -> Option<i64> {
    let int = float as i64;
    (float.fract() == 0.0 && int as f64 == float && int != i64::MAX).then_some(int)
}

/// What touches a condition, as few as possible, and whether that is proof.
fn triggers(check: &Check) -> (Vec<Trigger<'_>>, bool) {
    match check {
        Check::Test(comparison) => of_comparison(comparison),
        Check::Any(parts) => {
            let all: Vec<_> = parts.iter().map(triggers).collect();
            let proof = all.iter().all(|(_, proof)| *proof);
            (all.into_iter().flat_map(|(triggers, _)| triggers).collect(), proof)
        }
        // All must hold, so it is enough to watch the one that is touched least.
        Check::All(parts) => {
            let best = parts.iter().map(triggers).min_by_key(|(triggers, _)| triggers.iter().map(cost).sum::<usize>());
            (best.map_or_else(Vec::new, |(triggers, _)| triggers), false)
        }
    }
}

fn cost(trigger: &Trigger<'_>) -> usize {
    match trigger {
        Trigger::Text(..) | Trigger::Int(..) | Trigger::Network(..) => 1,
        Trigger::Value(_) => 1_000_000,
        Trigger::Object => 10_000_000,
    }
}

fn of_comparison(comparison: &Comparison) -> (Vec<Trigger<'_>>, bool) {
    let path = &comparison.path;
    let evaluated = (vec![Trigger::Value(path)], false);
    if comparison.not {
        return if matches!(comparison.ask, Ask::Exists) { (vec![Trigger::Object], false) } else { evaluated };
    }
    match &comparison.ask {
        Ask::Equal(constant) => match looked_up(path, constant) {
            Some(trigger) => (vec![trigger], true),
            None => evaluated,
        },
        Ask::In(set) if !path.is_bytes() => {
            let others: Option<Vec<_>> = set.others.iter().map(|constant| looked_up(path, constant)).collect();
            match others {
                Some(others) => (set.texts.iter().map(|text| Trigger::Text(path, text)).chain(others).collect(), true),
                None => evaluated,
            }
        }
        Ask::Subset(network) => (vec![Trigger::Network(path, *network)], true),
        _ => evaluated,
    }
}

/// How a constant is looked up; none when equality needs more than a look.
fn looked_up<'a>(path: &'a ObjectPath, constant: &'a Constant) -> Option<Trigger<'a>> {
    match constant {
        Constant::Text(text) if !path.is_bytes() => Some(Trigger::Text(path, text)),
        Constant::Int(int) => Some(Trigger::Int(path, *int)),
        Constant::Float(float) => whole(*float).map(|int| Trigger::Int(path, int)),
        _ => None,
    }
}
