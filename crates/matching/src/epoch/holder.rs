//! Holder: the hub or a member, answering with its share of an epoch key.
//! In: members' requests. Out: answers with a proof; a state to be kept before each.
//! Invariant: charged before it is answered; a request is charged once, and answered again only as it was. No answer after
//! `erase`.
//! Not here: who a request comes from: the channel says.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::{EpochKey, lagrange, seats};
use crate::budget::Budgets;
use crate::error::{Error, Result};
use crate::frame::{Conversation, Kind};
use crate::oprf::{Key, MAX_BATCH, POINT, points};

/// What a holder keeps: budgets, and each member's last request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolderState {
    budgets: Budgets,
    last: BTreeMap<String, (u64, [u8; 32])>,
}

impl HolderState {
    /// What everyone was charged.
    #[must_use]
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }
}

/// The hub or a member with its share.
pub struct Holder {
    epoch: EpochKey,
    name: String,
    key: Option<Key>,
    state: HolderState,
}

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Holder({}, epoch {})", self.name, self.epoch.setup().epoch)
    }
}

/// A request that was charged. Answered by the holder that charged it, once its state was kept.
#[derive(Debug)]
pub struct Charged {
    quorum: Vec<usize>,
    asked: Vec<u8>,
    conversation: Conversation,
}

impl Holder {
    /// A holder with its share, and budgets for its members.
    ///
    /// # Errors
    /// If the share isn't this holder's, or the budgets another epoch's.
    pub fn new(epoch: EpochKey, name: &str, key: Key, budgets: Budgets) -> Result<Self> {
        Self::restore(epoch, name, key, HolderState { budgets, last: BTreeMap::new() })
    }

    /// A holder that goes on from a state that was kept.
    ///
    /// # Errors
    /// As [`Holder::new`].
    pub fn restore(epoch: EpochKey, name: &str, key: Key, state: HolderState) -> Result<Self> {
        if !epoch.has(name, &key.public()) {
            return Err(Error::Misuse("the share isn't this holder's in this epoch"));
        }
        if state.budgets.epoch() != epoch.setup().epoch {
            return Err(Error::Misuse("the budgets are of another epoch"));
        }
        Ok(Self { epoch, name: name.to_owned(), key: Some(key), state })
    }

    /// Takes a request, from the member that the channel says it is, and charges that member. The caller keeps
    /// [`Holder::state`] before it answers.
    ///
    /// # Errors
    /// If the request isn't one, comes again in another form, or is more than the member has left; then nothing is charged.
    pub fn charge(&mut self, member: &str, request: &[u8]) -> Result<Charged> {
        if self.key.is_none() {
            return Err(Error::Misuse("the share was erased"));
        }
        let round = round_of(request);
        let mut conversation = Conversation::new(session(&self.epoch, member, round), self.epoch.digest());
        let body = conversation.read(request, Kind::Ask)?;
        let Some((head, asked)) = body.split_first_chunk::<16>() else {
            return Err(conversation.refuse("it is too short"));
        };
        let quorum = seats(u128::from_le_bytes(*head), self.epoch.setup())
            .ok_or_else(|| conversation.refuse("its quorum isn't as many members as are needed"))?;
        let mine = self.epoch.setup().seat(&self.name);
        if mine.is_some_and(|seat| !quorum.contains(&seat)) {
            return Err(conversation.refuse("its quorum is without this holder"));
        }
        if asked.is_empty() || !asked.len().is_multiple_of(POINT) || asked.len() > MAX_BATCH * POINT {
            return Err(conversation.refuse("it doesn't hold 1 to 4096 whole elements"));
        }
        points(asked)?;
        let digest: [u8; 32] = Sha256::digest(request).into();
        match self.state.last.get(member) {
            // Its answer was lost: the same again tells nothing new.
            Some(last) if *last == (round, digest) => {}
            Some((last, _)) if round <= *last => {
                return Err(conversation.refuse("its round was asked already"));
            }
            _ => {
                let count = (asked.len() / POINT) as u64;
                let namespace = self.epoch.setup().namespace;
                self.state.budgets.charge(member, namespace, count)?.spend(namespace, count)?;
                self.state.last.insert(member.to_owned(), (round, digest));
            }
        }
        Ok(Charged { quorum, asked: asked.to_vec(), conversation })
    }

    /// Answers what was charged.
    ///
    /// # Errors
    /// If the share was erased meanwhile.
    pub fn answer(&self, charged: Charged, rng: &mut impl CryptoRng) -> Result<Vec<u8>> {
        let key = self.key.as_ref().ok_or(Error::Misuse("the share was erased"))?;
        let answer = match self.epoch.setup().seat(&self.name) {
            // The member's part in this quorum is in its key, so that whoever asked only adds.
            Some(seat) => key.scaled(&lagrange(&charged.quorum, seat, 0))?.answer(&charged.asked, rng)?,
            None => key.answer(&charged.asked, rng)?,
        };
        let mut conversation = charged.conversation;
        conversation.write(Kind::Answer, &answer)
    }

    /// What has to be kept.
    #[must_use]
    pub fn state(&self) -> &HolderState {
        &self.state
    }

    /// Budgets, to be set.
    pub fn budgets_mut(&mut self) -> &mut Budgets {
        &mut self.state.budgets
    }

    /// The epoch is over: the share is no more. (Whatever copies the caller kept, it erases.)
    pub fn erase(&mut self) {
        self.key = None;
    }

    /// Whether the share is no more.
    #[must_use]
    pub fn erased(&self) -> bool {
        self.key.is_none()
    }
}

/// One member's round: its number, and a hash of whose it is.
pub(super) fn session(epoch: &EpochKey, member: &str, round: u64) -> [u8; 16] {
    let whose = Sha256::new().chain_update(b"stillwatch round 1").chain_update(epoch.digest());
    let whose = whose.chain_update(round.to_le_bytes()).chain_update(member);
    let mut session = [0; 16];
    session[..8].copy_from_slice(&round.to_le_bytes());
    session[8..].copy_from_slice(&whose.finalize()[..8]);
    session
}

fn round_of(request: &[u8]) -> u64 {
    request.get(4..12).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}
