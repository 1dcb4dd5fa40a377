//! Pair cut: a match goes on after the line, or a process, broke, wherever that was.
//! In: matches cut at each frame. Out: nothing.
//! Invariant: same matches as without a cut; nothing evaluated beyond the announced size.
//! Not here: attacks.

use stillwatch_matching::pair::{Receiver, Sender};

use crate::two::{Two, addresses};

/// 4200 and 130 elements with the longest labels: two batches, two frames of records.
fn two() -> Two {
    let mut two = Two::new(addresses(0, 4200), addresses(4100, 130));
    two.terms.label = 1024;
    two
}

fn saved_receiver(two: &Two, receiver: &Receiver) -> Receiver {
    let mut kept = Vec::new();
    receiver.save(&mut kept).unwrap();
    for cut in [0, 3, 39, 41, kept.len() - 1] {
        assert!(Receiver::restore(two.terms.clone(), two.receiver_own.clone(), &mut &kept[..cut]).is_err());
    }
    let mut other = two.terms.clone();
    other.label += 1;
    assert!(Receiver::restore(other, two.receiver_own.clone(), &mut kept.as_slice()).is_err());
    Receiver::restore(two.terms.clone(), two.receiver_own.clone(), &mut kept.as_slice()).unwrap()
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
