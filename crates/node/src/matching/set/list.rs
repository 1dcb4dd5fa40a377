//! List: a set from a file.
//! In: CSV with a header that has `value`, and may have `first_seen`, `last_seen`, `confidence`, `count`; or plain values, one a line.
//! Out: elements with what is known of each.
//! Invariant: a line that can't be read is counted and skipped, up to a tenth of all and a thousand more; values are never shown.
//! Not here: the canonical form (`matching::normalise`).

use std::path::Path;

use jiff::Timestamp;
use stillwatch_matching::{Namespace, normalise};
use stillwatch_model::Micros;

use super::Skipped;
use super::sorted::Sorted;
use crate::error::{Error, Result};
use crate::matching::agreed::Known;

/// Lines that may be wrong, besides a tenth of all.
const WRONG: u64 = 1_000;

/// Columns by name.
#[derive(Debug, Default)]
struct Columns {
    value: usize,
    first_seen: Option<usize>,
    last_seen: Option<usize>,
    confidence: Option<usize>,
    count: Option<usize>,
}

pub(super) fn collect(path: &Path, namespace: Namespace, sorted: &mut Sorted, skipped: &mut Skipped) -> Result<()> {
    let told = |why: &dyn std::fmt::Display| {
        Error::setup(
            format!("cannot read `{}`: {why}", path.display()),
            "give one value a line, or CSV with a column `value`",
        )
    };
    if namespace == Namespace::Template {
        return Err(told(&"templates are matched by sketches, which campaigns have and files don't"));
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path).map_err(|e| told(&e))?;
    let mut columns = Columns::default();
    let (mut record, mut line, mut taken) = (csv::StringRecord::new(), 0u64, 0u64);
    loop {
        line += 1;
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            // Of bytes that are no text the reader has taken a record; all else is the disk's.
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                skipped.one(|| format!("line {line} is no UTF-8"));
                continue;
            }
            Err(error) => return Err(told(&error)),
        }
        if line == 1
            && let Some(named) = header(&record)
        {
            columns = named;
            continue;
        }
        let done = known(&record, &columns).and_then(|known| {
            let value = record.get(columns.value).unwrap_or_default();
            normalise(namespace, value).map(|element| (element, known)).map_err(|error| error.to_string())
        });
        match done {
            Ok((element, known)) => {
                sorted.add(&element, &known, None)?;
                taken += 1;
            }
            Err(why) => skipped.one(|| format!("line {line}: {why}")),
        }
        if skipped.count > WRONG + taken / 10 {
            let first = skipped.first.clone().unwrap_or_default();
            return Err(told(&format!("{} of {line} lines can't be compared; the first: {first}", skipped.count)));
        }
    }
}

/// Columns, where the first line names them.
fn header(record: &csv::StringRecord) -> Option<Columns> {
    let place = |name: &str| record.iter().position(|field| field.trim() == name);
    Some(Columns {
        value: place("value")?,
        first_seen: place("first_seen"),
        last_seen: place("last_seen"),
        confidence: place("confidence"),
        count: place("count"),
    })
}

fn known(record: &csv::StringRecord, columns: &Columns) -> std::result::Result<Known, String> {
    let field = |at: Option<usize>| at.and_then(|at| record.get(at)).map(str::trim).filter(|text| !text.is_empty());
    let time = |name: &str, at: Option<usize>| -> std::result::Result<Option<Micros>, String> {
        let read = |text: &str| text.parse::<Timestamp>().map(|at| at.as_microsecond());
        field(at)
            .map(|text| read(text).map_err(|_| format!("`{name}` is no time such as 2026-11-01T00:00:00Z")))
            .transpose()
    };
    let number = |name: &str, at: Option<usize>| -> std::result::Result<Option<u64>, String> {
        field(at).map(|text| text.parse().map_err(|_| format!("`{name}` is no number"))).transpose()
    };
    let confidence = number("confidence", columns.confidence)?;
    let confidence = confidence.map(|sure| u8::try_from(sure).ok().filter(|sure| *sure <= 100));
    Ok(Known {
        first_seen: time("first_seen", columns.first_seen)?,
        last_seen: time("last_seen", columns.last_seen)?,
        confidence: confidence.map(|sure| sure.ok_or("`confidence` is more than 100")).transpose()?,
        count: number("count", columns.count)?,
    })
}
