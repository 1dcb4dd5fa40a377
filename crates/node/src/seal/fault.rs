//! Fault: why something wasn't sealed or opened.
//! In: what went wrong. Out: one sentence, and a hint.
//! Invariant: never tells of the content or of a secret key.
//! Not here: printing it.

/// Why something wasn't sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// So many recipients can't be.
    #[error("a sealed object has 1 to {most} recipients, not {0}", most = super::MOST_RECIPIENTS)]
    Recipients(usize),
    /// It is no sealed object.
    #[error("this is no sealed object: {0}")]
    None(String),
    /// It is sealed, to others.
    #[error("it isn't sealed to this key")]
    NotForUs,
    /// It isn't what was sealed.
    #[error("the sealed object is damaged: {0}")]
    Damaged(&'static str),
    /// It has more bytes than are taken.
    #[error("the sealed object is too large: its bundle may have {most} bytes", most = super::MOST_BYTES)]
    TooLarge,
    /// What is in it is no bundle.
    #[error("what is sealed is no STIX bundle: {0}")]
    NoBundle(String),
    /// A key can't be read or written.
    #[error("{0}")]
    Key(String),
    /// The system failed.
    #[error("it can't be sealed: {0}")]
    Failed(String),
}

impl Fault {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Fault::Recipients(_) => "name who may read it; seal twice for more",
            Fault::None(_) => "give an `artifact` of the media type `application/x-age`, as `seal` makes it",
            Fault::NotForUs => "ask its sender to seal it to this node's public key",
            Fault::Damaged(_) => "ask its sender for it again",
            Fault::TooLarge => "ask its sender for smaller bundles",
            Fault::NoBundle(_) => "seal a whole STIX 2.1 bundle",
            Fault::Key(_) => "`stillwatch init` makes a key; only its owner may read it",
            Fault::Failed(_) => "do it again; if it stays so, report this as a bug",
        }
    }
}
