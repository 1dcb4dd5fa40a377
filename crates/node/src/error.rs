//! Error: what went wrong between store, policy and ledger, and a cure.
//! In: what each of them said. Out: one sentence, and a hint where there is one.
//! Invariant: names what, where and what to do.
//! Not here: printing it (the command line).

/// What functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store refused, or failed.
    #[error(transparent)]
    Store(#[from] stillwatch_track::Error),
    /// The ledger refused, or failed.
    #[error(transparent)]
    Ledger(#[from] stillwatch_ledger::Error),
    /// A profile doesn't load; its message has a hint of its own.
    #[error(transparent)]
    Policy(#[from] stillwatch_share::PolicyError),
    /// Something wasn't sealed or opened.
    #[error(transparent)]
    Seal(#[from] crate::seal::Fault),
    /// It was asked for what isn't allowed.
    #[error("{message}")]
    Refused {
        /// What.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// Settings, the network or a certificate keep the node from working.
    #[error("{message}")]
    Setup {
        /// What.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A file can't be written.
    #[error("cannot write `{path}`: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Store(error) => error.hint().map(str::to_owned),
            Error::Ledger(error) => Some(error.hint().to_string()),
            Error::Policy(_) => None,
            Error::Seal(fault) => Some(fault.hint().to_owned()),
            Error::Refused { hint, .. } => Some((*hint).to_owned()),
            Error::Setup { hint, .. } => Some(hint.clone()),
            Error::File { .. } => Some("check that the folder exists, may be written to and has space".to_owned()),
        }
    }

    pub(crate) fn refused(message: impl std::fmt::Display, hint: &'static str) -> Self {
        Error::Refused { message: message.to_string(), hint }
    }

    pub(crate) fn setup(message: impl std::fmt::Display, hint: impl std::fmt::Display) -> Self {
        Error::Setup { message: message.to_string(), hint: hint.to_string() }
    }
}
