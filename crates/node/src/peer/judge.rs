//! Judge: which pieces of a page are taken, and which wait for a person.
//! In: pieces, what the same peer sent of these objects before, the time. Out: objects to take; suspects with the reason.
//! Invariant: whatever contradicts what the peer said before is not taken; of two on a page that contradict each other the first is.
//! Not here: writing (`track::peers`).

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use stillwatch_model::Micros;
use stillwatch_stix::validate::{Rules, validate};
use stillwatch_stix::{Limits, Object, Severity};
use stillwatch_track::exchange::instant_key;
use stillwatch_track::objects::Raw;
use stillwatch_track::peers::Suspect;

use super::envelope::Came;

/// Bytes of a suspect that are kept.
const KEPT: usize = 64 << 10;
/// How far ahead of this node's clock another may be.
const AHEAD: Micros = 86_400_000_000;

/// What is taken, and what isn't.
#[derive(Debug, Default)]
pub(super) struct Judged<'a> {
    pub(super) objects: Vec<&'a Object<'a>>,
    pub(super) suspects: Vec<Suspect<'a>>,
}

/// Judges a page.
pub(super) fn judge<'a>(
    came: &'a [Came<'a>],
    mut earlier: HashMap<String, Vec<(String, String)>>,
    now: Micros,
) -> Judged<'a> {
    let mut judged = Judged::default();
    for (raw, object) in came {
        let object = match object {
            Ok(object) => object,
            Err(fault) => {
                judged.suspects.push(suspect(raw, String::new(), fault.to_string()));
                continue;
            }
        };
        let before = earlier.entry(object.head.id.to_string()).or_default();
        match fault(object, before, now) {
            Some(because) => judged.suspects.push(suspect(raw, object.head.id.to_string(), because)),
            None => {
                before.push((object.version().unwrap_or_default().to_owned(), object.raw().to_owned()));
                judged.objects.push(object);
            }
        }
    }
    judged
}

/// Why an object isn't taken.
fn fault(object: &Object<'_>, before: &[(String, String)], now: Micros) -> Option<String> {
    if object.raw().contains('\0') {
        return Some("it holds the character U+0000".to_owned());
    }
    let rules = Rules { limits: Limits { faults: 8, ..Limits::default() }, pattern: None };
    if let Some(fault) = validate(object.raw().as_bytes(), &rules).into_iter().find(|f| f.severity == Severity::Error) {
        return Some(format!("{}: {}", fault.path, fault.message));
    }
    let version = object.version()?;
    let key = instant_key(version);
    let Ok(at) = version.parse::<Timestamp>() else {
        return Some(format!("`{version}` is no instant"));
    };
    if at.as_microsecond() > now.saturating_add(AHEAD) {
        return Some(format!("its version, {version}, is more than a day ahead of this node's clock"));
    }
    before.iter().find_map(|(other, text)| contradiction(object, (key.as_deref(), at), (other, text)))
}

/// What an object says that can't be, after another version of it (STIX 2.1, section 3.6).
fn contradiction(
    object: &Object<'_>,
    (key, at): (Option<&str>, Timestamp),
    (version, text): (&str, &str),
) -> Option<String> {
    if instant_key(version).as_deref() == key {
        let read = |text| serde_json::from_str::<Value>(text).ok();
        let is_same = text == object.raw() || read(text).is_some_and(|there| Some(there) == read(object.raw()));
        return (!is_same).then(|| format!("it said something else under the version {version} before"));
    }
    let there = Object::read(text, Limits::default().depth).ok()?;
    let same_instant = |a: Option<&str>, b: Option<&str>| a.and_then(instant_key) == b.and_then(instant_key);
    if !same_instant(there.head.created.as_deref(), object.head.created.as_deref()) {
        return Some(format!("`created` isn't what it was in the version {version}"));
    }
    if there.head.created_by != object.head.created_by {
        return Some(format!("`created_by_ref` isn't what it was in the version {version}"));
    }
    let other: Timestamp = version.parse().ok()?;
    if there.head.revoked && !object.head.revoked && at > other {
        return Some(format!("it was revoked in the version {version}, for good"));
    }
    None
}

fn suspect(raw: &str, id: String, because: String) -> Suspect<'_> {
    let end = (0..=KEPT.min(raw.len())).rev().find(|end| raw.is_char_boundary(*end)).unwrap_or(0);
    let id = if id.is_empty() {
        serde_json::from_str::<Value>(raw).ok().and_then(|v| Some(v.get("id")?.as_str()?.chars().take(300).collect()))
    } else {
        Some(id)
    };
    Suspect {
        id: id.unwrap_or_default(),
        hash: hex::encode(Sha256::digest(raw)),
        json: raw.get(..end).unwrap_or_default(),
        because: because.chars().take(500).collect(),
    }
}

/// An object as the store keeps it.
pub(super) fn raw<'a>(object: &'a Object<'_>) -> Raw<'a> {
    crate::own::raw(object)
}
