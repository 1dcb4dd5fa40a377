//! Asker: a lab that has elements evaluated under an epoch key.
//! In: elements, a quorum, holders' answers. Out: one request for all of them; outputs.
//! Invariant: no output without the proof of the hub and of every member of the quorum: a holder that answers with another
//! key, or a weak one, is named, and nothing of it used.
//! Not here: what outputs are used for.

use curve25519_dalek::RistrettoPoint;
use rand_core::CryptoRng;

use super::holder::session;
use super::key::{EpochKey, bits};
use crate::element::Element;
use crate::error::{Error, Result};
use crate::frame::{Conversation, Kind};
use crate::oprf::{Blinded, Output};

/// A lab that asks. Its round is kept by the caller: no round is asked twice.
#[derive(Clone, Debug)]
pub struct Asker {
    epoch: EpochKey,
    name: String,
    round: u64,
}

/// A round that is under way.
#[derive(Debug)]
pub struct Asked {
    epoch: EpochKey,
    quorum: Vec<usize>,
    elements: Vec<Element>,
    blinded: Blinded,
    conversation: Conversation,
    request: Vec<u8>,
    /// Who answered, the hub first.
    answered: Vec<String>,
    sum: Option<Vec<RistrettoPoint>>,
}

impl Asker {
    /// A lab's rounds from this one on.
    #[must_use]
    pub fn new(epoch: EpochKey, name: &str, round: u64) -> Self {
        Self { epoch, name: name.to_owned(), round }
    }

    /// The next round: kept before its request is sent.
    #[must_use]
    pub fn round(&self) -> u64 {
        self.round
    }

    /// Asks about elements, up to 4096, of the hub and a quorum of members; with padding, so that not even how many can be seen.
    ///
    /// # Errors
    /// If the quorum isn't one, or an element of another namespace.
    pub fn ask(
        &mut self,
        elements: Vec<Element>,
        padding: usize,
        quorum: &[&str],
        rng: &mut impl CryptoRng,
    ) -> Result<Asked> {
        let setup = self.epoch.setup();
        let seats = quorum.iter().map(|member| setup.seat(member)).collect::<Option<Vec<usize>>>();
        let mut seats = seats.ok_or(Error::Misuse("a quorum has members that hold no share"))?;
        seats.sort_unstable();
        seats.dedup();
        if seats.len() != usize::from(setup.quorum) || seats.len() != quorum.len() {
            return Err(Error::Misuse("a quorum isn't as many members as are needed"));
        }
        if elements.iter().any(|element| element.as_bytes()[0] != setup.namespace as u8) {
            return Err(Error::Misuse("an element is of another namespace than the key"));
        }
        let blinded = Blinded::new(&elements, padding, rng)?;
        let mut conversation = Conversation::new(session(&self.epoch, &self.name, self.round), self.epoch.digest());
        let mut body = bits(&seats).to_le_bytes().to_vec();
        body.extend_from_slice(blinded.message());
        let request = conversation.write(Kind::Ask, &body)?;
        self.round += 1;
        Ok(Asked {
            epoch: self.epoch.clone(),
            quorum: seats,
            elements,
            blinded,
            conversation,
            request,
            answered: Vec::new(),
            sum: None,
        })
    }
}

impl Asked {
    /// What the hub and each member of the quorum is sent.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes a holder's answer.
    ///
    /// # Errors
    /// If its proof doesn't hold, or it answered already.
    pub fn take(&mut self, holder: &str, answer: &[u8]) -> Result<()> {
        if self.answered.iter().any(|name| name == holder) {
            return Err(Error::Misuse("this holder answered already"));
        }
        let expected = self.epoch.expected(holder, &self.quorum)?;
        let body = self.conversation.clone().read(answer, Kind::Answer).map(<[u8]>::to_vec)?;
        let evaluated = self.blinded.check(&body, &expected).map_err(|error| match error {
            Error::Proof { .. } => Error::Proof { holder: holder.to_owned() },
            other => other,
        })?;
        match &mut self.sum {
            Some(sum) => sum.iter_mut().zip(evaluated).for_each(|(sum, point)| *sum += point),
            None => self.sum = Some(evaluated),
        }
        self.answered.push(holder.to_owned());
        Ok(())
    }

    /// Whose answer is still missing.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        let setup = self.epoch.setup();
        let members = self.quorum.iter().map(|seat| setup.members[*seat].as_str());
        std::iter::once(setup.hub.as_str())
            .chain(members)
            .filter(|name| !self.answered.iter().any(|answered| answered == name))
            .collect()
    }

    /// Outputs, in the order of the elements, once all answered.
    ///
    /// # Errors
    /// If an answer is missing.
    pub fn finish(self) -> Result<Vec<(Element, Output)>> {
        if !self.missing().is_empty() {
            return Err(Error::Misuse("an answer is missing"));
        }
        let sum = self.sum.unwrap_or_default();
        let outputs = self.blinded.unblind(&self.elements, &sum)?;
        Ok(self.elements.into_iter().zip(outputs).collect())
    }
}
