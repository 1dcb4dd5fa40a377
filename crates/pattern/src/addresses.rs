//! Addresses: equality with an address or network, as it is meant and not as it is spelt.
//! In: a pattern. Out: the same, with `=`, `!=` and `IN` on the value of an address object asked as `ISSUBSET` where spelling matters.
//! Invariant: an address in its shortest text stays an equality; other texts, such as `203.0.113.5/32` or `2001:DB8::5`, become networks.
//! Not here: the meaning of `ISSUBSET` (`network.rs`).

use crate::network;
use crate::path::{ObjectPath, Step};
use crate::pattern::Pattern;
use crate::syntax::{Condition, Constant, Expression, Operator, Test};

/// For a caller whose addresses have one spelling each: a pattern's `ipv4-addr:value = '203.0.113.5/32'` is STIX for one address
/// (STIX 2.1, 6.11: the suffix may be left out), but as text it equals no address of a log (STIX 2.1, 9.6; `stix2-matcher` agrees).
#[must_use]
pub fn by_meaning(pattern: &Pattern) -> Pattern {
    Pattern::new(expression(pattern.expression()))
}

fn expression(of: &Expression) -> Expression {
    let all = |parts: &[Expression]| parts.iter().map(expression).collect();
    match of {
        Expression::Observation(inner) => Expression::Observation(condition(inner)),
        Expression::And(parts) => Expression::And(all(parts)),
        Expression::Or(parts) => Expression::Or(all(parts)),
        Expression::FollowedBy(parts) => Expression::FollowedBy(all(parts)),
        Expression::Qualified(inner, qualifiers) => {
            Expression::Qualified(Box::new(expression(inner)), qualifiers.clone())
        }
    }
}

fn condition(of: &Condition) -> Condition {
    match of {
        Condition::And(parts) => Condition::And(parts.iter().map(condition).collect()),
        Condition::Or(parts) => Condition::Or(parts.iter().map(condition).collect()),
        Condition::Test(test) if is_address(&test.path) => rewritten(test),
        Condition::Test(_) => of.clone(),
    }
}

/// The value of an address object, straight or by a reference.
fn is_address(path: &ObjectPath) -> bool {
    let keys: Vec<&str> = path
        .steps()
        .iter()
        .filter_map(|step| if let Step::Key(key) = step { Some(key.as_ref()) } else { None })
        .collect();
    match keys.as_slice() {
        ["value"] => matches!(path.object_type(), "ipv4-addr" | "ipv6-addr"),
        [.., before, "value"] => before.ends_with("_ref") || before.ends_with("_refs"),
        _ => false,
    }
}

fn rewritten(test: &Test) -> Condition {
    let one = |not: bool, operator: Operator| Condition::Test(Test { path: test.path.clone(), not, operator });
    match &test.operator {
        Operator::Equal(Constant::Text(text)) if respelt(text) => one(test.not, Operator::IsSubset(text.clone())),
        Operator::NotEqual(Constant::Text(text)) if respelt(text) => one(!test.not, Operator::IsSubset(text.clone())),
        Operator::In(constants) => {
            let network = |constant: &Constant| matches!(constant, Constant::Text(text) if respelt(text));
            let (networks, plain): (Vec<Constant>, Vec<Constant>) = constants.iter().cloned().partition(network);
            if networks.is_empty() {
                return one(test.not, test.operator.clone());
            }
            let mut parts = Vec::new();
            if !plain.is_empty() {
                parts.push(one(test.not, Operator::In(plain)));
            }
            parts.extend(networks.into_iter().filter_map(|constant| match constant {
                Constant::Text(text) => Some(one(test.not, Operator::IsSubset(text))),
                _ => None,
            }));
            match (parts.len(), test.not) {
                (1, _) => parts.remove(0),
                (_, false) => Condition::Or(parts),
                (_, true) => Condition::And(parts),
            }
        }
        operator => one(test.not, operator.clone()),
    }
}

/// Whether a text names an address or network, and is not the shortest text of one address.
fn respelt(text: &str) -> bool {
    network::parse(text)
        .is_some_and(|network| network.prefix_len() != network.max_prefix_len() || network.addr().to_string() != text)
}
