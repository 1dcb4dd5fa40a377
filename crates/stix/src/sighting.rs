//! Sighting: 'we saw it too', said of somebody else's object.
//! In: the object's id, who saw it, when and about how often. Out: a sighting object.
//! Invariant: how often is a floor of its order of magnitude; what was seen isn't in it.
//! Not here: whether it may leave; finding it (`hunt`).

use serde_json::json;

use crate::campaign::Producer;
use crate::extension::floor;
use crate::made::Made;
use crate::marking::Tlp;
use crate::{id, version};

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Id of the indicator, campaign or other object that was seen.
    pub of: &'a str,
    /// First time, RFC 3339.
    pub first: Option<&'a str>,
    /// Last time, RFC 3339.
    pub last: Option<&'a str>,
    /// How often; goes as a floor of its order of magnitude. 0: looked for, and not seen.
    pub count: u64,
    /// How sure, 0 to 100.
    pub confidence: Option<u8>,
}

/// A sighting of the producer's (STIX 2.1, section 5.2): one an object and producer, so that a new one
/// replaces the old (through `version::next` where one was sent before, which keeps `created`).
#[must_use]
pub fn sighting(by: &Producer, seen: &Seen<'_>, at: &str, tlp: Tlp) -> String {
    let at = version::timestamp(at).unwrap_or_default();
    let first = seen.first.and_then(version::timestamp);
    let last = seen.last.and_then(version::timestamp).max(first.clone());
    Made::new("sighting", &id::domain("sighting", &json!([seen.of, by.id()])))
        .dated(&at, &at)
        .with("created_by_ref", json!(by.id()))
        .with("object_marking_refs", json!([tlp.id()]))
        .with("sighting_of_ref", json!(seen.of))
        .with("where_sighted_refs", json!([by.id()]))
        .with("first_seen", json!(first))
        .with("last_seen", json!(last))
        .with("count", json!(floor(seen.count)))
        .with("confidence", json!(seen.confidence.map(|c| c.min(100))))
        .with("summary", json!(true))
        .text()
}

/// A bundle of sightings, with who sights and the marking that they carry.
#[must_use]
pub fn bundle(by: &Producer, seen: &[Seen<'_>], at: &str, tlp: Tlp) -> String {
    let created = if by.created.is_empty() { at.to_owned() } else { by.created.clone() };
    let identity = Producer { created, ..by.clone() }.object(tlp);
    let mut objects = vec![tlp.object(), identity];
    objects.extend(seen.iter().map(|seen| sighting(by, seen, at, tlp)));
    crate::bundle::write(objects.iter().map(String::as_str))
}
