//! Observed: observations from STIX JSON.
//! In: a bundle with `observed-data` (2.1: `object_refs`; 2.0: embedded `objects`), read by `serde_json`. Out: observations that borrow from it.
//! Invariant: only objects that an observation refers to belong to it; a reference that leads nowhere is no value and no error.
//! Not here: validating STIX (`stix`).

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use crate::error::{Undecided, short};
use crate::observation::{Observation, Span};
use crate::path::{ObjectPath, Step};
use crate::timestamp;
use crate::value::Value;

/// Types that are no cyber-observable, and so are never matched though an `observed-data` names them (STIX 2.1, 4).
const NOT_OBSERVABLE: [&str; 24] = [
    "attack-pattern",
    "bundle",
    "campaign",
    "course-of-action",
    "extension-definition",
    "grouping",
    "identity",
    "incident",
    "indicator",
    "infrastructure",
    "intrusion-set",
    "language-content",
    "location",
    "malware",
    "malware-analysis",
    "marking-definition",
    "note",
    "observed-data",
    "opinion",
    "relationship",
    "report",
    "sighting",
    "threat-actor",
    "tool",
];

/// Values looked at for one path of one object; lists of references into lists of references would be many more.
const MOST_VALUES: usize = 100_000;

/// One `observed-data` object.
#[derive(Debug, Clone)]
pub struct Observed<'a> {
    /// Its `id`; empty where it has none.
    pub id: &'a str,
    span: Span,
    /// (key or id, type, properties)
    objects: Vec<(&'a str, &'a str, &'a Map<String, Json>)>,
}

/// A JSON text holds no usable `observed-data`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{id}`: {what}")]
pub struct NotObserved {
    /// The object.
    pub id: String,
    /// What is wrong with it.
    pub what: String,
}

impl<'a> Observed<'a> {
    /// All observations of a bundle, of a list of bundles or `observed-data`, or of one `observed-data`, in their order.
    ///
    /// # Errors
    /// When an `observed-data` has no time, no number from 1, or neither `object_refs` nor `objects`.
    pub fn all(json: &'a Json) -> Result<Vec<Self>, NotObserved> {
        let mut objects = Vec::new();
        let parts = match json {
            Json::Array(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in parts.iter().filter_map(Json::as_object) {
            match part.get("objects") {
                Some(Json::Array(inner)) => objects.extend(inner.iter().filter_map(Json::as_object)),
                _ => objects.push(part),
            }
        }
        let by_id: HashMap<&str, &Map<String, Json>> =
            objects.iter().map(|object| (text(object, "id"), *object)).collect();
        // 2.0 data in the wild has other types around embedded `objects`; what counts is that it is one observation.
        let embeds = |object: &Map<String, Json>| object.get("objects").is_some_and(Json::is_object);
        let observed = objects.iter().filter(|object| text(object, "type") == "observed-data" || embeds(object));
        observed.map(|object| Self::one(object, &by_id)).collect()
    }

    fn one(object: &'a Map<String, Json>, by_id: &HashMap<&str, &'a Map<String, Json>>) -> Result<Self, NotObserved> {
        let id = text(object, "id");
        let wrong = |what: String| NotObserved { id: id.to_owned(), what };
        let time = |key: &str| {
            let written = text(object, key);
            timestamp::parse(written).ok_or_else(|| wrong(format!("`{key}` is no timestamp: `{}`", short(written))))
        };
        let (first, last) = (time("first_observed")?, time("last_observed")?);
        if last < first {
            return Err(wrong("`last_observed` is before `first_observed`".to_owned()));
        }
        let number = object.get("number_observed").and_then(Json::as_u64).filter(|number| *number > 0);
        let number = number.ok_or_else(|| wrong("`number_observed` is no whole number from 1".to_owned()))?;
        let mut found: Vec<(&str, &str, &Map<String, Json>)> = Vec::new();
        if let Some(refs) = object.get("object_refs").and_then(Json::as_array) {
            for reference in refs.iter().filter_map(Json::as_str) {
                let Some(to) = by_id.get(reference) else { continue };
                let kind = text(to, "type");
                if !NOT_OBSERVABLE.contains(&kind) && !found.iter().any(|(known, ..)| *known == reference) {
                    found.push((reference, kind, *to));
                }
            }
        } else if let Some(inner) = object.get("objects").and_then(Json::as_object) {
            let objects = inner.iter().filter_map(|(key, object)| object.as_object().map(|object| (key, object)));
            found.extend(objects.map(|(key, object)| (key.as_str(), text(object, "type"), object)));
        } else {
            return Err(wrong("neither `object_refs` nor `objects`".to_owned()));
        }
        let count = u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Self { id, span: Span { first, last, count }, objects: found })
    }

    fn resolve(&self, reference: &str) -> Option<usize> {
        self.objects.iter().position(|(id, ..)| *id == reference)
    }

    /// Follows the steps from a node; whether `visit` has seen enough.
    fn walk(
        &self,
        node: &Node<'a>,
        steps: &[Step],
        left: &mut usize,
        visit: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> Result<bool, Undecided> {
        *left = left
            .checked_sub(1)
            .ok_or_else(|| Undecided::Value(format!("a path leads to more than {MOST_VALUES} values")))?;
        let Some((step, further)) = steps.split_first() else { return Ok(visit(&node.value())) };
        match step {
            Step::Key(key) => {
                let properties = match node {
                    Node::Json(Json::Object(properties)) => properties,
                    Node::Object(at) => self.objects[*at].2,
                    _ => return Ok(false),
                };
                let Some(value) = properties.get(key.as_ref()) else { return Ok(false) };
                match self.named(key, value)? {
                    Some(node) => self.walk(&node, further, left, visit),
                    None => Ok(false),
                }
            }
            Step::Index(index) => {
                let Ok(index) = usize::try_from(*index) else { return Ok(false) };
                match node.element(index) {
                    Some(node) => self.walk(&node, further, left, visit),
                    None => Ok(false),
                }
            }
            Step::Any => {
                for index in 0.. {
                    let Some(node) = node.element(index) else { break };
                    if self.walk(&node, further, left, visit)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// What a property holds, by the end of its name: bytes, a referenced object, a list of them, or its value.
    fn named(&self, key: &str, value: &'a Json) -> Result<Option<Node<'a>>, Undecided> {
        let bad =
            |what: &str| Undecided::Value(format!("`{}` of property `{key}` is {what}", short(&value.to_string())));
        if key.ends_with("_hex") {
            let digits = value.as_str().and_then(|text| hex::decode(text).ok());
            return digits.map(|bytes| Some(Node::Bytes(bytes))).ok_or_else(|| bad("no hexadecimal text"));
        }
        if key.ends_with("_bin") {
            let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok());
            return bytes.map(|bytes| Some(Node::Bytes(bytes))).ok_or_else(|| bad("no base64 text"));
        }
        if key.ends_with("_ref") {
            let reference = value.as_str().ok_or_else(|| bad("no reference"))?;
            return Ok(self.resolve(reference).map(Node::Object));
        }
        if key.ends_with("_refs") {
            let list = value.as_array().ok_or_else(|| bad("no list of references"))?;
            let mut objects = Vec::with_capacity(list.len());
            for reference in list {
                objects.extend(self.resolve(reference.as_str().ok_or_else(|| bad("no list of references"))?));
            }
            return Ok((!objects.is_empty()).then_some(Node::Objects(objects)));
        }
        Ok(Some(Node::Json(value)))
    }
}

/// Where a path has led to.
enum Node<'a> {
    Json(&'a Json),
    Object(usize),
    Objects(Vec<usize>),
    Bytes(Vec<u8>),
}

impl<'a> Node<'a> {
    fn element(&self, index: usize) -> Option<Node<'a>> {
        match self {
            Node::Json(Json::Array(list)) => list.get(index).map(Node::Json),
            Node::Objects(objects) => objects.get(index).copied().map(Node::Object),
            _ => None,
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Node::Json(Json::String(text)) => Value::Text(text),
            Node::Json(Json::Bool(truth)) => Value::Bool(*truth),
            Node::Json(Json::Number(number)) => match number.as_i64() {
                Some(number) => Value::Int(number),
                None => number.as_f64().map_or(Value::Other, Value::Float),
            },
            Node::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
            _ => Value::Other,
        }
    }
}

fn text<'a>(object: &'a Map<String, Json>, key: &str) -> &'a str {
    object.get(key).and_then(Json::as_str).unwrap_or_default()
}

impl Observation for Observed<'_> {
    fn span(&self) -> Span {
        self.span
    }

    fn objects(&self) -> usize {
        self.objects.len()
    }

    fn object_type(&self, object: usize) -> &str {
        self.objects[object].1
    }

    fn each(
        &self,
        object: usize,
        path: &ObjectPath,
        visit: &mut dyn FnMut(&Value<'_>) -> bool,
    ) -> Result<bool, Undecided> {
        let mut left = MOST_VALUES;
        self.walk(&Node::Object(object), path.steps(), &mut left, visit)
    }
}
