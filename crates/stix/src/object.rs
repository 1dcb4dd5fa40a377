//! Object: one STIX object as it was written, and a light view of what it is.
//! In: a piece of a bundle's text. Out: that piece, untouched, with its type, id, version, markings and references.
//! Invariant: `raw` is the text that was read, byte for byte: unknown properties, numbers above 2^53, timestamp text, order.
//! Not here: whether it keeps to the specification (`validate`); only what a store needs is checked here.

use std::borrow::Cow;

use crate::json::{self, Broken, Node, Value};
use crate::{id, validate};

/// A STIX object, borrowed from the text that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Object<'a> {
    raw: &'a str,
    /// What it is.
    pub head: Head<'a>,
}

/// What a store needs to know of an object (STIX 2.1, section 3.2: common properties).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// `type`.
    pub kind: Cow<'a, str>,
    /// `id`.
    pub id: Cow<'a, str>,
    /// `spec_version`; cyber-observable objects may leave it out.
    pub spec_version: Option<Cow<'a, str>>,
    /// `created`, as written.
    pub created: Option<Cow<'a, str>>,
    /// `modified`, as written; cyber-observable and marking-definition objects have none.
    pub modified: Option<Cow<'a, str>>,
    /// `revoked`.
    pub revoked: bool,
    /// `created_by_ref`.
    pub created_by: Option<Cow<'a, str>>,
    /// `object_marking_refs`.
    pub markings: Vec<Cow<'a, str>>,
    /// Every other id that it names, in properties that end in `_ref` or `_refs`, at any depth, in order, each once.
    pub refs: Vec<Cow<'a, str>>,
}

impl<'a> Object<'a> {
    /// Reads one object: JSON with a `type` and an `id` of that type, and `spec_version` 2.1 where it has one.
    ///
    /// # Errors
    /// The place (a byte of `raw`), the property and what is wrong with it.
    pub fn read(raw: &'a str, depth: usize) -> Result<Self, NotAnObject> {
        let node = json::read(raw, 0, raw.len(), depth)?;
        Ok(Object { raw: raw.trim_ascii(), head: head(node)? })
    }

    /// The text that was read.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// What tells versions of an object apart: `modified`, or `created` where it has none (STIX 2.1, section 3.6).
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.head.modified.as_deref().or(self.head.created.as_deref())
    }
}

/// Why a piece of text is no STIX object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnObject {
    /// Byte of the text at which it shows.
    pub at: usize,
    /// The property, where it is one.
    pub property: Option<&'static str>,
    /// Stable name of the kind of fault.
    pub code: &'static str,
    /// What is wrong, a sentence without a full stop.
    pub because: String,
    /// What to do, where that isn't plain.
    pub hint: Option<&'static str>,
}

impl std::fmt::Display for NotAnObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.because)
    }
}

impl std::error::Error for NotAnObject {}

impl From<Broken> for NotAnObject {
    fn from(broken: Broken) -> Self {
        NotAnObject { at: broken.at, property: None, code: "syntax", because: broken.because, hint: None }
    }
}

const CONVERT: &str = "convert it to STIX 2.1 first";

fn not(at: usize, property: &'static str, code: &'static str, because: impl Into<String>) -> NotAnObject {
    NotAnObject { at, property: Some(property), code, because: because.into(), hint: None }
}

fn head(node: Node<'_>) -> Result<Head<'_>, NotAnObject> {
    let at = node.at;
    let Value::Object(members) = node.value else {
        return Err(NotAnObject {
            at,
            property: None,
            code: "type",
            because: format!("a STIX object should be here, not {}", node.kind()),
            hint: None,
        });
    };
    let (mut kind, mut id, mut spec_version) = (None, None, None);
    let (mut created, mut modified, mut created_by) = (None, None, None);
    let (mut revoked, mut markings, mut refs) = (false, Vec::new(), Vec::new());
    let mut id_at = at;
    for member in members {
        let at = member.node.at;
        match (member.key.as_ref(), member.node.value) {
            ("type", Value::Text(text)) => kind = Some(text),
            ("id", Value::Text(text)) => (id, id_at) = (Some(text), at),
            ("spec_version", Value::Text(text)) if text != "2.1" => {
                let mut fault = not(at, "spec_version", "spec-version", format!("this is STIX `{text}`, not 2.1"));
                fault.hint = Some(CONVERT);
                return Err(fault);
            }
            ("spec_version", Value::Text(text)) => spec_version = Some(text),
            ("created", Value::Text(text)) => created = Some(text),
            ("modified", Value::Text(text)) => modified = Some(text),
            ("revoked", Value::Bool(is)) => revoked = is,
            ("created_by_ref", Value::Text(text)) => created_by = Some(text),
            ("object_marking_refs", Value::List(items)) => markings.extend(items.into_iter().filter_map(text_of)),
            ("type" | "id" | "spec_version", other) => {
                let key = if member.key == "type" {
                    "type"
                } else if member.key == "id" {
                    "id"
                } else {
                    "spec_version"
                };
                let kind = Node { at, end: at, value: other }.kind();
                return Err(not(at, key, "type", format!("`{key}` should be a string, not {kind}")));
            }
            (key, value) => collect(key, value, &mut refs),
        }
    }
    let Some(kind) = kind else { return Err(not(at, "type", "required", "`type` is missing")) };
    let Some(id) = id else { return Err(not(at, "id", "required", "`id` is missing")) };
    // An object of the domain without a version is one of STIX 2.0 (STIX 2.1, section 3.2: `spec_version`).
    if spec_version.is_none() && validate::names_its_version(&kind) {
        let mut fault = not(at, "spec_version", "required", "`spec_version` is missing: this is STIX 2.0, not 2.1");
        fault.hint = Some(CONVERT);
        return Err(fault);
    }
    if let Err(because) = id::check(&id, Some(&kind)) {
        return Err(not(id_at, "id", "id", because));
    }
    Ok(Head { kind, id, spec_version, created, modified, revoked, created_by, markings, refs })
}

fn text_of(node: Node<'_>) -> Option<Cow<'_, str>> {
    if let Value::Text(text) = node.value { Some(text) } else { None }
}

/// Collects the ids in a property and below it.
fn collect<'a>(key: &str, value: Value<'a>, refs: &mut Vec<Cow<'a, str>>) {
    let add = |text: Cow<'a, str>, refs: &mut Vec<Cow<'a, str>>| {
        if id::check(&text, None).is_ok() && (refs.len() > 64 || !refs.contains(&text)) {
            refs.push(text);
        }
    };
    match value {
        Value::Text(text) if key.ends_with("_ref") => add(text, refs),
        Value::List(items) => {
            for item in items {
                match item.value {
                    Value::Text(text) if key.ends_with("_refs") => add(text, refs),
                    Value::Text(_) => {}
                    other => collect("", other, refs),
                }
            }
        }
        Value::Object(members) => {
            for member in members {
                collect(&member.key, member.node.value, refs);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: &str = r#"{"type": "indicator", "spec_version":"2.1","x": 90071992547409931234, "id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
        "modified":"2020-01-01T00:00:00Z","revoked":true,"object_marking_refs":["marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"],
        "granular_markings":[{"marking_ref":"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da","selectors":["x"]}]}"#;

    #[test]
    fn the_text_is_kept_and_the_head_is_read() -> Result<(), NotAnObject> {
        let object = Object::read(MADE, 8)?;
        assert_eq!(object.raw(), MADE);
        assert!(object.head.revoked);
        assert_eq!(object.version(), Some("2020-01-01T00:00:00Z"));
        assert_eq!(object.head.markings, ["marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"]);
        assert_eq!(object.head.refs, ["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]);
        Ok(())
    }

    #[test]
    fn what_is_no_object_is_told() {
        for (raw, code) in [
            ("[]", "type"),
            ("{}", "required"),
            (r#"{"type":"x-y"}"#, "required"),
            (r#"{"type":1,"id":""}"#, "type"),
            (r#"{"type":"tool","spec_version":"2.1","id":"tool-1"}"#, "id"),
            (r#"{"type":"mutex","id":"malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}"#, "id"),
            (r#"{"type":"tool","id":"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}"#, "required"),
            (r#"{"spec_version":"2.0"}"#, "spec-version"),
            ("{", "syntax"),
        ] {
            assert_eq!(Object::read(raw, 8).map_err(|e| e.code), Err(code), "{raw}");
        }
    }
}
