//! Pair cut: a match goes on after the line, or a process, broke, wherever that was.
//! In: matches cut at each frame. Out: nothing.
//! Invariant: same matches as without a cut; nothing evaluated beyond the announced size.
//! Not here: attacks.

use stillwatch_matching::Result;
use stillwatch_matching::pair::{Match, Receiver, Saved, Sender};

use crate::two::{Two, addresses};

/// 4200 and 130 elements with the longest labels: two batches, two frames of records.
fn two() -> Two {
    let mut two = Two::new(addresses(0, 4200), addresses(4100, 130));
    two.terms.label = 1024;
    two
}

/// What whoever keeps a cut match has on disk.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) head: Vec<u8>,
    pub(crate) entries: Vec<u8>,
    pub(crate) found: Vec<u8>,
    saved: Saved,
    /// Bytes written to the parts so far.
    written: usize,
}

impl Kept {
    fn save(&mut self, receiver: &Receiver) {
        // What a cut left behind the last head is no part of it.
        self.entries.truncate(self.saved.entries() as usize);
        self.found.truncate(self.saved.found() as usize);
        let before = self.entries.len() + self.found.len();
        self.head.clear();
        self.saved = receiver.save(&self.saved, &mut self.head, &mut self.entries, &mut self.found).unwrap();
        assert_eq!(self.entries.len() as u64, self.saved.entries());
        assert_eq!(self.found.len() as u64, self.saved.found());
        self.written += self.entries.len() + self.found.len() - before;
    }

    fn restore(&self, two: &Two) -> Result<(Receiver, Saved)> {
        restore(two, &self.head, &self.entries, &self.found)
    }
}

fn restore(two: &Two, mut head: &[u8], mut entries: &[u8], mut found: &[u8]) -> Result<(Receiver, Saved)> {
    Receiver::restore(two.terms.clone(), two.receiver_own.clone(), &mut head, &mut entries, &mut found)
}

fn saved_receiver(two: &Two, receiver: &Receiver) -> Receiver {
    let mut kept = Kept::default();
    kept.save(receiver);
    for cut in [0, 3, 39, 41, kept.head.len() - 1] {
        assert!(restore(two, &kept.head[..cut], &kept.entries, &kept.found).is_err());
    }
    let mut other = two.terms.clone();
    other.label += 1;
    let own = two.receiver_own.clone();
    let (mut head, mut entries, mut found) = (kept.head.as_slice(), kept.entries.as_slice(), kept.found.as_slice());
    assert!(Receiver::restore(other, own, &mut head, &mut entries, &mut found).is_err());
    kept.restore(two).unwrap().0
}

fn saved_sender(two: &mut Two, sender: &Sender) -> Sender {
    let mut kept = Vec::new();
    sender.save(&mut kept).unwrap();
    assert!(Sender::restore(two.terms.clone(), two.sender_own.clone(), &mut &kept[..kept.len() - 1]).is_err());
    let sender = Sender::restore(two.terms.clone(), two.sender_own.clone(), &mut kept.as_slice()).unwrap();
    two.filled(sender)
}

#[test]
fn a_match_goes_on_wherever_it_was_cut() {
    let whole = two().run(|_, _| ()).unwrap();
    let frames = whole.1.len();
    assert_eq!(frames, 11);
    for cut in 0..frames {
        // Lost on the way: the frame `cut`. Odd runs also change processes.
        let mut two = two();
        let (mut receiver, mut sender) = (two.receiver(), two.sender());
        let (mut handed, mut number, mut was_cut) = (0, 0, false);
        let mut next = (receiver.open().unwrap(), false);
        loop {
            if number == cut && !was_cut {
                was_cut = true;
                if next.1 {
                    break;
                }
                if cut % 2 == 1 || cut == 4 {
                    receiver = saved_receiver(&two, &receiver);
                    sender = saved_sender(&mut two, &sender);
                }
                next = (receiver.open().unwrap(), false);
            }
            number += 1;
            let Some(reply) = sender.receive(&next.0, &mut two.rng).unwrap() else { break };
            if number == cut && !was_cut {
                was_cut = true;
                if cut % 2 == 1 {
                    receiver = saved_receiver(&two, &receiver);
                    sender = saved_sender(&mut two, &sender);
                }
                next = (receiver.open().unwrap(), false);
                continue;
            }
            number += 1;
            next = two.step(&mut receiver, &mut handed, &reply).unwrap();
        }
        assert!(was_cut);
        assert_eq!(sender.progress().evaluated, sender.progress().elements, "cut at {cut}");
        assert_eq!(receiver.into_matches().unwrap().collect::<Vec<_>>(), whole.0, "cut at {cut}");
    }
}

#[test]
fn after_a_cut_nothing_else_can_be_asked_in_the_place_of_what_was() {
    let mut two = two();
    let (mut receiver, mut sender) = (two.receiver(), two.sender());
    let mut fresh = two.receiver();
    let key = sender.receive(&receiver.open().unwrap(), &mut two.rng).unwrap().unwrap();
    let (ask, _) = two.step(&mut receiver, &mut 0, &key).unwrap();
    sender.receive(&ask, &mut two.rng).unwrap();
    // A receiver that says it was cut, and asks with other blinds (it could be other elements: nobody can tell).
    fresh.open().unwrap();
    let key = sender.receive(&fresh.open().unwrap(), &mut two.rng).unwrap().unwrap();
    let (other, _) = two.step(&mut fresh, &mut 0, &key).unwrap();
    assert!(sender.receive(&other, &mut two.rng).is_err());
    assert_eq!(sender.progress().evaluated, 4096);
}

/// Runs a match that is kept before each frame that the receiver sends, and taken up by another process every `every` frames.
/// `cut` sees what is kept before each of those; what was written in all.
fn run_kept(two: &mut Two, every: usize, mut cut: impl FnMut(&Two, &mut Kept)) -> (Vec<Match>, Kept) {
    let (mut receiver, mut sender) = (two.receiver(), two.sender());
    let (mut kept, mut handed, mut number) = (Kept::default(), 0, 0);
    let mut frame = receiver.open().unwrap();
    loop {
        kept.save(&receiver);
        number += 1;
        if number % every == 0 {
            cut(two, &mut kept);
            let saved;
            (receiver, saved) = kept.restore(two).unwrap();
            assert_eq!(saved, kept.saved);
            frame = receiver.open().unwrap();
        }
        let Some(reply) = sender.receive(&frame, &mut two.rng).unwrap() else { break };
        frame = two.step(&mut receiver, &mut handed, &reply).unwrap().0;
    }
    (receiver.into_matches().unwrap().collect(), kept)
}

#[test]
fn whoever_keeps_a_match_writes_each_thing_once() {
    let mut two = two();
    let whole = two.run(|_, _| ()).unwrap().0;
    for every in [1000, 3, 2] {
        let (matches, kept) = run_kept(&mut two, every, |_, _| ());
        assert_eq!(matches, whole);
        assert_eq!(kept.entries.len(), 4200 * 48);
        assert_eq!(kept.found.len(), 100 * (4 + 1024 + 18));
        assert_eq!(kept.written, kept.entries.len() + kept.found.len(), "every {every}");
        assert!(kept.head.len() < 1000, "nothing is on its way: {}", kept.head.len());
    }
}

#[test]
fn parts_longer_than_their_head_are_fine_and_others_refused() {
    let mut two = two();
    let whole = two.run(|_, _| ()).unwrap().0;
    let mut refused = 0;
    let (matches, _) = run_kept(&mut two, 2, |two, kept| {
        for (part, other) in [(&kept.entries, false), (&kept.found, true)] {
            let with = |part: &[u8]| {
                let (entries, found) =
                    if other { (kept.entries.as_slice(), part) } else { (part, kept.found.as_slice()) };
                restore(two, &kept.head, entries, found)
            };
            if let Some((_, shorter)) = part.split_last() {
                assert!(with(shorter).is_err() && with(&[]).is_err());
                let mut altered = part.clone();
                altered[part.len() / 2] ^= 1;
                assert!(with(&altered).is_err());
                refused += 1;
            }
        }
        // A cut between writing the parts and the head.
        kept.entries.extend([7; 100]);
        kept.found.extend([7; 3]);
    });
    assert_eq!(matches, whole);
    assert!(refused >= 3, "{refused}");
}

#[test]
fn a_match_first_kept_among_the_records_is_kept_whole() {
    let mut two = two();
    let whole = two.run(|_, _| ()).unwrap().0;
    let (mut receiver, mut sender) = (two.receiver(), two.sender());
    let mut handed = 0;
    let mut frame = receiver.open().unwrap();
    while receiver.progress().records == 0 {
        let reply = sender.receive(&frame, &mut two.rng).unwrap().unwrap();
        frame = two.step(&mut receiver, &mut handed, &reply).unwrap().0;
    }
    let mut receiver = saved_receiver(&two, &receiver);
    let mut frame = receiver.open().unwrap();
    while let Some(reply) = sender.receive(&frame, &mut two.rng).unwrap() {
        frame = two.step(&mut receiver, &mut handed, &reply).unwrap().0;
    }
    assert_eq!(receiver.into_matches().unwrap().collect::<Vec<_>>(), whole);
}

#[test]
fn a_receiver_that_has_all_needs_no_answer_to_its_last_frame() {
    let mut two = two();
    let whole = two.run(|_, _| ()).unwrap().0;
    let (mut receiver, mut sender) = (two.receiver(), two.sender());
    let (mut kept, mut handed) = (Kept::default(), 0);
    let mut frame = receiver.open().unwrap();
    assert!(!receiver.has_all() && kept.head.is_empty());
    while let Some(reply) = sender.receive(&frame, &mut two.rng).unwrap() {
        frame = two.step(&mut receiver, &mut handed, &reply).unwrap().0;
        kept.save(&receiver);
    }
    // The sender is done and answers nothing any more; the receiver's process ended before it looked at what matched.
    let (mut again, _) = kept.restore(&two).unwrap();
    assert!(sender.receive(&again.open().unwrap(), &mut two.rng).is_err());
    assert!(again.has_all());
    assert_eq!(again.into_matches().unwrap().collect::<Vec<_>>(), whole);
}

#[test]
fn what_was_kept_of_another_match_is_not_appended_to() {
    let mut two = two();
    let kept = run_kept(&mut two, 1000, |_, _| ()).1;
    let fresh = two.receiver();
    let (mut head, mut entries, mut found) = (Vec::new(), Vec::new(), Vec::new());
    assert!(fresh.save(&kept.saved, &mut head, &mut entries, &mut found).is_err());
    assert!(head.is_empty() && entries.is_empty() && found.is_empty());
}
