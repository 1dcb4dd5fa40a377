//! Scan: opens traffic logs of any kind as one data frame of exchanges.
//! In: paths, globs, directories, and `ScanOptions`. Out: `Opened`, whose frame has exactly the native columns.
//! Invariant: every record is either an exchange in the frame or counted as unusable in the `Tally`.
//! Not here: what is computed from the exchanges.

mod accounts;
pub(crate) mod chat;
mod check;
pub mod columns;
mod cursor;
mod document;
mod error;
pub(crate) mod inputs;
pub(crate) mod line;
mod lines;
mod native;
mod once;
mod parquet;
mod plan;
mod rows;
mod sniff;
mod sql;
mod table;
mod tally;
mod text;
pub(crate) mod time;
mod window;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use datafusion::prelude::{DataFrame, SessionContext};
use stillwatch_model::Micros;

pub use accounts::read_accounts;
pub use error::ScanError;
pub(crate) use parquet::url;
pub use tally::{Quote, Tally};

/// How to read.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// The source, if it is not to be recognised.
    pub source: Option<String>,
    /// The user's own SQL over `records`.
    pub source_sql: Option<PathBuf>,
    /// The share of records that may be unusable.
    pub max_bad: f64,
    /// How many unusable records are quoted.
    pub quote: usize,
    /// How long a record may be, in bytes.
    pub max_line: usize,
    /// The account of records that name none.
    pub default_account: Option<String>,
    /// Accounts that are aggregators' though the log does not say so; `*` and `?` as in globs.
    pub aggregators: Vec<String>,
    /// The file of accounts, so that it is not taken for traffic where it lies among it.
    pub accounts: Option<PathBuf>,
    /// The present, by which times are judged.
    pub now: Micros,
}

impl Default for ScanOptions {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as Micros);
        Self {
            source: None,
            source_sql: None,
            max_bad: 0.01,
            quote: 5,
            max_line: 16 << 20,
            default_account: None,
            aggregators: Vec::new(),
            accounts: None,
            now,
        }
    }
}

/// Logs, ready to be read.
#[derive(Debug)]
pub struct Opened {
    /// The exchanges, in the native columns.
    pub frame: DataFrame,
    /// The sources, and how many files come from each.
    pub source: Vec<(String, u64)>,
    /// The native columns that the input can have at all: by its schema, its source, or the first records of each file.
    pub present: BTreeSet<&'static str>,
    /// The size of the input, for progress.
    pub bytes: u64,
    /// Files met in directories that are no traffic, and what they are.
    pub ignored: Vec<(PathBuf, &'static str)>,
}

/// Opens logs. Nothing is read yet but the beginning of each file; when the frame has been run, ask `tally.verdict()`.
pub async fn open(
    ctx: &SessionContext,
    inputs: &[String],
    options: &ScanOptions,
    tally: Arc<Tally>,
) -> Result<Opened, ScanError> {
    plan::open(ctx, inputs, options, tally).await
}
