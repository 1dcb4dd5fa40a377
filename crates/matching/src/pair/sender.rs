//! Sender: the side whose set is compared with, and whose labels are opened.
//! In: its elements with labels, a batch at a time; the receiver's frames. Out: frames.
//! Invariant: evaluates no more elements than the terms say and were charged for, each once; records go over in the order of
//! their tags, padded with records that stand for nothing.
//! Not here: keeping a cut match (`snapshot`).

use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, Rng, SeedableRng};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::terms::Terms;
use super::{Own, Progress};
use crate::budget::Permit;
use crate::commit::Commitment;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::frame::{Conversation, Kind, decode};
use crate::oprf::{Key, MAX_BATCH, POINT};
use crate::record::{Derived, TAG, seal};
use crate::size::padded;

/// The side whose set is compared with.
pub struct Sender {
    pub(super) terms: Terms,
    pub(super) digest: [u8; 32],
    pub(super) attempt: u32,
    conversation: Conversation,
    own: Own,
    commitment: Commitment,
    pub(super) key: Key,
    /// What padding is drawn from: the same after a cut.
    pub(super) padding: Zeroizing<[u8; 32]>,
    /// Records one after the other, and the order of their tags.
    records: Vec<u8>,
    order: Vec<u32>,
    sealed: bool,
    /// Hash of the batch answered last: it may be asked again after a cut, with the same elements.
    pub(super) last_ask: Option<[u8; 32]>,
    pub(super) last_count: u64,
    pub(super) progress: Progress,
    finished: bool,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sender({:?})", self.progress)
    }
}

impl Sender {
    /// Under these terms, with a set of one's own, a permit for as many evaluations as the receiver's set is large, and a
    /// fresh key.
    ///
    /// # Errors
    /// If the terms can't be kept to, or don't fit one's own set or the permit.
    pub fn new(terms: Terms, own: Own, permit: Permit, rng: &mut impl CryptoRng) -> Result<Self> {
        permit.spend(terms.namespace, terms.receiver.size)?;
        let mut padding = Zeroizing::new([0; 32]);
        rng.fill_bytes(padding.as_mut_slice());
        Self::with_key(terms, own, Key::generate(rng), padding)
    }

    pub(super) fn with_key(terms: Terms, own: Own, key: Key, padding: Zeroizing<[u8; 32]>) -> Result<Self> {
        let digest = terms.digest()?;
        if own.count == 0 || padded(own.count) != terms.sender.size {
            return Err(Error::Misuse("the sender's set isn't as large as the terms say"));
        }
        let size = usize::try_from(terms.sender.size).map_err(|_| Error::Misuse("the set is too large"))?;
        Ok(Self {
            progress: Progress { elements: terms.receiver.size, of_records: terms.sender.size, ..Progress::default() },
            conversation: Conversation::new(terms.session, &digest),
            commitment: Commitment::new(own.salt.clone()),
            records: Vec::with_capacity(size * terms.record()),
            terms,
            digest,
            attempt: 0,
            own,
            key,
            padding,
            order: Vec::new(),
            sealed: false,
            last_ask: None,
            last_count: 0,
            finished: false,
        })
    }

    /// Adds the next elements of the set, with what is attached to each.
    ///
    /// # Errors
    /// If they are more than the terms say, another namespace's, or a label is too long.
    pub fn add(&mut self, items: &[(Element, &[u8])]) -> Result<()> {
        if self.sealed || self.commitment.count() + items.len() as u64 > self.own.count {
            return Err(Error::Misuse("more elements than the sender's set has"));
        }
        if items.iter().any(|(element, _)| element.as_bytes()[0] != self.terms.namespace as u8) {
            return Err(Error::Misuse("an element is of another namespace"));
        }
        let length = usize::from(self.terms.label);
        if items.iter().any(|(_, label)| label.len() > length) {
            return Err(Error::Misuse("a label is longer than was agreed"));
        }
        for batch in items.chunks(MAX_BATCH) {
            let inputs: Vec<&Element> = batch.iter().map(|(element, _)| element).collect();
            for (output, (element, label)) in self.key.evaluate(&inputs)?.iter().zip(batch) {
                self.commitment.add(element.as_bytes(), label)?;
                let derived = Derived::new(output, b"pair")?;
                self.records.extend_from_slice(&derived.tag);
                if length > 0 {
                    seal(&derived.key, &self.digest, label, length, &mut self.records)?;
                }
            }
        }
        Ok(())
    }

    /// Closes the set, once all of it was added: records are padded and put in the order of their tags.
    ///
    /// # Errors
    /// If it isn't the set committed to, or has an element twice.
    pub fn seal(&mut self) -> Result<()> {
        if self.sealed {
            return Err(Error::Misuse("the set is closed already"));
        }
        if self.commitment.count() != self.own.count {
            return Err(Error::Committed("it has fewer elements"));
        }
        // Labels are covered too: a key that sealed one label before a cut never seals another after it.
        if self.commitment.root()? != self.terms.sender.root {
            return Err(Error::Committed("its root is another"));
        }
        let real = self.records.len();
        self.records.resize(self.terms.sender.size as usize * self.terms.record(), 0);
        ChaCha20Rng::from_seed(*self.padding).fill_bytes(&mut self.records[real..]);
        let each = self.terms.record();
        let records = &self.records;
        let tag = |at: &u32| records[*at as usize * each..].first_chunk::<TAG>();
        self.order = (0..self.terms.sender.size as u32).collect();
        self.order.sort_unstable_by(|a, b| tag(a).cmp(&tag(b)));
        if self.order.windows(2).any(|two| tag(&two[0]) == tag(&two[1])) {
            return Err(Error::Misuse("the sender's set has an element twice"));
        }
        self.sealed = true;
        Ok(())
    }

    /// Takes the receiver's frame, and gives the answer; none to the last.
    ///
    /// # Errors
    /// If it isn't what the protocol allows here; then nothing has changed, and the caller ends the match.
    pub fn receive(&mut self, frame: &[u8], rng: &mut impl CryptoRng) -> Result<Option<Vec<u8>>> {
        if !self.sealed {
            return Err(Error::Misuse("the sender's set isn't closed yet"));
        }
        // A new attempt starts a conversation of its own.
        let mut fresh = Conversation::new(self.terms.session, &self.digest);
        if let Ok(body) = fresh.read(frame, Kind::Open) {
            let attempt: Option<u32> = decode(body);
            if self.finished || attempt.is_none_or(|attempt| attempt <= self.attempt) {
                return Err(fresh.refuse("it begins again what was begun already"));
            }
            self.attempt = attempt.unwrap_or(u32::MAX);
            self.conversation = fresh;
            self.progress.received += frame.len() as u64;
            return self.send(Kind::Key, &self.key.public().to_bytes()).map(Some);
        }
        if self.attempt == 0 || self.finished {
            return Err(fresh.refuse("the match hasn't begun, or is over"));
        }
        let mut conversation = self.conversation.clone();
        let (kind, body) = conversation.read_any(frame, &[Kind::Ask, Kind::More, Kind::Done])?;
        let reply = match kind {
            Kind::Ask => Some((Kind::Answer, self.answer(&conversation, body, rng)?)),
            Kind::More => Some((Kind::Records, self.more(&conversation, body)?)),
            _ => {
                if body != self.terms.sender.size.to_le_bytes() || self.progress.records != self.terms.sender.size {
                    return Err(conversation.refuse("it ends before all records went over"));
                }
                self.finished = true;
                None
            }
        };
        self.conversation = conversation;
        self.progress.received += frame.len() as u64;
        reply.map(|(kind, body)| self.send(kind, &body)).transpose()
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Whether the receiver said that it has all.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.finished
    }

    /// Hash of all that was sent and received since the last beginning: equal to the receiver's.
    #[must_use]
    pub fn transcript(&self) -> [u8; 32] {
        *self.conversation.so_far()
    }

    fn answer(&mut self, conversation: &Conversation, body: &[u8], rng: &mut impl CryptoRng) -> Result<Vec<u8>> {
        let digest: [u8; 32] = Sha256::digest(body).into();
        let again = self.last_ask == Some(digest);
        let before = if again { self.progress.evaluated - self.last_count } else { self.progress.evaluated };
        let expected = (self.terms.receiver.size - before).min(MAX_BATCH as u64);
        if expected == 0 || body.len() as u64 != expected * POINT as u64 {
            return Err(conversation.refuse("it asks for more or fewer elements than the terms say"));
        }
        let answer = self.key.answer(body, rng)?;
        if !again {
            self.last_ask = Some(digest);
            self.last_count = expected;
            self.progress.evaluated += expected;
        }
        Ok(answer)
    }

    fn more(&mut self, conversation: &Conversation, body: &[u8]) -> Result<Vec<u8>> {
        let from = body.try_into().map(u64::from_le_bytes).map_err(|_| conversation.refuse("it isn't a position"))?;
        // After a cut, the receiver may lack what was sent last.
        if self.progress.evaluated != self.terms.receiver.size || from > self.progress.records {
            return Err(conversation.refuse("it asks for records too early"));
        }
        let size = self.terms.sender.size;
        if from == size {
            return Err(conversation.refuse("it asks for records that aren't there"));
        }
        let upto = (from + self.terms.records_a_frame() as u64).min(size);
        let each = self.terms.record();
        let mut records = Vec::with_capacity((upto - from) as usize * each);
        for at in &self.order[from as usize..upto as usize] {
            records.extend_from_slice(&self.records[*at as usize * each..][..each]);
        }
        self.progress.records = self.progress.records.max(upto);
        Ok(records)
    }

    fn send(&mut self, kind: Kind, body: &[u8]) -> Result<Vec<u8>> {
        let frame = self.conversation.write(kind, body)?;
        self.progress.sent += frame.len() as u64;
        Ok(frame)
    }
}
