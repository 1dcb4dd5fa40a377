//! Error: why a profile is not read, or not loaded.
//! In: what went wrong. Out: a sentence with file and place, and what to do.
//! Invariant: the message of a refusal names the profile and the ground.
//! Not here: why an object is held back (`release.rs`).

use jiff::Timestamp;

/// Why a profile is not read, or does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A file is missing or says something that isn't understood.
    #[error("{file}: {because}")]
    File {
        /// The file.
        file: String,
        /// What is wrong.
        because: String,
    },
    /// Too many files, or one that is too long.
    #[error(
        "a profile has at most {} files of at most {} bytes\nhint: keep only the profile's own files in its directory",
        crate::draft::MAX_FILES,
        crate::draft::MAX_BYTES
    )]
    TooLarge,
    /// It has no signature.
    #[error("the profile `{0}` is not signed\nhint: `stillwatch policy sign`, after it was read and tested")]
    Unsigned(String),
    /// The signature is of a key that isn't trusted, or is none.
    #[error(
        "the signature of profile `{0}` is not one of a trusted key\nhint: name the signer's public key with `--key`"
    )]
    Untrusted(String),
    /// A file isn't what was signed.
    #[error(
        "the profile `{profile}` was altered after it was signed: {what}\nhint: restore it, or test and sign it anew"
    )]
    Altered {
        /// The profile.
        profile: String,
        /// What differs.
        what: String,
    },
    /// It doesn't hold yet.
    #[error("the profile `{profile}` holds only from {from}")]
    NotYet {
        /// The profile.
        profile: String,
        /// From when.
        from: Timestamp,
    },
    /// It holds no more.
    #[error(
        "the profile `{profile}` expired at {until}\nhint: have it reviewed, set `valid_until`, raise `version`, sign"
    )]
    Expired {
        /// The profile.
        profile: String,
        /// Until when it held.
        until: Timestamp,
    },
    /// A later version was seen before.
    #[error(
        "the profile `{profile}` has version {version}, but version {seen} was in force before\nhint: raise `version` above {seen} if the older rules are meant"
    )]
    RolledBack {
        /// The profile.
        profile: String,
        /// Its version.
        version: u64,
        /// The last version seen.
        seen: u64,
    },
    /// A key can't be read.
    #[error(
        "cannot read the key: {0}\nhint: Ed25519 as PKCS #8 PEM, as `openssl genpkey -algorithm ed25519` writes it"
    )]
    Key(String),
}

impl PolicyError {
    pub(crate) fn file(file: &str, because: &str) -> Self {
        PolicyError::File { file: file.to_owned(), because: because.to_owned() }
    }
}
