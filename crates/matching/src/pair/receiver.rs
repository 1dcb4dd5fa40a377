//! Receiver: the side that learns what is common.
//! In: its elements, a batch at a time; the sender's frames. Out: frames; matches.
//! Invariant: a batch's outputs exist only once its proof held. A label that doesn't open is reported to this side's caller
//! and changes nothing that the sender could see: else the sender would learn what matched.
//! Not here: keeping a cut match (`snapshot`).

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::terms::Terms;
use super::{Own, Progress};
use crate::commit::Commitment;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::frame::{Conversation, Kind, encode};
use crate::oprf::{Blinded, MAX_BATCH, PublicKey};
use crate::record::{Derived, TAG, open};
use crate::size::padded;

/// What to do next.
#[derive(Debug)]
#[must_use]
pub enum Turn {
    /// Hand over the next so many elements ([`Receiver::blind`]); none, if all were and the batch is padding.
    Elements(usize),
    /// Send this frame.
    Send(Vec<u8>),
    /// Send this frame, the last; then take the matches.
    Last(Vec<u8>),
}

/// One element that both have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which of the receiver's elements, in the order in which they were handed over.
    pub index: u32,
    /// What the sender attached; `None` if nothing was agreed to be, or the sender sealed what doesn't open.
    pub label: Option<Vec<u8>>,
}

/// What is kept of each own element.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Entry {
    pub(super) tag: [u8; TAG],
    pub(super) key: [u8; 32],
    pub(super) index: u32,
}

/// A batch that was asked and not answered yet.
pub(super) struct Pending {
    pub(super) elements: Vec<Element>,
    pub(super) blinded: Blinded,
}

/// The side that learns what is common.
pub struct Receiver {
    pub(super) terms: Terms,
    pub(super) digest: [u8; 32],
    pub(super) attempt: u32,
    pub(super) conversation: Conversation,
    pub(super) awaits: Option<Kind>,
    pub(super) own: Own,
    pub(super) commitment: Commitment,
    pub(super) key: Option<PublicKey>,
    pub(super) pending: Option<Pending>,
    /// Real elements handed over.
    pub(super) handed: u64,
    /// As they were handed over; in the order of their tags once the first records came.
    pub(super) entries: Vec<Entry>,
    pub(super) sorted: bool,
    /// Where in `entries`, once sorted, the next record's tag is looked for.
    pub(super) at: usize,
    pub(super) last_tag: Option<[u8; TAG]>,
    /// Which entries a record was found for, and its sealed labels one after the other: opened at the very end.
    pub(super) found: Vec<u32>,
    pub(super) sealed: Vec<u8>,
    pub(super) progress: Progress,
    pub(super) finished: bool,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receiver({:?})", self.progress)
    }
}

impl Receiver {
    /// Under these terms, with a set of one's own.
    ///
    /// # Errors
    /// If the terms can't be kept to, or don't fit one's own set.
    pub fn new(terms: Terms, own: Own) -> Result<Self> {
        let digest = terms.digest()?;
        if own.count == 0 || padded(own.count) != terms.receiver.size {
            return Err(Error::Misuse("the receiver's set isn't as large as the terms say"));
        }
        let entries = usize::try_from(own.count).map_err(|_| Error::Misuse("the set is too large for this machine"))?;
        Ok(Self {
            progress: Progress { elements: terms.receiver.size, of_records: terms.sender.size, ..Progress::default() },
            conversation: Conversation::new(terms.session, &digest),
            commitment: Commitment::new(own.salt.clone()),
            terms,
            digest,
            attempt: 0,
            awaits: None,
            own,
            key: None,
            pending: None,
            handed: 0,
            entries: Vec::with_capacity(entries),
            sorted: false,
            at: 0,
            last_tag: None,
            found: Vec::new(),
            sealed: Vec::new(),
            finished: false,
        })
    }

    /// The first frame; and again after a cut: forget what was on its way, and send this.
    ///
    /// # Errors
    /// If the match is over.
    pub fn open(&mut self) -> Result<Vec<u8>> {
        if self.finished {
            return Err(Error::Misuse("the match is over"));
        }
        self.attempt += 1;
        self.conversation = Conversation::new(self.terms.session, &self.digest);
        self.awaits = Some(Kind::Key);
        self.send(Kind::Open, &encode(&self.attempt)?)
    }

    /// Takes the sender's frame.
    ///
    /// # Errors
    /// If it isn't what the protocol allows here; then nothing has changed, and the caller ends the match.
    pub fn receive(&mut self, frame: &[u8]) -> Result<Turn> {
        let awaits = self.awaits.ok_or(Error::Misuse("it is this side's turn"))?;
        let mut conversation = self.conversation.clone();
        let body = conversation.read(frame, awaits)?;
        match awaits {
            Kind::Key => self.take_key(&conversation, body)?,
            Kind::Answer => self.take_answer(&conversation, body)?,
            _ => self.take_records(&conversation, body)?,
        }
        self.conversation = conversation;
        self.progress.received += frame.len() as u64;
        self.awaits = None;
        self.turn()
    }

    /// Asks about the next elements, as many as [`Turn::Elements`] said. What this side attached to each stays here: it is
    /// part of what was committed to.
    ///
    /// # Errors
    /// If they are more or fewer, or another namespace's, or the last doesn't complete the set committed to.
    pub fn blind(&mut self, items: &[(Element, &[u8])], rng: &mut impl CryptoRng) -> Result<Vec<u8>> {
        if self.awaits.is_some() || self.key.is_none() || self.pending.is_some() || self.unasked() == 0 {
            return Err(Error::Misuse("no elements are wanted now"));
        }
        if items.len() != self.wanted() {
            return Err(Error::Misuse("more or fewer elements than are wanted"));
        }
        if items.iter().any(|(element, _)| element.as_bytes()[0] != self.terms.namespace as u8) {
            return Err(Error::Misuse("an element is of another namespace"));
        }
        let mut commitment = self.commitment.clone();
        for (element, attached) in items {
            commitment.add(element.as_bytes(), attached)?;
        }
        if !items.is_empty() && commitment.count() == self.own.count && commitment.root()? != self.terms.receiver.root {
            return Err(Error::Committed("its root is another"));
        }
        let elements: Vec<Element> = items.iter().map(|(element, _)| element.clone()).collect();
        let padding = (self.unasked().min(MAX_BATCH as u64) as usize) - elements.len();
        let blinded = Blinded::new(&elements, padding, rng)?;
        self.commitment = commitment;
        self.pending = Some(Pending { elements, blinded });
        self.ask()
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// How many of its own elements were handed over ([`Receiver::blind`]): the next is that one.
    #[must_use]
    pub fn handed(&self) -> u64 {
        self.commitment.count()
    }

    /// Whether all records came. If the last frame was lost, or never sent, nothing is missing but the sender's knowing it.
    #[must_use]
    pub fn has_all(&self) -> bool {
        self.progress.records == self.terms.sender.size
    }

    /// What is common, once all records came, in the order in which elements were handed over. Take it after the last frame
    /// was sent: opening labels takes longer the more match.
    ///
    /// # Errors
    /// If records are missing.
    pub fn into_matches(mut self) -> Result<impl Iterator<Item = Match>> {
        if !self.has_all() {
            return Err(Error::Misuse("the match isn't over"));
        }
        self.sort();
        let mut order: Vec<usize> = (0..self.found.len()).collect();
        order.sort_unstable_by_key(|at| self.entries.get(self.found[*at] as usize).map(|entry| entry.index));
        let each = self.terms.record() - TAG;
        Ok(order.into_iter().filter_map(move |at| {
            let entry = self.entries.get(self.found[at] as usize)?;
            let sealed = self.sealed.get(at * each..(at + 1) * each)?;
            let label = if each == 0 { None } else { open(&entry.key, &self.digest, sealed) };
            Some(Match { index: entry.index, label })
        }))
    }

    /// Hash of all that was sent and received since the last [`Receiver::open`]: equal to the sender's.
    #[must_use]
    pub fn transcript(&self) -> [u8; 32] {
        *self.conversation.so_far()
    }

    fn turn(&mut self) -> Result<Turn> {
        if self.pending.is_some() {
            return self.ask().map(Turn::Send);
        }
        if self.unasked() > 0 {
            return Ok(Turn::Elements(self.wanted()));
        }
        if self.progress.records < self.terms.sender.size {
            self.awaits = Some(Kind::Records);
            return self.send(Kind::More, &self.progress.records.to_le_bytes()).map(Turn::Send);
        }
        self.finished = true;
        // Says how many records came, and nothing of what matched.
        self.send(Kind::Done, &self.progress.records.to_le_bytes()).map(Turn::Last)
    }

    fn ask(&mut self) -> Result<Vec<u8>> {
        let message = match &self.pending {
            Some(pending) => pending.blinded.message().to_vec(),
            None => return Err(Error::Misuse("nothing is asked")),
        };
        self.awaits = Some(Kind::Answer);
        self.send(Kind::Ask, &message)
    }

    fn take_key(&mut self, conversation: &Conversation, body: &[u8]) -> Result<()> {
        let bytes = body.try_into().map_err(|_| conversation.refuse("it isn't a key"))?;
        let key = PublicKey::from_bytes(bytes)?;
        if self.key.is_some_and(|before| before != key) {
            return Err(conversation.refuse("it has another key than before the cut"));
        }
        self.key = Some(key);
        Ok(())
    }

    fn take_answer(&mut self, conversation: &Conversation, body: &[u8]) -> Result<()> {
        let (Some(pending), Some(key)) = (&self.pending, &self.key) else {
            return Err(conversation.refuse("nothing was asked"));
        };
        let holder = &self.terms.sender.name;
        let evaluated = pending.blinded.check(body, key).map_err(|error| match error {
            Error::Proof { .. } => Error::Proof { holder: holder.clone() },
            other => other,
        })?;
        let outputs = pending.blinded.unblind(&pending.elements, &evaluated)?;
        for (index, output) in (self.handed..).zip(&outputs) {
            let derived = Derived::new(output, b"pair")?;
            self.entries.push(Entry { tag: derived.tag, key: derived.key, index: index as u32 });
        }
        self.handed += outputs.len() as u64;
        self.progress.evaluated += pending.blinded.count() as u64;
        self.pending = None;
        Ok(())
    }

    /// Late, so that what is kept of a cut match grows at its end only (`snapshot`).
    fn sort(&mut self) {
        if !self.sorted {
            self.entries.sort_unstable_by(|a, b| a.tag.cmp(&b.tag).then(a.index.cmp(&b.index)));
            self.sorted = true;
        }
    }

    /// Both sides' tags ascend, so that comparing is one walk along both. Labels stay sealed until the last frame is sent: how
    /// long this side takes to answer must not say how much matched.
    fn take_records(&mut self, conversation: &Conversation, body: &[u8]) -> Result<()> {
        let each = self.terms.record();
        let left = self.terms.sender.size - self.progress.records;
        let expected = left.min(self.terms.records_a_frame() as u64) as usize;
        if body.len() != expected * each {
            return Err(conversation.refuse("it has more or fewer records than the terms say"));
        }
        let mut last = self.last_tag;
        for record in body.chunks_exact(each) {
            let tag = record.first_chunk::<TAG>().copied();
            if tag.is_none() || tag <= last {
                return Err(conversation.refuse("its records aren't in order, or one is there twice"));
            }
            last = tag;
        }
        self.sort();
        for record in body.chunks_exact(each) {
            let Some((tag, sealed)) = record.split_first_chunk::<TAG>() else { continue };
            while self.entries.get(self.at).is_some_and(|entry| entry.tag < *tag) {
                self.at += 1;
            }
            // The same element may be there more than once among this side's.
            let same = self.entries[self.at..].iter().take_while(|entry| entry.tag == *tag).count();
            for at in self.at..self.at + same {
                self.found.push(at as u32);
                self.sealed.extend_from_slice(sealed);
            }
        }
        self.last_tag = last;
        self.progress.records += expected as u64;
        Ok(())
    }

    fn send(&mut self, kind: Kind, body: &[u8]) -> Result<Vec<u8>> {
        let frame = self.conversation.write(kind, body)?;
        self.progress.sent += frame.len() as u64;
        Ok(frame)
    }

    /// Elements and padding that were not answered yet.
    fn unasked(&self) -> u64 {
        self.terms.receiver.size - self.progress.evaluated
    }

    /// Real elements in the next batch.
    fn wanted(&self) -> usize {
        self.unasked().min(MAX_BATCH as u64).min(self.own.count - self.handed) as usize
    }
}
