//! Recognise: tells from their keys which source records come from.
//! In: the first records of a file. Out: the source that they look like most.
//! Invariant: a record looks like a source if the marks that it bears weigh enough; among several, the heaviest wins.
//! Not here: reading the records (`scan/sniff.rs`).

use std::borrow::Cow;

use serde_json::Value;

use super::{SourceInfo, list};

/// How much the marks on a record must weigh.
const ENOUGH: u32 = 4;

/// The source that the records look like most, among those that `allowed` lets through.
pub(crate) fn best(records: &[Value], allowed: impl Fn(&SourceInfo) -> bool) -> Option<&'static SourceInfo> {
    let mut best: Option<(u32, &SourceInfo)> = None;
    for source in list().iter().filter(|source| allowed(source)) {
        let weight = records.iter().map(|record| weight(source, record)).filter(|&weight| weight >= ENOUGH).sum();
        // The first of equals: the order of the list is the order of precedence.
        if weight > best.map_or(0, |(best, _)| best) {
            best = Some((weight, source));
        }
    }
    best.map(|(_, source)| source)
}

fn weight(source: &SourceInfo, record: &Value) -> u32 {
    source.marks.iter().filter(|(mark, _)| bears(record, mark)).map(|(_, weight)| weight).sum()
}

/// Whether a record bears a mark. Steps are parted by `/`, as keys have dots in them; `*` is any item of a list.
fn bears(record: &Value, mark: &str) -> bool {
    let (path, part) = mark.split_once('~').map_or((mark, None), |(path, part)| (path, Some(part)));
    has(record, path, part)
}

fn has(value: &Value, path: &str, part: Option<&str>) -> bool {
    let (step, rest) = path.split_once('/').map_or((path, None), |(step, rest)| (step, Some(rest)));
    // A body may be there as its JSON text.
    let value = match value {
        Value::String(text) if text.starts_with('{') => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
        other => Cow::Borrowed(other),
    };
    let found: Vec<&Value> = match value.as_ref() {
        Value::Array(items) if step == "*" => items.iter().collect(),
        Value::Object(object) => object.get(step).into_iter().collect(),
        _ => Vec::new(),
    };
    found.into_iter().any(|value| match (rest, part) {
        (Some(rest), _) => has(value, rest, part),
        (None, Some(part)) => value.as_str().is_some_and(|text| text.contains(part)),
        (None, None) => !value.is_null(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_recognised_as_its_own_source() {
        for source in list() {
            let record = serde_json::from_str(source.sample).unwrap_or_else(|error| panic!("{}: {error}", source.name));
            let best = best(&[record], |_| true).map(|source| source.name);
            assert_eq!(best, Some(source.name));
        }
    }

    #[test]
    fn what_is_no_traffic_is_no_source() {
        for json in [
            "{}",
            r#"{"account":"a","created":"2026-03-02T00:00:00Z"}"#,
            r#"{"level":"info","msg":"started","time":1}"#,
        ] {
            let record: Value = serde_json::from_str(json).unwrap_or_default();
            assert!(best(&[record], |_| true).is_none(), "{json}");
        }
    }
}
