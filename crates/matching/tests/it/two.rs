//! Two: two labs that match, and a wire between them.
//! In: their sets. Out: what the receiver learnt, and every frame.
//! Invariant: same seed, same frames.
//! Not here: what must hold.

use rand_chacha::ChaCha20Rng;
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::commit::{Commitment, Salt};
use stillwatch_matching::pair::{Match, Own, Party, Receiver, Sender, Terms, Turn};
use stillwatch_matching::{Element, Namespace, Result, normalise, padded};

use crate::rng::rng;

/// Bytes of labels in these tests.
pub(crate) const LABEL: u16 = 12;

/// Addresses `first` to `first + count`.
pub(crate) fn addresses(first: u32, count: u32) -> Vec<Element> {
    (first..first + count).map(address).collect()
}

pub(crate) fn address(number: u32) -> Element {
    let text = std::net::Ipv4Addr::from(0x5b3d_9000 + number).to_string();
    normalise(Namespace::Address, &text).unwrap()
}

pub(crate) fn label_of(number: usize) -> Vec<u8> {
    format!("label {number}").into_bytes()
}

/// A match that can be run, tampered with, cut.
pub(crate) struct Two {
    pub(crate) terms: Terms,
    pub(crate) receivers: Vec<Element>,
    pub(crate) senders: Vec<Element>,
    pub(crate) receiver_own: Own,
    pub(crate) sender_own: Own,
    pub(crate) rng: ChaCha20Rng,
}

/// All that went over the wire: who sent it, and the frame.
pub(crate) type Wire = Vec<(&'static str, Vec<u8>)>;

impl Two {
    pub(crate) fn new(receivers: Vec<Element>, senders: Vec<Element>) -> Self {
        let (receiver_salt, sender_salt) = (Salt::new([1; 32]), Salt::new([2; 32]));
        let root = |elements: &[Element], salt: &Salt| {
            let mut root = Commitment::new(salt.clone());
            for (number, element) in elements.iter().enumerate() {
                root.add(element.as_bytes(), &label_of(number)).unwrap();
            }
            root
        };
        let (receiver_root, sender_root) = (root(&receivers, &receiver_salt), root(&senders, &sender_salt));
        let party = |name: &str, count: usize, root: &Commitment| Party {
            name: name.to_owned(),
            size: padded(count as u64),
            root: root.root().unwrap(),
        };
        Self {
            terms: Terms {
                session: *b"one match of two",
                namespace: Namespace::Address,
                receiver: party("lab-one.example", receivers.len(), &receiver_root),
                sender: party("lab-two.example", senders.len(), &sender_root),
                label: LABEL,
                two_sided: false,
            },
            receiver_own: Own { count: receivers.len() as u64, salt: receiver_salt },
            sender_own: Own { count: senders.len() as u64, salt: sender_salt },
            receivers,
            senders,
            rng: rng(7),
        }
    }

    pub(crate) fn receiver(&self) -> Receiver {
        Receiver::new(self.terms.clone(), self.receiver_own.clone()).unwrap()
    }

    pub(crate) fn sender(&mut self) -> Sender {
        let mut budgets = Budgets::new(1);
        budgets.allow("lab-one.example", self.terms.namespace, u64::MAX);
        let permit = budgets.charge("lab-one.example", self.terms.namespace, self.terms.receiver.size).unwrap();
        let sender = Sender::new(self.terms.clone(), self.sender_own.clone(), permit, &mut self.rng).unwrap();
        self.filled(sender)
    }

    pub(crate) fn filled(&mut self, mut sender: Sender) -> Sender {
        for (batch, elements) in self.senders.chunks(1000).enumerate() {
            let labels: Vec<Vec<u8>> = (0..elements.len()).map(|at| label_of(batch * 1000 + at)).collect();
            let items: Vec<(Element, &[u8])> = elements.iter().cloned().zip(labels.iter().map(Vec::as_slice)).collect();
            sender.add(&items).unwrap();
        }
        sender.seal().unwrap();
        sender
    }

    /// What the receiver sends next, given the sender's frame; `None` when it was the last.
    pub(crate) fn step(
        &mut self,
        receiver: &mut Receiver,
        handed: &mut usize,
        frame: &[u8],
    ) -> Result<(Vec<u8>, bool)> {
        Ok(match receiver.receive(frame)? {
            Turn::Elements(count) => {
                let frame = blind(receiver, &self.receivers[*handed..*handed + count], *handed, &mut self.rng)?;
                *handed += count;
                (frame, false)
            }
            Turn::Send(frame) => (frame, false),
            Turn::Last(frame) => (frame, true),
        })
    }

    /// Runs it; `tamper` sees the number of each frame, and may change it.
    pub(crate) fn run(&mut self, mut tamper: impl FnMut(usize, &mut Vec<u8>)) -> Result<(Vec<Match>, Wire)> {
        let (mut receiver, mut sender) = (self.receiver(), self.sender());
        let mut wire = Wire::new();
        let mut handed = 0;
        let mut next = (receiver.open()?, false);
        loop {
            let mut frame = next.0;
            tamper(wire.len(), &mut frame);
            wire.push(("receiver", frame));
            let reply = sender.receive(&wire[wire.len() - 1].1, &mut self.rng)?;
            if next.1 {
                assert!(reply.is_none() && sender.finished());
                assert_eq!(receiver.transcript(), sender.transcript());
                return Ok((receiver.into_matches()?.collect(), wire));
            }
            let mut frame = reply.unwrap();
            tamper(wire.len(), &mut frame);
            wire.push(("sender", frame));
            let frame = wire[wire.len() - 1].1.clone();
            next = self.step(&mut receiver, &mut handed, &frame)?;
        }
    }
}

/// Hands over elements, of which the first is number `first` of the set.
pub(crate) fn blind(
    receiver: &mut Receiver,
    elements: &[Element],
    first: usize,
    rng: &mut ChaCha20Rng,
) -> Result<Vec<u8>> {
    let labels: Vec<Vec<u8>> = (first..first + elements.len()).map(label_of).collect();
    let items: Vec<(Element, &[u8])> = elements.iter().cloned().zip(labels.iter().map(Vec::as_slice)).collect();
    receiver.blind(&items, rng)
}
