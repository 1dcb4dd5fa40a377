//! Call: what nodes say to each other about an epoch, in a line (room 2).
//! In: bytes of a line. Out: calls and replies.
//! Invariant: only the bytes that `bytes` writes are read; what is longer than a line's body goes in pieces.
//! Not here: who may call what: each call's own function looks.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stillwatch_matching::MAX_BODY;
use stillwatch_matching::epoch::{EpochKey, Packages, Setup};
use stillwatch_model::Micros;

use crate::error::{Error, Result};
use crate::matching::broken;

/// The room of calls about epochs.
pub const EPOCH: u8 = 2;

/// Bytes of a file in one call.
pub(super) const PIECE: usize = MAX_BODY - 256;

/// An epoch: the digest of its setup.
pub type Id = [u8; 32];

/// On which terms a key is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Members that must report an element before it opens.
    pub threshold: u8,
    /// When the epoch's time is over, microseconds since 1970.
    pub ends: Micros,
    /// Evaluations that each member may have of each holder.
    pub budget: u64,
    /// Bytes of an element in a report at most.
    pub element: u16,
    /// Bytes of a label.
    pub label: u16,
    /// Elements of the largest set, padded, where members give tables of bins in place of reports; 0: they give reports.
    #[serde(default)]
    pub bins: u64,
}

impl Terms {
    /// What members give when the epoch is over.
    #[must_use]
    pub fn given(&self) -> What {
        if self.bins == 0 { What::Report } else { What::Bins }
    }

    /// What members compare: who makes a key on which terms.
    pub(super) fn digest(&self, setup: &Setup) -> Result<[u8; 32]> {
        let digest = Sha256::new().chain_update(b"stillwatch terms 1").chain_update(setup.digest().map_err(broken)?);
        Ok(digest.chain_update(bytes(self)?).finalize().into())
    }
}

/// A key's public side, as the hub sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Public {
    /// The hub's share.
    pub hub: [u8; 32],
    /// Its proof that it knows the secret.
    pub proof: Vec<u8>,
    /// Members' shares, in the setup's order.
    pub shares: Vec<[u8; 32]>,
}

impl Public {
    /// The key, checked.
    ///
    /// # Errors
    /// When its shares aren't of one key.
    pub fn key(&self, setup: Setup) -> Result<EpochKey> {
        EpochKey::new(setup, &self.hub, &self.proof, &self.shares).map_err(broken)
    }
}

/// A file of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum What {
    /// A member's set under the epoch's key, for the published table.
    Contribution,
    /// A member's reports, after holders erased.
    Report,
    /// The published filter.
    Filter,
    /// The published table.
    Table,
    /// What opened of what the asker reported.
    Opened,
    /// A member's table of bins, after holders erased, where the terms have those.
    Bins,
}

impl What {
    /// Its name in files and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            What::Contribution => "contribution",
            What::Report => "report",
            What::Filter => "filter",
            What::Table => "table",
            What::Opened => "opened",
            What::Bins => "bins",
        }
    }
}

/// What is asked. From whom it may come is said with each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "what each call says of its fields is all there is to say")]
pub enum Call {
    /// Hub to member: begin to make a key. `Package`.
    Begin { setup: Setup, terms: Terms },
    /// Hub to member: everyone else's first package. `Echo`.
    First { epoch: Id, packages: Packages },
    /// Hub to member: send the others what is for their eyes only. `Done`.
    Exchange { epoch: Id },
    /// Member to member: the second package, the echo of the first ones, and the terms as this member was told. `Done`.
    Second { epoch: Id, package: Vec<u8>, echo: [u8; 32], terms: [u8; 32] },
    /// Hub to member: put together what came. `Shares`.
    Finish { epoch: Id },
    /// Hub to member: the key as it was made. `Done`.
    Confirm { epoch: Id, public: Public },
    /// Hub to member: the epoch is over, or its key wasn't made: erase. `Done`.
    Erase { epoch: Id, because: String },
    /// Member to holder: evaluate. `Evaluated`, or `Stale`.
    Evaluate { epoch: Id, request: Vec<u8> },
    /// Member to holder: the set that will be evaluated. `Done`.
    Commit { epoch: Id, root: [u8; 32], size: u64 },
    /// Member to member or hub: how the epoch stands there. `Stands`.
    State { epoch: Id },
    /// Member to hub: a piece of a contribution or report, behind what is there. `At`.
    Give { epoch: Id, what: What, offset: u64, piece: Vec<u8> },
    /// Member to hub: that was all of it. `Done`.
    Given { epoch: Id, what: What, hash: [u8; 32] },
    /// Member to hub: a piece of what was published, or opened for the asker. `Piece`.
    Fetch { epoch: Id, what: What, offset: u64 },
}

/// What is replied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It is done.
    Done,
    /// A first package.
    Package(Vec<u8>),
    /// A digest of all first packages.
    Echo([u8; 32]),
    /// Everyone's public share.
    Shares(Vec<[u8; 32]>),
    /// A holder's answer, with its proof.
    Evaluated(Vec<u8>),
    /// The asker's round is older than its last one: it takes a newer.
    Stale,
    /// How the epoch stands.
    Stands(Stands),
    /// Bytes that are there so far.
    At(u64),
    /// A piece of a file.
    Piece(Vec<u8>),
    /// It isn't done, and why.
    Refused(String),
}

/// An epoch's public record, as a holder tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stands {
    /// `making`, `active`, `closed` or `failed`.
    pub state: String,
    /// Whether no share of it is held there any more.
    pub erased: bool,
    /// Who committed to a set of which size; the hub tells.
    pub committed: BTreeMap<String, u64>,
    /// Files that are whole: whose, what, bytes, SHA-256; the hub tells.
    pub files: Vec<(String, String, u64, String)>,
}

/// A value's bytes.
pub(super) fn bytes<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    let bytes =
        postcard::to_allocvec(value).map_err(|error| Error::refused(error, "this is a fault of the program"))?;
    if bytes.len() > MAX_BODY {
        return Err(Error::refused(
            format!("{} bytes don't fit into one call of {MAX_BODY}", bytes.len()),
            "make the key with fewer members",
        ));
    }
    Ok(bytes)
}

/// A value from bytes that `bytes` wrote, and no others.
pub(super) fn read<T: Serialize + DeserializeOwned>(from: &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes::<T>(from).ok()?;
    (rest.is_empty() && postcard::to_allocvec(&value).ok()? == from).then_some(value)
}
