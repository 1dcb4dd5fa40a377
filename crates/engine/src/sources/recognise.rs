//! Recognise: tells from their keys which source records come from.
//! In: the first records of a file. Out: the source that they look like most.
//! Invariant: a record looks like a source if the marks that it bears weigh enough; among several, the heaviest wins.
//! Not here: reading the records (`scan/sniff.rs`).

use serde_json::Value;

use super::{SourceInfo, list};

/// How much the marks on a record must weigh.
const ENOUGH: u32 = 4;

/// The source that most of the records look like.
pub(crate) fn best(records: &[Value]) -> Option<&'static SourceInfo> {
    let weight = |source: &SourceInfo| records.iter().map(|record| weight(source, record)).filter(|&w| w >= ENOUGH).sum::<u32>();
    let heaviest = list().iter().map(weight).max().filter(|&weight| weight > 0)?;
    list().iter().find(|source| weight(source) == heaviest)
}

/// Whether any of the records looks like that source.
pub(crate) fn looks_like(source: &SourceInfo, records: &[Value]) -> bool {
    records.iter().any(|record| weight(source, record) >= ENOUGH)
}

fn weight(source: &SourceInfo, record: &Value) -> u32 {
    source.marks.iter().filter(|(path, _)| has(record, path)).map(|(_, weight)| weight).sum()
}

/// Whether a record has something at a path. Steps are parted by `/`, as keys have dots in them; `*` is any item of a list.
fn has(value: &Value, path: &str) -> bool {
    let (step, rest) = path.split_once('/').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let found: Vec<&Value> = match value {
        Value::Array(items) if step == "*" => items.iter().collect(),
        Value::Object(object) => object.get(step).into_iter().collect(),
        _ => Vec::new(),
    };
    match rest {
        None => found.iter().any(|value| !value.is_null()),
        Some(rest) => found.into_iter().any(|value| has(value, rest)),
    }
}
