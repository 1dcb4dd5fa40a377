//! Error: what went wrong with a ledger, where, and what to do.
//! In: nothing. Out: sentences for people, places for programs.
//! Invariant: a key never shows in an error.
//! Not here: how errors are printed (the command line).

use std::fmt;
use std::path::{Path, PathBuf};

/// What the functions of this crate give back.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, …
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is something where something new should be made.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// There is no ledger.
    #[error("there is no ledger in `{}`", .0.display())]
    NoLedger(PathBuf),
    /// Another process writes to the ledger.
    #[error("`{}` is being written to by another process", .0.display())]
    Locked(PathBuf),
    /// A write failed earlier: what is on the disk has to be looked at again.
    #[error("an earlier write failed; the ledger must be opened again")]
    Reopen,
    /// A key can't be used.
    #[error("the key can't be used: {0}")]
    Key(String),
    /// An entry can't be recorded.
    #[error("entry {position} of the batch: `{field}` {why}")]
    Entry {
        /// Position within the batch, from 0.
        position: usize,
        /// The field at fault.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A checkpoint is malformed, or not signed by who should have.
    #[error("the checkpoint isn't valid: {0}")]
    Checkpoint(String),
    /// An index or size beyond the ledger's.
    #[error("{what} {asked} isn't within the ledger, which has {size} entries")]
    Range {
        /// `entry` or `size`.
        what: &'static str,
        /// What was asked for.
        asked: u64,
        /// The ledger's size.
        size: u64,
    },
    /// A proof is malformed or doesn't hold.
    #[error("the proof doesn't hold: {0}")]
    Proof(String),
    /// What is on the disk isn't what was signed.
    #[error("{0}")]
    Altered(Altered),
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "make room; nothing of this batch was acknowledged, so append it again"
            }
            Self::Io { .. } => "see that the path is right and that you may read and write there",
            Self::Exists(_) => "choose another place; a ledger or key is never overwritten",
            Self::NoLedger(_) => "make one with `stillwatch ledger init`",
            Self::Locked(_) => "wait until it is done: one process writes at a time",
            Self::Reopen => "open the ledger again; what was acknowledged is there",
            Self::Key(_) => "a key is one line that `stillwatch ledger init` wrote, in a file with mode 0600",
            Self::Entry { .. } => "an entry holds ids, hashes and names, never content",
            Self::Checkpoint(_) => "see that the key is the ledger's own; if it is, somebody changed the checkpoint",
            Self::Range { .. } => "entries are counted from 0",
            Self::Proof(_) => "ask for the proof again; if it still doesn't hold, the ledger isn't what it says",
            Self::Altered(_) => "keep the folder as it is, and compare it with an export or a witness's checkpoint",
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn altered(place: Place, why: impl Into<String>) -> Self {
        Self::Altered(Altered { place, why: why.into() })
    }
}

/// Something that isn't what was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// The first place where it shows.
    pub place: Place,
    /// How it shows.
    pub why: String,
}

impl fmt::Display for Altered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// A place in a ledger; files are named relative to its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An entry.
    Entry {
        /// Its index.
        index: u64,
        /// The bundle that holds it.
        file: String,
    },
    /// A file: a tile, a bundle, or one that has no business there.
    File(String),
    /// The checkpoint.
    Checkpoint,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { index, file } => write!(f, "entry {index} (`{file}`)"),
            Self::File(file) => write!(f, "`{file}`"),
            Self::Checkpoint => write!(f, "`checkpoint`"),
        }
    }
}
