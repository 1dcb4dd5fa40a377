//! Error: what went wrong with the store, and a cure.
//! In: what a database, a file or a person said. Out: one sentence, and a hint where there is one.
//! Invariant: names what, where and what to do; never a type's name.
//! Not here: printing it (the command line does).

use std::fmt::Display;

/// Whether the fault is the caller's or the store's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no such campaign, claim or store.
    Unknown,
    /// It was asked for what is not allowed, or what was given can't be read.
    Refused,
    /// The store or the disk failed; nothing was changed.
    Failed,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
    hint: Option<String>,
    fault: Fault,
}

/// What functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    pub(crate) fn unknown(message: impl Display, hint: impl Display) -> Self {
        Self { message: message.to_string(), hint: Some(hint.to_string()), fault: Fault::Unknown }
    }

    /// What is asked for isn't allowed, or can't be read.
    pub fn refused(message: impl Display, hint: impl Display) -> Self {
        Self { message: message.to_string(), hint: Some(hint.to_string()), fault: Fault::Refused }
    }

    pub(crate) fn failed(message: impl Display, hint: impl Display) -> Self {
        Self { message: message.to_string(), hint: Some(hint.to_string()), fault: Fault::Failed }
    }

    /// A file that can't be read or written.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => "check the path",
            std::io::ErrorKind::PermissionDenied => "check who may read and write there",
            std::io::ErrorKind::StorageFull => "free some space",
            _ => "check the disk",
        };
        Self::failed(format!("cannot {doing} `{}`: {error}", path.display()), hint)
    }
}

/// SQLITE_FULL, and PostgreSQL's `disk_full`.
const FULL: [&str; 2] = ["13", "53100"];
/// SQLITE_BUSY and its kin, and PostgreSQL's `lock_not_available`.
const BUSY: [&str; 4] = ["5", "261", "517", "55P03"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        let is = |codes: &[&str]| code.as_deref().is_some_and(|code| codes.contains(&code));
        let told = match &error {
            sqlx::Error::Database(e) => e.message().to_owned(),
            other => other.to_string(),
        };
        if is(&FULL) {
            return Self::failed(
                format!("the store's disk is full ({told}); nothing was changed"),
                "free some space, then do it again",
            );
        }
        if is(&BUSY) {
            return Self::failed(
                format!("the store is held by another program ({told}); nothing was changed"),
                "wait for it to end, then do it again",
            );
        }
        let hint = match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_) => {
                "check that the server runs and that the address in `--data` is right"
            }
            _ => {
                "if the store was changed by hand, restore a backup with `stillwatch restore`; else report this as a bug"
            }
        };
        Self::failed(format!("the store refused: {told}"), hint)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::failed(
            format!("what the store holds can't be read: {error}"),
            "if it was changed by hand, restore a backup with `stillwatch restore`; else report this as a bug",
        )
    }
}
