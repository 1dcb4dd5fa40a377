//! Extensions: what an object says beyond the specification, by the rules of section 7.3.
//! In: an object with `extensions`. Out: faults; whether an extension defines the type or new properties.
//! Invariant: our own extensions are held to their published schemas, with the place in the text that is wrong.
//! Not here: extension-definition objects (`common.rs`).

use std::collections::HashMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;

use super::table::{self, Class};
use super::{Path, Report, content, value as values};
use crate::extension::{DEFINITIONS, Definition, TEXT_SKETCH};
use crate::id;
use crate::json::{Node, Value};

/// The extensions of observables that the specification itself has (section 6): type, name, what it needs.
const PREDEFINED: [(&str, &str, &[&str]); 12] = [
    ("file", "archive-ext", &["contains_refs"]),
    ("file", "ntfs-ext", &[]),
    ("file", "pdf-ext", &[]),
    ("file", "raster-image-ext", &[]),
    ("file", "windows-pebinary-ext", &["pe_type"]),
    ("network-traffic", "http-request-ext", &["request_method", "request_value"]),
    ("network-traffic", "icmp-ext", &["icmp_type_hex", "icmp_code_hex"]),
    ("network-traffic", "socket-ext", &["address_family"]),
    ("network-traffic", "tcp-ext", &[]),
    ("process", "windows-process-ext", &[]),
    ("process", "windows-service-ext", &[]),
    ("user-account", "unix-account-ext", &[]),
];

const KINDS: [&str; 5] = ["new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension"];

/// The schemas of our own definitions, by id and by the type that carries them: one that is told apart by that has a part for
/// each in `$defs`, and a fault of the part says more than that neither fits.
static SCHEMAS: LazyLock<HashMap<(&'static str, &'static str), Validator>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    for definition in &DEFINITIONS {
        let parts: &[(&str, &str)] = match definition.id {
            TEXT_SKETCH => &[("network-traffic", "observed"), ("indicator", "match")],
            _ => &[("", "")],
        };
        for (on, part) in parts {
            let mut schema: serde_json::Value = serde_json::from_str(definition.schema).unwrap_or_default();
            if let Some(schema) = schema.as_object_mut().filter(|_| !part.is_empty()) {
                schema.remove("oneOf");
                schema.insert("$ref".to_owned(), format!("#/$defs/{part}").into());
            }
            // That each is a schema is tested.
            if let Ok(validator) = jsonschema::validator_for(&schema) {
                all.insert((definition.id, *on), validator);
            }
        }
    }
    all
});

/// The class of an object whose type an extension defines.
pub(super) fn class(object: &Node<'_>) -> Option<Class> {
    kinds(object).find_map(|kind| match kind {
        "new-sdo" => Some(Class::Domain),
        "new-sro" => Some(Class::Relationship),
        "new-sco" => Some(Class::Observable),
        _ => None,
    })
}

/// Whether an extension adds properties to the object itself.
pub(super) fn adds_properties(object: &Node<'_>) -> bool {
    kinds(object).any(|kind| kind == "toplevel-property-extension")
}

fn kinds<'n>(object: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    let members = object.field("extensions").map(Node::members).unwrap_or_default();
    members.iter().filter_map(|member| member.node.field("extension_type").and_then(Node::text))
}

pub(super) fn check(object: &Node<'_>, name: &str, path: &Path<'_>, report: &mut Report<'_>) {
    let Some(extensions) = object.field("extensions") else { return };
    let path_of = path;
    let path = path.key("extensions");
    for member in extensions.members() {
        let path = path.key(&member.key);
        let key = member.key.as_ref();
        if !content::record(&member.node, &path, report) {
            continue;
        }
        if key.starts_with("extension-definition--") {
            if let Err(because) = id::check(key, Some("extension-definition")) {
                report.error(member.key_at, &path, "id", because);
            }
            match member.node.field("extension_type").map(|kind| (kind, kind.text())) {
                None => report.error(member.node.at, &path, "required", "`extension_type` is missing"),
                Some((_, Some(kind))) if KINDS.contains(&kind) => {}
                Some((node, _)) => {
                    report.error(
                        node.at,
                        &path.key("extension_type"),
                        "enum",
                        format!("is none of: {}", KINDS.join(", ")),
                    );
                }
            }
            own(name, key, (object, path_of), (&member.node, &path), report);
        } else if let Some((kind, _, needs)) = PREDEFINED.iter().find(|(_, extension, _)| *extension == key) {
            if *kind != name && table::kind(name).is_some() {
                report.error(member.key_at, &path, "extension", format!("is an extension of `{kind}`"));
            }
            for need in needs.iter().filter(|need| member.node.field(need).is_none()) {
                report.error(member.node.at, &path, "required", format!("`{need}` is missing"));
            }
            header(&member.node, &path, report);
        } else if key.ends_with("-ext") {
            let told = "is no extension of STIX 2.1".to_owned();
            report.warn_with(
                member.key_at,
                &path,
                "custom-extension",
                told,
                "publish an extension definition and use its id",
            );
        } else {
            report.error(
                member.key_at,
                &path,
                "key",
                "should be the id of an extension definition, or a name that ends in `-ext`",
            );
        }
    }
}

/// The headers of an HTTP request are lists of strings (section 6.12.2).
fn header(extension: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    if let Some(header) = extension.field("request_header") {
        let path = path.key("request_header");
        for member in header.members() {
            values::each(&member.node, &path.key(&member.key), report, |item, path, report| {
                values::text(item, path, report);
            });
        }
    }
}

/// Our own definitions: on the types that carry them, and by their schemas; one that defines a type says what the object is.
fn own(
    name: &str,
    key: &str,
    (object, path_of): (&Node<'_>, &Path<'_>),
    (node, path): (&Node<'_>, &Path<'_>),
    report: &mut Report<'_>,
) {
    let Some(definition) = Definition::of(key) else { return };
    if !definition.on.is_empty() && !definition.on.contains(&name) {
        let told = format!("`{}` is an extension of: {}", definition.name, definition.on.join(", "));
        report.error(node.at, path, "extension", told);
        return;
    }
    let schema = SCHEMAS
        .get(&(definition.id, ""))
        .or_else(|| definition.on.iter().find(|on| **on == name).and_then(|on| SCHEMAS.get(&(definition.id, *on))));
    let Some(schema) = schema else { return };
    let (node, path) = if definition.is_object() { (object, path_of) } else { (node, path) };
    let value = value(node);
    for error in schema.iter_errors(&value).take(8) {
        let pointer = error.instance_path().to_string();
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        // What a newer minor version adds isn't in the schema that we have.
        let newer = matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. });
        let told = id::cut(&error.to_string());
        at(node, path, &steps, &mut |node, path| {
            if newer {
                report.warn(node.at, path, "extension-property", told.clone());
            } else {
                report.error(node.at, path, "extension-schema", told.clone());
            }
        });
    }
}

/// Goes down to where a JSON pointer leads.
fn at(node: &Node<'_>, path: &Path<'_>, steps: &[&str], tell: &mut dyn FnMut(&Node<'_>, &Path<'_>)) {
    let Some((step, rest)) = steps.split_first() else { return tell(node, path) };
    let index = step.parse::<usize>().ok();
    if let Some(inner) = node.field(step) {
        at(inner, &path.key(step), rest, tell);
    } else if let Some((inner, index)) = index.and_then(|index| node.items().get(index).map(|inner| (inner, index))) {
        at(inner, &path.index(index), rest, tell);
    } else {
        tell(node, path);
    }
}

/// The value as `serde_json` has it: numbers may lose digits that no schema of ours asks for.
fn value(node: &Node<'_>) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(is) => serde_json::Value::from(*is),
        Value::Number(written) => serde_json::from_str(written).unwrap_or_default(),
        Value::Text(text) => serde_json::Value::from(text.as_ref()),
        Value::List(items) => items.iter().map(value).collect(),
        Value::Object(members) => members.iter().map(|member| (member.key.to_string(), value(&member.node))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_has_its_schemas() {
        // The text sketch has two.
        assert_eq!(SCHEMAS.len(), DEFINITIONS.len() + 1);
    }
}
