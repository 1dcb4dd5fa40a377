//! Pair: two labs compare sets over a line.
//! In: an agreement on both sides, a set on each. Out: what is common, to one side or both.
//! Invariant: terms are what both agreed to; an evaluation is charged first; a cut match goes on, here or after a restart.
//! Not here: the protocol (`matching::pair`), the line (`line.rs`).

mod answer;
mod ask;
mod begin;
mod keep;
mod running;
mod tidy;

use serde::{Deserialize, Serialize};
use stillwatch_ledger::Step;
use stillwatch_matching::pair::{Own, Receiver, Terms};
use stillwatch_matching::templates::ANCHORS;
use stillwatch_matching::{LABEL, MAX_BODY, Namespace};
use stillwatch_track::matches::{self, Round};
use stillwatch_track::{By, Fault};

use super::entries::Told;
use super::set::Prepared;
use super::{Place, broken, key};
use crate::error::{Error, Result};

pub(super) use answer::answer;
pub use ask::{At, match_with};
pub use running::Running;
pub use tidy::tidy;

/// A call about a match. The session is the asking side's, drawn anew for each match.
#[derive(Debug, Serialize, Deserialize)]
enum Call {
    /// A match is wanted: of what, how large the asking side's set is, what it committed to, how long labels are, and whether both are
    /// to learn what is common.
    Propose { session: [u8; 16], namespace: Namespace, size: u64, root: [u8; 32], label: u16, both: bool },
    /// A frame of the side that asks and learns.
    Frame { session: [u8; 16], frame: Vec<u8> },
    /// The other way round: what the asking side answers; nothing: begin, or begin again.
    Back { session: [u8; 16], frame: Option<Vec<u8>> },
}

/// A reply.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    /// It is still worked on: so much of so much. Call again.
    Wait { done: u64, of: u64 },
    /// The answering side's size and root: the terms are complete.
    Terms { size: u64, root: [u8; 32] },
    /// A frame.
    Frame(Vec<u8>),
    /// The match is over.
    Done,
}

impl Call {
    fn session(&self) -> [u8; 16] {
        match self {
            Call::Propose { session, .. } | Call::Frame { session, .. } | Call::Back { session, .. } => *session,
        }
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        decode(bytes)
            .ok_or_else(|| Error::refused("a call about a match can't be read", "use the same version on both sides"))
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        encode(self)
    }
}

impl Reply {
    fn read(bytes: &[u8]) -> Result<Self> {
        decode(bytes)
            .ok_or_else(|| Error::refused("a reply about a match can't be read", "use the same version on both sides"))
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        encode(self)
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    postcard::to_allocvec(value).map_err(|_| Error::refused("a call can't be written", "report this as a bug"))
}

/// Only what `encode` would have written.
fn decode<T: Serialize + for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    if bytes.len() > MAX_BODY + 128 {
        return None;
    }
    let (value, rest) = postcard::take_from_bytes::<T>(bytes).ok()?;
    (rest.is_empty() && postcard::to_allocvec(&value).ok()? == bytes).then_some(value)
}

/// Hands over the next elements, and asks about them.
fn blind(receiver: &mut Receiver, set: &Prepared, count: usize) -> Result<Vec<u8>> {
    let items = set.items(receiver.handed(), count)?;
    let items: Vec<_> = items.iter().map(|(element, label)| (element.clone(), label.as_slice())).collect();
    receiver.blind(&items, &mut key::random()).map_err(broken)
}

/// Room for what either side attaches; each attaches what its own profile permits.
fn label_of(namespace: Namespace) -> u16 {
    let sketch = if namespace == Namespace::Template { 2 * ANCHORS } else { 0 };
    (LABEL + sketch) as u16
}

/// One's own set, as the protocol wants it.
fn own(set: &Prepared) -> Own {
    Own { count: set.count, salt: set.salt.clone() }
}

/// The round of a session, as the store has it; none, where it wasn't begun.
async fn kept(place: &Place, session: [u8; 16]) -> Result<Option<Round>> {
    match matches::round(&place.store, &hex::encode(session)).await {
        Ok(round) => Ok(Some(round)),
        Err(error) if error.fault() == Fault::Unknown => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Keeps that a round is begun, in store and ledger.
async fn begun(place: &Place, terms: &Terms, side: &str, profile: &str, budget: Option<u64>, by: &By) -> Result<()> {
    let is_asking = side == "asks";
    let (own, theirs) = if is_asking { (&terms.receiver, &terms.sender) } else { (&terms.sender, &terms.receiver) };
    let id = hex::encode(terms.session);
    let with = [theirs.name.clone()];
    let owes = Told {
        round: &id,
        step: Step::Begun,
        with: &with,
        namespace: terms.namespace.name(),
        own: own.size,
        theirs: theirs.size,
        budget,
        profile: Some(profile.to_owned()),
        hash: Some(own.root),
    };
    let text =
        serde_json::to_string(terms).map_err(|_| Error::refused("terms can't be kept", "report this as a bug"))?;
    let round = Round {
        id: id.clone(),
        member: theirs.name.clone(),
        namespace: terms.namespace.name().to_owned(),
        side: side.to_owned(),
        terms: text,
        own: own.size,
        theirs: theirs.size,
        profile: profile.to_owned(),
        state: String::new(),
        because: String::new(),
        begun: by.at,
        ended: None,
        found: None,
    };
    Ok(matches::begin(&place.store, &round, &owes.text(by)?).await?)
}

/// Ends a round, in store and ledger.
pub(super) async fn ended(
    place: &Place,
    terms: &Terms,
    side: &str,
    outcome: std::result::Result<Option<&[matches::Common]>, &str>,
    transcript: Option<[u8; 32]>,
    by: &By,
) -> Result<()> {
    let (own, theirs) =
        if side == "asks" { (&terms.receiver, &terms.sender) } else { (&terms.sender, &terms.receiver) };
    let id = hex::encode(terms.session);
    let with = [theirs.name.clone()];
    let owes = Told {
        round: &id,
        step: if outcome.is_ok() { Step::Closed } else { Step::Refused },
        with: &with,
        namespace: terms.namespace.name(),
        own: own.size,
        theirs: theirs.size,
        budget: None,
        profile: None,
        hash: transcript,
    };
    matches::finish(&place.store, &id, outcome, by, &owes.text(by)?).await?;
    if let Some(record) = &place.record {
        record.take_over(&place.store, by).await?;
    }
    Ok(())
}

/// A permit for what the store has charged already.
fn permit(terms: &Terms) -> Result<stillwatch_matching::budget::Permit> {
    let mut budgets = stillwatch_matching::budget::Budgets::new(0);
    budgets.allow(&terms.receiver.name, terms.namespace, terms.receiver.size);
    budgets.charge(&terms.receiver.name, terms.namespace, terms.receiver.size).map_err(broken)
}
