//! Object: one STIX object against the tables.
//! In: a JSON value. Out: faults of its properties, and of properties against each other.
//! Invariant: every property is looked at once; an object of a type that isn't known is still held to the common ones.
//! Not here: single values (`value.rs`), bundles (`mod.rs`).

use super::table::{self, Class, Kind, Shape};
use super::{Path, Report, Rules, common, extensions, time, value};
use crate::id;
use crate::json::{Node, Value};

pub(super) fn check(node: &Node<'_>, path: &Path<'_>, rules: &Rules<'_>, report: &mut Report<'_>) {
    if !matches!(node.value, Value::Object(_)) {
        report.kind(node, path, "a STIX object");
        return;
    }
    let name = node.field("type").and_then(Node::text).unwrap_or_default();
    let kind = table::kind(name);
    let class = kind.map_or_else(|| extensions::class(node), |kind| Some(kind.class));
    if name == "bundle" {
        report.error(node.at, path, "type", "a bundle must not hold another");
        return;
    }
    identity(node, name, path, report);
    // Of an object that nobody defined, only what all objects have is known.
    let base = class.or_else(|| Some(if node.field("created").is_some() { Class::Domain } else { Class::Observable }));
    let tables: Vec<&Kind> = [base.and_then(table::common), kind].into_iter().flatten().collect();
    for table in &tables {
        required(node, table, path, report);
    }
    let custom = kind.is_none() || extensions::adds_properties(node);
    for member in node.members() {
        let path = path.key(&member.key);
        let property = tables.iter().flat_map(|table| &table.properties).find(|property| property.name == member.key);
        match property {
            // The type and the id are looked at together.
            Some(property) if property.name == "type" || property.name == "id" => {}
            Some(property) => {
                value::check(&member.node, &property.shape, &path, rules, report);
                order(node, &member.node, &property.shape, &path, report);
            }
            None => unknown(&member.key, member.key_at, &member.node, custom, &path, report),
        }
    }
    if kind.is_none() && class.is_none() && id::is_type(name) {
        report.warn_with(
            node.at,
            path,
            "custom-object",
            format!("`{}` is no type of STIX 2.1", id::cut(name)),
            "define it by an extension of type `new-sdo`, `new-sco` or `new-sro`",
        );
    }
    common::check(node, name, class, path, rules, report);
    extensions::check(node, name, path, report);
}

/// `type` and `id`.
fn identity(node: &Node<'_>, name: &str, path: &Path<'_>, report: &mut Report<'_>) {
    if let Some(kind) = node.field("type") {
        match kind.text() {
            None => report.kind(kind, &path.key("type"), "a string"),
            Some(text) if !id::is_type(text) => {
                let told =
                    format!("`{}` is no type name: lower case, digits and hyphens, 3 to 250 characters", id::cut(text));
                report.error(kind.at, &path.key("type"), "type-name", told);
            }
            Some(_) => {}
        }
    }
    if let Some(node) = node.field("id") {
        let path = path.key("id");
        let Some(text) = value::text(node, &path, report) else { return };
        let kind = (!name.is_empty()).then_some(name);
        if let Err(because) = id::check(text, kind) {
            report.error(node.at, &path, "id", because);
        }
    }
}

fn required(node: &Node<'_>, table: &Kind, path: &Path<'_>, report: &mut Report<'_>) {
    for property in table.properties.iter().filter(|property| property.required) {
        if node.field(property.name).is_none() {
            report.error(node.at, path, "required", format!("`{}` is missing", property.name));
        }
    }
    for (exactly, group) in &table.groups {
        let there = group.iter().filter(|name| node.field(name).is_some()).count();
        if there == 0 {
            report.error(node.at, path, "required", format!("one of these is missing: {}", group.join(", ")));
        } else if *exactly && there > 1 {
            report.error(node.at, path, "excluded", format!("only one of these may be there: {}", group.join(", ")));
        }
    }
}

/// A time that must not be before another.
fn order(object: &Node<'_>, node: &Node<'_>, shape: &Shape, path: &Path<'_>, report: &mut Report<'_>) {
    let Shape::Time { not_before: Some(first), strictly, .. } = shape else { return };
    let read = |node: Option<&'_ Node<'_>>| {
        node.and_then(Node::text).and_then(|text| time::read(text, false).ok().map(|t| (t.0, t.1.to_owned())))
    };
    if let (Some(this), Some(that)) = (read(Some(node)), read(object.field(first)))
        && (this < that || (*strictly && this == that))
    {
        let word = if *strictly { "must be later than" } else { "must not be before" };
        report.error(node.at, path, "order", format!("{word} `{first}`"));
    }
}

/// A property that the specification doesn't have (section 11.3: custom properties, deprecated).
fn unknown(key: &str, key_at: usize, node: &Node<'_>, custom: bool, path: &Path<'_>, report: &mut Report<'_>) {
    let form = (3..=250).contains(&key.len())
        && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && key.starts_with(|first: char| first.is_ascii_lowercase());
    if !form {
        report.error(
            key_at,
            path,
            "property-name",
            "a property's name is 3 to 250 lower-case letters, digits and underscores",
        );
    } else if matches!(key, "severity" | "username" | "phone_numbers" | "action") {
        report.error(key_at, path, "reserved", "this name is reserved by the specification");
    } else if !custom {
        report.warn_with(
            key_at,
            path,
            "custom-property",
            "is no property of STIX 2.1 for this type".to_owned(),
            "move it into an extension",
        );
    }
    match &node.value {
        Value::Null => report.error(node.at, path, "null", "null is no value; leave the property out"),
        Value::List(items) if items.is_empty() => {
            report.error(node.at, path, "empty", "a list must not be empty; leave the property out");
        }
        _ => {}
    }
}
