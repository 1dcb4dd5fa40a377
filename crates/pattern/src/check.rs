//! Check: comparison expressions, compiled.
//! In: a condition and an object of an observation. Out: whether it holds.
//! Invariant: comparisons joined by AND and OR are about one object (STIX 2.1, 9.5); one value that passes is enough.
//! Not here: combining observations (`plan.rs`, `bind.rs`).

use std::cmp::Ordering;
use std::collections::HashSet;

use ipnet::IpNet;

use crate::error::{Refusal, Undecided};
use crate::like::Like;
use crate::limits::Limits;
use crate::network;
use crate::observation::Observation;
use crate::path::ObjectPath;
use crate::pcre::Pcre;
use crate::syntax::{Condition, Constant, Operator, Test};
use crate::value::Value;

/// A compiled condition.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    Test(Box<Comparison>),
    All(Vec<Check>),
    Any(Vec<Check>),
}

/// A compiled comparison.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) path: ObjectPath,
    pub(crate) not: bool,
    pub(crate) ask: Ask,
}

/// What is asked of a value.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Equal(Constant),
    NotEqual(Constant),
    Order(fn(Ordering) -> bool, Constant),
    In(Set),
    Like(Like),
    Matches(Pcre),
    Subset(IpNet),
    Superset(IpNet),
    Exists,
}

/// The constants of an `IN`; texts are looked up, whatever their number.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    pub(crate) texts: HashSet<String>,
    pub(crate) others: Vec<Constant>,
}

impl Check {
    pub(crate) fn new(condition: &Condition, limits: &Limits) -> Result<Self, Refusal> {
        let all = |parts: &[Condition]| parts.iter().map(|part| Self::new(part, limits)).collect::<Result<Vec<_>, _>>();
        Ok(match condition {
            Condition::And(parts) => Check::All(all(parts)?),
            Condition::Or(parts) => Check::Any(all(parts)?),
            Condition::Test(test) => Check::Test(Box::new(Comparison::new(test, limits)?)),
        })
    }

    /// Whether some object of the observation fulfils the condition.
    pub(crate) fn holds<O: Observation + ?Sized>(&self, observation: &O) -> Result<bool, Undecided> {
        for object in 0..observation.objects() {
            if self.holds_for(observation, object)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn holds_for<O: Observation + ?Sized>(&self, observation: &O, object: usize) -> Result<bool, Undecided> {
        match self {
            Check::Test(comparison) => comparison.holds_for(observation, object),
            Check::All(parts) => {
                for part in parts {
                    if !part.holds_for(observation, object)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Check::Any(parts) => {
                for part in parts {
                    if part.holds_for(observation, object)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}

impl Comparison {
    fn new(test: &Test, limits: &Limits) -> Result<Self, Refusal> {
        let refuse = |because: String, hint: String| Refusal { part: test.to_string(), because, hint };
        let network = |text: &str| {
            network::parse(text).ok_or_else(|| {
                let because = format!("`{text}` is no IPv4 or IPv6 address and no CIDR network");
                refuse(because, "write it as in '198.51.100.0/24' or '2001:db8::/32'".to_owned())
            })
        };
        let ask = match &test.operator {
            Operator::Equal(constant) => Ask::Equal(constant.clone()),
            Operator::NotEqual(constant) => Ask::NotEqual(constant.clone()),
            Operator::Less(constant) => Ask::Order(Ordering::is_lt, constant.clone()),
            Operator::LessOrEqual(constant) => Ask::Order(Ordering::is_le, constant.clone()),
            Operator::Greater(constant) => Ask::Order(Ordering::is_gt, constant.clone()),
            Operator::GreaterOrEqual(constant) => Ask::Order(Ordering::is_ge, constant.clone()),
            Operator::In(constants) => Ask::In(Set::new(constants)),
            Operator::Like(template) => Ask::Like(Like::new(template)),
            Operator::Matches(text) => {
                Ask::Matches(Pcre::new(text, test.path.is_bytes(), limits).map_err(|(why, cure)| refuse(why, cure))?)
            }
            Operator::IsSubset(text) => Ask::Subset(network(text)?),
            Operator::IsSuperset(text) => Ask::Superset(network(text)?),
            Operator::Exists => Ask::Exists,
        };
        Ok(Self { path: test.path.clone(), not: test.not, ask })
    }

    fn holds_for<O: Observation + ?Sized>(&self, observation: &O, object: usize) -> Result<bool, Undecided> {
        if observation.object_type(object) != self.path.object_type() {
            return Ok(false);
        }
        if matches!(self.ask, Ask::Exists) {
            return Ok(observation.each(object, &self.path, &mut |_| true)? != self.not);
        }
        let mut wrong = None;
        let passed = observation.each(object, &self.path, &mut |value| match self.passes(value) {
            Ok(passed) => passed,
            Err(undecided) => {
                wrong = Some(undecided);
                true
            }
        })?;
        wrong.map_or(Ok(passed), Err)
    }

    /// Whether one value is what is asked for; not for `EXISTS`, which asks for none.
    pub(crate) fn passes(&self, value: &Value<'_>) -> Result<bool, Undecided> {
        Ok(self.ask.of(value)? != self.not)
    }
}

impl Ask {
    fn of(&self, value: &Value<'_>) -> Result<bool, Undecided> {
        Ok(match self {
            Ask::Equal(constant) => value.equals(constant)?,
            Ask::NotEqual(constant) => !value.equals(constant)?,
            Ask::Order(fits, constant) => {
                // Truth values are equal or not, and have no order.
                !matches!(value, Value::Bool(_)) && value.compare(constant)?.is_some_and(fits)
            }
            Ask::In(set) => set.has(value)?,
            Ask::Like(like) => match value {
                Value::Text(text) => like.covers(text),
                Value::Bytes(bytes) => std::str::from_utf8(bytes).is_ok_and(|text| like.covers(text)),
                _ => false,
            },
            Ask::Matches(pcre) => pcre.found_in(value),
            Ask::Subset(outer) => named(value).is_some_and(|inner| network::holds(outer, &inner)),
            Ask::Superset(inner) => named(value).is_some_and(|outer| network::holds(&outer, inner)),
            Ask::Exists => true,
        })
    }
}

/// The network that a value names; whatever else it is lies in no network.
fn named(value: &Value<'_>) -> Option<IpNet> {
    match value {
        Value::Text(text) => network::parse(text),
        _ => None,
    }
}

impl Set {
    fn new(constants: &[Constant]) -> Self {
        let mut set = Self { texts: HashSet::new(), others: Vec::new() };
        for constant in constants {
            match constant {
                Constant::Text(text) => _ = set.texts.insert(text.clone()),
                other => set.others.push(other.clone()),
            }
        }
        set
    }

    fn has(&self, value: &Value<'_>) -> Result<bool, Undecided> {
        match value {
            Value::Text(text) if self.texts.contains(*text) => return Ok(true),
            // A text that stands for bytes equals them too (`Value::compare`).
            Value::Bytes(_) => {
                for text in &self.texts {
                    if value.equals(&Constant::Text(text.clone()))? {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
        for constant in &self.others {
            if value.equals(constant)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
