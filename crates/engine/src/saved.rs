//! Saved: sketches that `stillwatch sketch` wrote, in place of logs.
//! In: paths, globs, directories. Out: the files, and what the logs that they were made from could tell.
//! Invariant: what the log held and what was skipped in it travels with the sketches; no text does.
//! Not here: the sketches' bytes (`stillwatch_detect::sketch`); writing the file (`verbs/sketch.rs`).

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::KeyValue;

use crate::scan::{ScanError, inputs};

/// Names of what is kept beside the sketches.
const SEEN: &str = "stillwatch.seen";
const SKIPPED: &str = "stillwatch.skipped";

/// Files of sketches.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) files: Vec<PathBuf>,
    /// Native columns in which the logs had a value.
    pub(crate) seen: BTreeSet<String>,
    /// Records of the logs that could not be used.
    pub(crate) skipped: u64,
}

/// The files, when sketches are what the inputs are; nothing when they are logs. `except` may lie among them.
pub(crate) fn find(names: &[String], except: Option<&Path>) -> Result<Option<Saved>, ScanError> {
    let mut saved = Saved::default();
    let mut logs = None;
    for input in inputs::find(names, except)? {
        match about(&input.path) {
            Some((seen, skipped)) => {
                saved.files.push(input.path);
                saved.seen.extend(seen);
                saved.skipped += skipped;
            }
            None => logs = Some(input.path),
        }
    }
    match (logs, saved.files.pop()) {
        (Some(log), Some(sketches)) => Err(ScanError::SketchesAmongLogs { log, sketches }),
        (_, None) => Ok(None),
        (None, Some(last)) => {
            saved.files.push(last);
            Ok(Some(saved))
        }
    }
}

/// What a file of sketches says of the logs; nothing when it is none. A file that can't be read is the scan's to tell of.
fn about(path: &Path) -> Option<(Vec<String>, u64)> {
    let footer = ArrowReaderMetadata::load(&File::open(path).ok()?, ArrowReaderOptions::new()).ok()?;
    let has = |name: &str| footer.schema().column_with_name(name).is_some();
    if !has("account") || !has("sketch") {
        return None;
    }
    let pairs = footer.metadata().file_metadata().key_value_metadata();
    let value = |key: &str| pairs?.iter().find(|pair| pair.key == key)?.value.clone();
    let seen = value(SEEN).unwrap_or_default();
    let seen = seen.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Some((seen, value(SKIPPED).and_then(|text| text.parse().ok()).unwrap_or_default()))
}

/// What to write beside the sketches.
pub(crate) fn beside(seen: &[&str], skipped: u64) -> [KeyValue; 2] {
    [KeyValue::new(SEEN.into(), seen.join(",")), KeyValue::new(SKIPPED.into(), skipped.to_string())]
}
