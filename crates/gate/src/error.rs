//! Error: why rules, lists or subjects can't be read, or a change isn't made.
//! In: what went wrong. Out: a sentence that names file, line and field, and a hint where there is one.
//! Invariant: never a threshold or another account's name; no Rust type names.
//! Not here: what a caller over the network is told (reason codes, `decide.rs`).

use std::fmt::{self, Display};

/// What functions of this crate return.
pub type Result<T, E = GateError> = std::result::Result<T, E>;

/// What happened, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateError {
    file: Option<String>,
    line: Option<usize>,
    field: Option<String>,
    because: String,
    hint: Option<String>,
}

impl GateError {
    /// An error that belongs to no file.
    #[must_use]
    pub fn new(because: impl Into<String>) -> Self {
        GateError { file: None, line: None, field: None, because: because.into(), hint: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// In which file, and at which byte of it.
    #[must_use]
    pub(crate) fn at(mut self, file: &str, text: &str, byte: usize) -> Self {
        self.file = Some(file.to_owned());
        self.line = Some(line(text, byte));
        self
    }

    /// In which file.
    #[must_use]
    pub(crate) fn file(mut self, file: &str) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// In which field.
    #[must_use]
    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The line that it is about, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn cure(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What is wrong, without its place.
    #[must_use]
    pub fn because(&self) -> &str {
        &self.because
    }
}

fn line(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().iter().take(byte);
    before.filter(|b| **b == b'\n').count() + 1
}

impl Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            write!(f, ": ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "`{field}`: ")?;
        }
        write!(f, "{}", self.because)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for GateError {}
