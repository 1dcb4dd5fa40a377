//! Reach: whether a caller can see what a pattern asks for.
//! In: a pattern, the object paths that the caller has. Out: what it can't see, a refusal each, and whether the pattern can match without.
//! Invariant: a comparison at an unseen path never holds, so a pattern that needs it is refused instead of never matching.
//! Not here: parts that nobody evaluates (`Pattern::compile`).

use crate::error::Refusal;
use crate::path::ObjectPath;
use crate::pattern::Pattern;
use crate::syntax::{Condition, Expression};

/// What a caller can see of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Whether the pattern can still match, by the other side of an `OR`.
    pub can_match: bool,
    /// One refusal for each path that can't be seen, in the order of the pattern.
    pub refusals: Vec<Refusal>,
}

impl Reach {
    /// Everything that the pattern asks for can be seen.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// What a caller that sees `known` paths can make of a pattern. `wherein` completes the sentence `… cannot be seen in …`, such as `API traffic`.
#[must_use]
pub fn reach<'a>(pattern: &Pattern, known: impl IntoIterator<Item = &'a ObjectPath>, wherein: &str) -> Reach {
    let known: Vec<&ObjectPath> = known.into_iter().collect();
    let mut refusals: Vec<Refusal> = Vec::new();
    for test in pattern.expression().tests() {
        let part = test.path.to_string();
        if known.contains(&&test.path) || refusals.iter().any(|refusal| refusal.part == part) {
            continue;
        }
        let because = format!("`{part}` cannot be seen in {wherein}");
        refusals.push(Refusal { part, because, hint: hint(&test.path, &known) });
    }
    Reach { can_match: refusals.is_empty() || can_match(pattern.expression(), &known), refusals }
}

fn hint(path: &ObjectPath, known: &[&ObjectPath]) -> String {
    let mut same: Vec<String> =
        known.iter().filter(|seen| seen.object_type() == path.object_type()).map(ToString::to_string).collect();
    if same.is_empty() {
        same = known.iter().map(|seen| format!("{}:…", seen.object_type())).collect();
    }
    same.sort();
    same.dedup();
    if same.is_empty() { "nothing can be seen".to_owned() } else { format!("what can be seen: {}", same.join(", ")) }
}

fn can_match(expression: &Expression, known: &[&ObjectPath]) -> bool {
    match expression {
        Expression::Observation(condition) => can_hold(condition, known),
        Expression::And(parts) | Expression::FollowedBy(parts) => parts.iter().all(|part| can_match(part, known)),
        Expression::Or(parts) => parts.iter().any(|part| can_match(part, known)),
        Expression::Qualified(of, _) => can_match(of, known),
    }
}

fn can_hold(condition: &Condition, known: &[&ObjectPath]) -> bool {
    match condition {
        Condition::Test(test) => known.contains(&&test.path),
        Condition::And(parts) => parts.iter().all(|part| can_hold(part, known)),
        Condition::Or(parts) => parts.iter().any(|part| can_hold(part, known)),
    }
}
