//! Verbs: one file each, with its arguments and what it does.
//! In: arguments. Out: `Exit`, or a `Failure` with a cure.
//! Invariant: data goes to stdout, talk to stderr; progress only on a terminal.
//! Not here: the pipeline (`pipeline.rs`), the science (`stillwatch_detect`).

pub mod describe;
pub mod detect;
pub mod evaluate;
pub mod facts;
pub mod hunt;
pub mod sketch;
pub mod sources;
pub mod synth;
pub mod train;

mod cohort;
mod examples;
mod output;
mod progress;
mod reading;
mod save;
mod stage;

pub use detect::Format;
pub use output::say;
pub use reading::Reading;
pub(crate) use reading::{share, size};

use crate::pipeline::RunError;
use crate::scan::ScanError;

/// How a verb ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done: exit code 0.
    Done,
    /// Done, and the answer is no: exit code 1.
    No,
}

/// How a verb failed.
#[derive(Debug)]
pub struct Failure {
    /// What happened, and where.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Exit code.
    pub code: u8,
}

impl Failure {
    /// A failure with exit code 2.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()), code: 2 }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let code = if matches!(error, RunError::Interrupted) { 130 } else { 2 };
        Self { message: error.to_string(), help: error.help(), code }
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        Self { message: error.to_string(), help: Some(error.help()), code: 2 }
    }
}

/// A file that can't be written or read.
pub(crate) fn file_failure(doing: &str, path: &std::path::Path, error: &dyn std::fmt::Display) -> Failure {
    let error = error.to_string();
    let cure = if is_full(&error) {
        "free some space, or write to another disk"
    } else {
        "check that the folder exists and that you may write there"
    };
    Failure::new(format!("cannot {doing} `{}`: {error}", path.display()), cure)
}

/// Whether an error says that a disk is full.
pub(crate) fn is_full(error: &str) -> bool {
    ["No space left", "StorageFull", "os error 28", "quota exceeded"].iter().any(|sign| error.contains(sign))
}
