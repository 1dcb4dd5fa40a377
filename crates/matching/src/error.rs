//! Error: why a match can't go on, whose fault it is, and what to do.
//! In: nothing. Out: sentences for people.
//! Invariant: no element, key or blind ever shows in an error.
//! Not here: how errors are printed.

/// What the functions of this crate give back.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value can't be brought into the form in which it is compared.
    #[error("not a {namespace} that can be compared: {why}")]
    Value {
        /// The namespace's name.
        namespace: &'static str,
        /// What is wrong with the value; never the value.
        why: &'static str,
    },
    /// A frame isn't what the protocol allows here.
    #[error("the other side's frame {sequence} is refused: {why}")]
    Frame {
        /// The frame's number within the conversation, as this side counts.
        sequence: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Bytes that should be a group element aren't: not canonical, or the identity.
    #[error("element {0} of the other side's frame is no valid group element")]
    Point(usize),
    /// A proof doesn't hold: the other side used another key than the one it published.
    #[error("the proof of `{holder}` doesn't hold: it did not use the key that it published")]
    Proof {
        /// Who.
        holder: String,
    },
    /// The caller asked for something out of turn, or with wrong sizes.
    #[error("{0}")]
    Misuse(&'static str),
    /// The set isn't the one that was committed to.
    #[error("the set differs from the one committed to: {0}")]
    Committed(&'static str),
    /// A member asks for more than its budget.
    #[error("`{member}` asks for {asked} evaluations, and has {left} left of {limit} in this epoch")]
    Budget {
        /// Who asks.
        member: String,
        /// For how many.
        asked: u64,
        /// How many are left.
        left: u64,
        /// How many there were.
        limit: u64,
    },
    /// Making a shared key failed.
    #[error("the shared key can't be made: {0}")]
    Dealing(String),
    /// A filter, snapshot or table can't be read.
    #[error("the {what} can't be read: {why}")]
    Stored {
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What a member gave for all to be opened together can't be taken.
    #[error("what `{member}` gave can't be taken: {why}")]
    Given {
        /// Who.
        member: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The sealed channel refused a message.
    #[error("the channel refuses a message: {0}")]
    Channel(&'static str),
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Value { .. } => "leave the value out, or correct it where it was recorded",
            Self::Frame { .. } => {
                "end this match and start another; if it happens again, ask the other side for its log"
            }
            Self::Point(_) | Self::Proof { .. } => {
                "end this match and use nothing of it; the other side, or who carries its frames, doesn't follow the protocol"
            }
            Self::Misuse(_) => "this is a fault of the calling program",
            Self::Committed(_) => "commit again to the set as it is now, and agree on new terms",
            Self::Budget { .. } => "wait for the next epoch, or ask the members for a larger budget",
            Self::Dealing(_) => "leave out the member named, and make the key again with the others",
            Self::Stored { .. } => "fetch it again; if it comes back the same, it was altered or cut where it is kept",
            Self::Given { .. } => {
                "have the member give it again, made under these terms; or open the others' without it"
            }
            Self::Channel(_) => "open a new channel and resume; if it happens again, someone alters what is carried",
        }
    }
}
