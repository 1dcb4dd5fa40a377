//! Common: what the tables can't say: properties that depend on each other, type by type.
//! In: an object. Out: faults.
//! Invariant: one function a rule of the specification.
//! Not here: single properties (`value.rs`).

use super::table::{self, Class};
use super::{Path, Report, Rules};
use crate::id;
use crate::json::{Node, Value};

pub(super) fn check(
    node: &Node<'_>,
    name: &str,
    class: Option<Class>,
    path: &Path<'_>,
    rules: &Rules<'_>,
    report: &mut Report<'_>,
) {
    match name {
        "indicator" => indicator(node, path, rules, report),
        "relationship" => relationship(node, path, report),
        "marking-definition" => marking(node, path, report),
        "malware" if flag(node, "is_family") == Some(true) && node.field("name").is_none() => {
            report.error(node.at, path, "required", "a family of malware needs a `name`");
        }
        "location" => location(node, path, report),
        "network-traffic" => traffic(node, path, report),
        "email-message" => email(node, path, report),
        "observed-data" => {
            if let Some(objects) = node.field("objects") {
                let told = "`objects` is deprecated".to_owned();
                report.warn_with(
                    objects.at,
                    &path.key("objects"),
                    "deprecated",
                    told,
                    "refer to objects by `object_refs`",
                );
            }
        }
        "artifact" if node.field("url").is_some() && node.field("hashes").is_none() => {
            report.error(node.at, path, "required", "an artifact with a `url` needs `hashes`");
        }
        "extension-definition" => definition(node, path, report),
        _ => {}
    }
    selectors(node, path, report);
    if let Some(field) = node.field("id") {
        uuid(field, name, class, path, report);
    }
}

/// Observables have version 5, processes version 4 (STIX 2.1, section 2.9). For other objects it asks for version 4, so that ids
/// don't clash; version 5 doesn't clash either, and is what makes an id the same wherever the object is made again.
fn uuid(field: &Node<'_>, name: &str, class: Option<Class>, path: &Path<'_>, report: &mut Report<'_>) {
    let Some(version) = field.text().and_then(id::uuid_version) else { return };
    let path = path.key("id");
    let should = match class {
        Some(Class::Observable) if name == "process" => {
            if version != '4' {
                report.error(field.at, &path, "uuid-version", "the id of a process must be of version 4");
            }
            return;
        }
        Some(Class::Observable) => '5',
        _ => '4',
    };
    if version != '4' && version != '5' {
        report.warn(
            field.at,
            &path,
            "uuid-version",
            format!("a UUID of version {version}; it should be of version {should}"),
        );
    }
}

fn indicator(node: &Node<'_>, path: &Path<'_>, rules: &Rules<'_>, report: &mut Report<'_>) {
    if node.field("name").is_none() || node.field("description").is_none() {
        report.warn(node.at, path, "recommended", "an indicator should have a `name` and a `description`");
    }
    let Some(pattern) = node.field("pattern") else { return };
    if node.field("pattern_type").and_then(Node::text) == Some("stix")
        && let Some(text) = pattern.text()
        && let Some(check) = rules.pattern
        && let Err(because) = check(text)
    {
        report.error(pattern.at, &path.key("pattern"), "pattern", because);
    }
}

/// The tables of relationships: others are allowed, but nobody may understand them.
fn relationship(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    let word = |name: &str| node.field(name).and_then(Node::text);
    let (Some(tie), Some(source), Some(target)) = (word("relationship_type"), word("source_ref"), word("target_ref"))
    else {
        return;
    };
    let (source, target) = (id::kind(source), id::kind(target));
    let domain =
        |name: &str| table::kind(name).is_some_and(|kind| matches!(kind.class, Class::Domain | Class::Observable));
    if matches!(tie, "derived-from" | "duplicate-of" | "related-to") || !domain(source) || !domain(target) {
        return;
    }
    if !table::targets(source, tie).is_some_and(|targets| targets.contains(&target)) {
        let told = format!("the specification has no `{}` from `{source}` to `{target}`", id::cut(tie));
        report.warn_with(
            node.at,
            path,
            "relationship",
            told,
            "use `related-to`, or a relationship of the specification's tables",
        );
    }
}

/// Marking definitions (section 7.2): a statement or TLP 1.0 as `definition`, anything else as an extension.
fn marking(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    let extended = node.field("extensions").is_some();
    let kind = node.field("definition_type");
    match (kind, node.field("definition")) {
        (None, None) if extended => {}
        (Some(kind), Some(definition)) => {
            let (name, path) = (kind.text().unwrap_or_default(), path.key("definition"));
            let property = match name {
                "statement" => "statement",
                "tlp" => "tlp",
                _ => {
                    let told = format!("`{}` is no kind of marking of STIX 2.1", id::cut(name));
                    report.warn_with(kind.at, &path, "custom-marking", told, "define it by an extension");
                    return;
                }
            };
            match definition.field(property) {
                None => report.error(definition.at, &path, "required", format!("`{property}` is missing")),
                Some(value) if value.text().is_none() => report.kind(value, &path.key(property), "a string"),
                Some(_) => {}
            }
            if name == "tlp"
                && crate::marking::Tlp::of_id(node.field("id").and_then(Node::text).unwrap_or_default()).is_none()
            {
                report.error(
                    node.at,
                    &path,
                    "tlp",
                    "TLP 1.0 has four marking definitions with ids of their own; this is another",
                );
            }
        }
        _ => report.error(
            node.at,
            path,
            "required",
            "`definition_type` and `definition` go together, unless there are `extensions`",
        ),
    }
    let own = node.field("id").and_then(Node::text);
    for item in node.field("object_marking_refs").map(Node::items).unwrap_or_default() {
        if own.is_some() && item.text() == own {
            report.error(item.at, &path.key("object_marking_refs"), "circular", "a marking must not mark itself");
        }
    }
}

fn location(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    for (one, other) in [("latitude", "longitude"), ("longitude", "latitude"), ("precision", "latitude")] {
        if node.field(one).is_some() && node.field(other).is_none() {
            report.error(node.at, path, "required", format!("`{one}` needs `{other}`"));
        }
    }
}

fn traffic(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    if flag(node, "is_active") == Some(true) && node.field("end").is_some() {
        report.error(node.at, path, "excluded", "active traffic has no `end`");
    }
    if node.field("src_port").is_none() || node.field("dst_port").is_none() {
        report.warn(node.at, path, "recommended", "should have a `src_port` and a `dst_port`");
    }
}

fn email(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    let wrong = match flag(node, "is_multipart") {
        Some(true) => "body",
        Some(false) => "body_multipart",
        None => return,
    };
    if let Some(wrong_node) = node.field(wrong) {
        report.error(wrong_node.at, &path.key(wrong), "excluded", "goes with the other value of `is_multipart`");
    }
}

fn definition(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    let kinds = node.field("extension_types").map(Node::items).unwrap_or_default();
    let top = kinds.iter().any(|kind| kind.text() == Some("toplevel-property-extension"));
    match node.field("extension_properties") {
        None if top => {
            report.warn(node.at, path, "recommended", "`extension_properties` should name the new properties")
        }
        Some(names) if !top => {
            let told = "only a `toplevel-property-extension` has `extension_properties`";
            report.error(names.at, &path.key("extension_properties"), "excluded", told);
        }
        _ => {}
    }
    if node.field("description").is_none() {
        report.warn(node.at, path, "recommended", "should have a `description`");
    }
}

/// Selectors that are looked at in one object; each may go through all of it.
const SELECTORS: usize = 1_000;

/// Selectors of granular markings name what is there (section 7.2.3).
fn selectors(object: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    let Some(markings) = object.field("granular_markings") else { return };
    let path = path.key("granular_markings");
    let mut looked = 0;
    for (index, marking) in markings.items().iter().enumerate() {
        let path = path.index(index);
        let path = path.key("selectors");
        for selector in marking.field("selectors").map(Node::items).unwrap_or_default() {
            let Some(text) = selector.text() else { continue };
            looked += 1;
            if looked > SELECTORS {
                report.warn(
                    selector.at,
                    &path,
                    "selector",
                    format!("selectors beyond the first {SELECTORS} aren't looked at"),
                );
                return;
            }
            let found = text.split('.').try_fold(object, |node, step| {
                match step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                    Some(index) => index.parse::<usize>().ok().and_then(|index| node.items().get(index)),
                    None => node.field(step),
                }
            });
            if found.is_none() {
                report.error(
                    selector.at,
                    &path,
                    "selector",
                    format!("`{}` selects nothing in this object", id::cut(text)),
                );
            }
        }
    }
}

fn flag(node: &Node<'_>, name: &str) -> Option<bool> {
    match node.field(name)?.value {
        Value::Bool(is) => Some(is),
        _ => None,
    }
}
