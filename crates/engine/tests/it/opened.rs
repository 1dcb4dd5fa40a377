//! Opened: opens invented logs for the tests and shows what comes out.
//! In: files and options. Out: rows as text, one `column: value` a line, absent ones left out.
//! Invariant: the present is always the same day of 2026.
//! Not here: any test.

use std::{fs, path::Path, sync::Arc};

use datafusion::{
    arrow::{
        array::RecordBatch,
        util::display::{ArrayFormatter, FormatOptions},
    },
    prelude::{SessionConfig, SessionContext},
};
use stillwatch_engine::scan::{self, Opened, ScanError, ScanOptions, Tally};
use tempfile::TempDir;

/// 2026-03-10T00:00:00Z.
pub(crate) const NOW: i64 = 1_773_100_800_000_000;

/// A log that was read.
pub(crate) struct Log {
    pub(crate) opened: Opened,
    pub(crate) tally: Arc<Tally>,
    pub(crate) batches: Vec<RecordBatch>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.rows().join("\n---\n"))
    }
}

pub(crate) fn options() -> ScanOptions {
    ScanOptions { now: NOW, ..ScanOptions::default() }
}

/// A folder with these files in it.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    folder
}

pub(crate) fn read(path: impl AsRef<Path>, options: &ScanOptions) -> Result<Log, ScanError> {
    read_all(&[path.as_ref().display().to_string()], options)
}

pub(crate) fn read_all(inputs: &[String], options: &ScanOptions) -> Result<Log, ScanError> {
    read_with(inputs, options, 2)
}

pub(crate) fn read_with(inputs: &[String], options: &ScanOptions, threads: usize) -> Result<Log, ScanError> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let ctx = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(threads));
        let tally = Arc::new(Tally::default());
        let opened = scan::open(&ctx, inputs, options, tally.clone()).await?;
        let sorted = opened
            .frame
            .clone()
            .sort_by(vec![datafusion::prelude::col("time"), datafusion::prelude::col("account")])?;
        let batches = sorted.collect().await.map_err(|error| match ScanError::within(&error) {
            Some(_) => ScanError::from(unwrap(error)),
            None => ScanError::from(error),
        })?;
        tally.verdict()?;
        Ok(Log { opened, tally, batches })
    })
}

/// The scan's own error inside what the query engine gives.
fn unwrap(error: datafusion::error::DataFusionError) -> datafusion::error::DataFusionError {
    use datafusion::error::DataFusionError as E;
    match error {
        E::Context(_, inner) | E::Diagnostic(_, inner) => unwrap(*inner),
        E::Shared(inner) => match Arc::try_unwrap(inner) {
            Ok(inner) => unwrap(inner),
            Err(inner) => E::Shared(inner),
        },
        other => other,
    }
}

impl Log {
    /// Each row, its values under each other.
    pub(crate) fn rows(&self) -> Vec<String> {
        let options = FormatOptions::new().with_null("").with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.fZ"));
        let mut rows = Vec::new();
        for batch in &self.batches {
            let schema = batch.schema();
            let columns: Vec<_> = schema
                .fields()
                .iter()
                .zip(batch.columns())
                .map(|(field, array)| {
                    (field.name(), array, ArrayFormatter::try_new(array, &options).expect("a format"))
                })
                .collect();
            for row in 0..batch.num_rows() {
                let values = columns.iter().filter(|(_, array, _)| array.is_valid(row));
                rows.push(
                    values
                        .map(|(name, _, format)| format!("{name}: {}", format.value(row)))
                        .collect::<Vec<_>>()
                        .join("\n"),
                );
            }
        }
        rows
    }

    /// One column of all rows, absent ones as nothing.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let of = |row: &String| {
            row.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default().to_owned()
        };
        self.rows().iter().map(of).collect()
    }
}
