//! Made: objects that we write ourselves.
//! In: properties. Out: canonical JSON text with the common properties that every object of ours has.
//! Invariant: canonical (RFC 8785), so that the same content is the same text; null and empty lists are left out.
//! Not here: which objects there are (`campaign`, `sighting.rs`, `opinion.rs`, `notice.rs`).

use serde_json::{Map, Value, json};
use stillwatch_model::canonical;

/// An object being made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Made {
    properties: Map<String, Value>,
}

impl Made {
    /// An object of that type and id; `spec_version` is set.
    pub(crate) fn new(kind: &str, id: &str) -> Self {
        let mut made = Made { properties: Map::new() };
        made.set("type", json!(kind));
        made.set("id", json!(id));
        made.set("spec_version", json!("2.1"));
        made
    }

    /// Sets a property; null, an empty list or an empty object is no value (STIX 2.1, section 2.6: lists must not be empty).
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        let empty = match &value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => false,
        };
        if !empty {
            self.properties.insert(name.to_owned(), value);
        }
    }

    /// The same, in a row.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.set(name, value);
        self
    }

    /// `created` and `modified`.
    pub(crate) fn dated(self, created: &str, modified: &str) -> Self {
        self.with("created", json!(created)).with("modified", json!(modified))
    }

    /// Adds an extension, without losing others.
    pub(crate) fn extend(&mut self, definition: &str, content: Value) {
        let extensions = self.properties.entry("extensions").or_insert_with(|| Value::Object(Map::new()));
        if let Some(extensions) = extensions.as_object_mut() {
            extensions.insert(definition.to_owned(), content);
        }
    }

    pub(crate) fn id(&self) -> &str {
        self.properties.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> &str {
        self.properties.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.properties.contains_key(name)
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        text(&self.properties)
    }
}

/// A value as canonical JSON (RFC 8785).
pub(crate) fn text(value: &impl serde::Serialize) -> String {
    // Maps of JSON values always encode to UTF-8: there is no other case.
    canonical::encode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
