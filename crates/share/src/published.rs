//! Published: objects that are not a member's own and leave only as they were published.
//! In: an object's id and value. Out: the published text, where it is that.
//! Invariant: compared by canonical form; a marking or definition of anybody else never leaves.
//! Not here: which objects refer to them.

use serde_json::Value;
use stillwatch_model::canonical;
use stillwatch_stix::extension::Definition;
use stillwatch_stix::marking::{Pap, Tlp};

/// Whether objects of a type leave only as they were published.
pub(crate) fn is(kind: &str) -> bool {
    matches!(kind, "marking-definition" | "extension-definition")
}

/// The published text of an object, where it is the published one.
pub(crate) fn text(id: &str, value: &Value) -> Option<String> {
    let tlp = Tlp::ALL.into_iter().find(|level| level.id() == id).map(Tlp::object);
    let pap = || Pap::ALL.into_iter().find(|level| level.id() == id).map(Pap::object);
    let text = tlp.or_else(pap).or_else(|| Definition::of(id).map(Definition::object))?;
    let is = canonical::encode(value).ok()?;
    (is == text.as_bytes()).then_some(text)
}
