//! Error: what keeps the node from starting or working, and a cure.
//! In: what a file, the network or the store said. Out: one sentence, and a hint.
//! Invariant: names what, where and what to do; never a token or a key.
//! Not here: what clients are told (`http/answer.rs`).

use std::fmt::Display;

/// What happened.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
    hint: String,
}

/// What functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(message: impl Display, hint: impl Display) -> Self {
        Self { message: message.to_string(), hint: hint.to_string() }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl From<stillwatch_track::Error> for Error {
    fn from(error: stillwatch_track::Error) -> Self {
        Self::new(&error, error.hint().unwrap_or("report this as a bug"))
    }
}
