//! Errors: why a text is no pattern, and why a pattern is refused.
//! In: what the parser or compiler met. Out: sentences with place and cure.
//! Invariant: says what was expected and what was found; quotes at most 40 characters of the text.
//! Not here: what can't be seen in a caller's data (`reach.rs`).

use std::fmt;

/// A text is no STIX 2.1 pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: expected {expected}, found {found}")]
pub struct SyntaxError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What may stand there.
    pub expected: String,
    /// What stands there, in backticks where it is quoted.
    pub found: String,
    /// What to do.
    pub hint: Option<String>,
}

impl SyntaxError {
    pub(crate) fn at(text: &str, offset: usize, expected: impl Into<String>, found: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column, expected: expected.into(), found: found.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A pattern is STIX, but we don't evaluate it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The part of the pattern that is refused, as it is printed.
    pub part: String,
    /// Why.
    pub because: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot evaluate `{}`: {}", short(&self.part), self.because)
    }
}

impl std::error::Error for Refusal {}

/// A pattern could not be evaluated over these observations: neither a match nor the lack of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// A value is not what the comparison needs it to be.
    #[error("{0}")]
    Value(String),
    /// Too many ways to bind observations.
    #[error("gave up after {0} steps of looking for observations that fit together")]
    Steps(u64),
}

/// The first 40 characters of a text.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
