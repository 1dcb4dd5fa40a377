//! Value: one property's value against the shape that it should have.
//! In: a value, a shape of the table. Out: faults.
//! Invariant: a closed list is an error, an open one a warning.
//! Not here: values with parts of their own (`content.rs`), properties against each other (`object.rs`).

use super::table::{Class, Shape, kind, vocabulary};
use super::{Path, Report, Rules, content, time};
use crate::id;
use crate::json::{Node, Value};

pub(super) fn check(node: &Node<'_>, shape: &Shape, path: &Path<'_>, rules: &Rules<'_>, report: &mut Report<'_>) {
    match shape {
        Shape::Text => {
            text(node, path, report);
        }
        Shape::Texts => each(node, path, report, |item, path, report| {
            text(item, path, report);
        }),
        Shape::Bool => {
            if !matches!(node.value, Value::Bool(_)) {
                report.kind(node, path, "true or false");
            }
        }
        Shape::Int(low, high) => int(node, *low, *high, path, report),
        Shape::Number(low, high) => number(node, *low, *high, path, report),
        Shape::Time { precise, .. } => {
            if let Some(written) = text(node, path, report)
                && let Err(because) = time::read(written, *precise)
            {
                report.error(node.at, path, "timestamp", format!("`{}` {because}", id::cut(written)));
            }
        }
        Shape::Enum(words) => closed(node, words, path, report),
        Shape::Enums(words) => each(node, path, report, |item, path, report| closed(item, words, path, report)),
        Shape::Vocab(name) => open(node, name, path, report),
        Shape::Vocabs(name) => each(node, path, report, |item, path, report| open(item, name, path, report)),
        Shape::Ref(kinds) => reference(node, kinds, path, report),
        Shape::Refs(kinds) => each(node, path, report, |item, path, report| reference(item, kinds, path, report)),
        Shape::Own(own) => content::check(own, node, path, rules, report),
    }
}

/// A string, or a fault.
pub(super) fn text<'n>(node: &'n Node<'_>, path: &Path<'_>, report: &mut Report<'_>) -> Option<&'n str> {
    let text = node.text();
    if text.is_none() {
        report.kind(node, path, "a string");
    }
    text
}

/// Each item of a list, which must not be empty (STIX 2.1, section 2.9: `list`).
pub(super) fn each(
    node: &Node<'_>,
    path: &Path<'_>,
    report: &mut Report<'_>,
    mut check: impl FnMut(&Node<'_>, &Path<'_>, &mut Report<'_>),
) {
    let Value::List(items) = &node.value else {
        report.kind(node, path, "a list");
        return;
    };
    if items.is_empty() {
        report.error(node.at, path, "empty", "a list must not be empty; leave the property out");
    }
    for (index, item) in items.iter().enumerate() {
        check(item, &path.index(index), report);
    }
}

fn int(node: &Node<'_>, low: Option<i128>, high: Option<i128>, path: &Path<'_>, report: &mut Report<'_>) {
    let Value::Number(written) = node.value else {
        report.kind(node, path, "an integer");
        return;
    };
    // `1.0` and `1e3` are integers too, by JSON Schema; others need not read them so.
    let value = written.parse::<i128>().ok().or_else(|| {
        written
            .parse::<f64>()
            .ok()
            .filter(|number| number.fract() == 0.0 && number.abs() < 1e15)
            .map(|number| number as i128)
    });
    let Some(value) = value else {
        report.error(node.at, path, "type", format!("should be an integer, not `{}`", id::cut(written)));
        return;
    };
    if low.is_some_and(|low| value < low) || high.is_some_and(|high| value > high) {
        let bound = |bound: Option<i128>| bound.map_or_else(|| "any".to_owned(), |bound| bound.to_string());
        report.error(node.at, path, "range", format!("{value} is not between {} and {}", bound(low), bound(high)));
    }
}

fn number(node: &Node<'_>, low: f64, high: f64, path: &Path<'_>, report: &mut Report<'_>) {
    let Value::Number(written) = node.value else {
        report.kind(node, path, "a number");
        return;
    };
    let value: f64 = written.parse().unwrap_or(f64::INFINITY);
    if !(low..=high).contains(&value) {
        report.error(node.at, path, "range", format!("{} is not between {low} and {high}", id::cut(written)));
    }
}

fn closed(node: &Node<'_>, words: &[&str], path: &Path<'_>, report: &mut Report<'_>) {
    if let Some(word) = text(node, path, report)
        && !words.contains(&word)
    {
        report.error(node.at, path, "enum", format!("`{}` is none of: {}", id::cut(word), words.join(", ")));
    }
}

fn open(node: &Node<'_>, name: &str, path: &Path<'_>, report: &mut Report<'_>) {
    let Some(word) = text(node, path, report) else { return };
    if vocabulary(name).contains(&word) {
        return;
    }
    if word.chars().any(|c| c.is_uppercase() || c == '_' || c == ' ') {
        let told = format!("`{}` should be in lower case, with hyphens between words", id::cut(word));
        report.warn(node.at, path, "vocabulary-form", told);
    }
    report.warn(node.at, path, "vocabulary", format!("`{}` is not in the open vocabulary `{name}`", id::cut(word)));
}

/// An id, of a type that may be referred to from here.
fn reference(node: &Node<'_>, kinds: &[&str], path: &Path<'_>, report: &mut Report<'_>) {
    let Some(written) = text(node, path, report) else { return };
    if let Err(because) = id::check(written, None) {
        report.error(node.at, path, "id", because);
        return;
    }
    let named = id::kind(written);
    let known = kind(named);
    let (not, may): (Vec<&&str>, Vec<&&str>) = kinds.iter().partition(|kind| kind.starts_with('!'));
    let is = |should: &str| match should {
        // A type that we don't know may be somebody's observable.
        "sco" => known.is_none_or(|kind| kind.class == Class::Observable),
        should => should == named,
    };
    let wrong = not.iter().any(|kind| kind.trim_start_matches('!') == named)
        || (!may.is_empty() && !may.iter().any(|kind| is(kind)));
    if wrong {
        let should = if may.is_empty() {
            format!("none of: {}", not.iter().map(|kind| kind.trim_start_matches('!')).collect::<Vec<_>>().join(", "))
        } else {
            may.iter().map(|kind| if **kind == "sco" { "any observable" } else { kind }).collect::<Vec<_>>().join(", ")
        };
        report.error(node.at, path, "reference", format!("refers to a `{}`; it may refer to {should}", id::cut(named)));
    }
}
