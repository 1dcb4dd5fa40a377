//! Opinion: whether others agree with what was told, and whether it is disputed.
//! In: an id, a word, who says so; or objects. Out: an opinion object; how objects stand.
//! Invariant: one positive and one negative opinion that stand make an object disputed; a revoked opinion counts no more.
//! Not here: what follows from it (a person, or the member's own rule).

use std::collections::BTreeMap;

use serde_json::json;

use crate::campaign::Producer;
use crate::json::{self, Node};
use crate::made::Made;
use crate::marking::Tlp;
use crate::object::Object;
use crate::{Limits, id, version};

/// The words of STIX's opinion-enum (STIX 2.1, section 10.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opinion {
    /// Firmly against.
    StronglyDisagree,
    /// Against.
    Disagree,
    /// Neither.
    Neutral,
    /// For.
    Agree,
    /// Firmly for.
    StronglyAgree,
}

impl Opinion {
    /// Every word, most against first.
    pub const ALL: [Opinion; 5] =
        [Opinion::StronglyDisagree, Opinion::Disagree, Opinion::Neutral, Opinion::Agree, Opinion::StronglyAgree];

    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Opinion::StronglyDisagree => "strongly-disagree",
            Opinion::Disagree => "disagree",
            Opinion::Neutral => "neutral",
            Opinion::Agree => "agree",
            Opinion::StronglyAgree => "strongly-agree",
        }
    }

    /// The word of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }
}

/// An opinion of the producer's on others' objects: one opinion an object and producer, so that a new one replaces the old
/// (through `version::next` where one was sent before, which keeps `created`).
#[must_use]
pub fn opinion(by: &Producer, about: &str, word: Opinion, because: Option<&str>, at: &str, tlp: Tlp) -> String {
    let at = version::timestamp(at).unwrap_or_default();
    Made::new("opinion", &id::domain("opinion", &json!({"about": about, "by": by.id()})))
        .dated(&at, &at)
        .with("created_by_ref", json!(by.id()))
        .with("object_marking_refs", json!([tlp.id()]))
        .with("opinion", json!(word.name()))
        .with("explanation", json!(because))
        .with("object_refs", json!([about]))
        .text()
}

/// How an object stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Opinions for it.
    pub agree: usize,
    /// Opinions against it.
    pub disagree: usize,
    /// Opinions that are neither.
    pub neutral: usize,
}

impl Standing {
    /// Some say yes and some say no.
    #[must_use]
    pub fn disputed(self) -> bool {
        self.agree > 0 && self.disagree > 0
    }
}

/// How each object stands that opinions among `objects` are about. Of several versions of an opinion the last counts.
#[must_use]
pub fn standings<'a>(objects: impl IntoIterator<Item = &'a Object<'a>>) -> BTreeMap<String, Standing> {
    let mut latest: BTreeMap<&str, &Object<'_>> = BTreeMap::new();
    for object in objects.into_iter().filter(|object| object.head.kind == "opinion") {
        let held = latest.entry(&object.head.id).or_insert(object);
        if time(held.version()) < time(object.version()) {
            *held = object;
        }
    }
    let mut standings: BTreeMap<String, Standing> = BTreeMap::new();
    for object in latest.into_values().filter(|object| !object.head.revoked) {
        let Ok(node) = json::read(object.raw(), 0, object.raw().len(), Limits::default().depth) else { continue };
        let Some(word) = node.field("opinion").and_then(Node::text).and_then(Opinion::of) else { continue };
        for about in node.field("object_refs").map(Node::items).unwrap_or_default().iter().filter_map(Node::text) {
            let standing = standings.entry(about.to_owned()).or_default();
            match word {
                Opinion::Agree | Opinion::StronglyAgree => standing.agree += 1,
                Opinion::Disagree | Opinion::StronglyDisagree => standing.disagree += 1,
                Opinion::Neutral => standing.neutral += 1,
            }
        }
    }
    standings
}

/// Timestamps are compared as times: `…00Z` and `…00.000Z` are one.
fn time(text: Option<&str>) -> Option<jiff::Timestamp> {
    text.and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::revoke;

    #[test]
    fn yes_and_no_together_are_disputed_until_one_is_taken_back() -> Result<(), Box<dyn std::error::Error>> {
        let about = "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
        let [a, b] = ["Lab A", "Lab B"].map(|name| Producer { name: name.to_owned(), ..Producer::default() });
        let say = |by, word, at| opinion(by, about, word, None, at, Tlp::Amber);
        let yes = say(&a, Opinion::StronglyAgree, "2026-01-01T00:00:00Z");
        let no = say(&b, Opinion::Disagree, "2026-01-02T00:00:00Z");
        let back = revoke(&no, "2026-01-03T00:00:00Z")?;
        let stand = |texts: &[&str]| -> Result<Standing, Box<dyn std::error::Error>> {
            let objects = texts.iter().map(|text| Object::read(text, 16)).collect::<Result<Vec<_>, _>>()?;
            Ok(standings(&objects).get(about).copied().unwrap_or_default())
        };
        assert!(!stand(&[&yes])?.disputed());
        assert!(stand(&[&yes, &no])?.disputed());
        assert!(!stand(&[&back, &yes, &no])?.disputed());
        // A new word of the same producer is a new version of its opinion.
        let other = say(&b, Opinion::Agree, "2026-01-04T00:00:00Z");
        assert_eq!(stand(&[&other, &yes, &no])?, Standing { agree: 2, ..Standing::default() });
        Ok(())
    }
}
