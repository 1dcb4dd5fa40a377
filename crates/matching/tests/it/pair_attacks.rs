//! Pair attacks: what a cheating side, or whoever carries the frames, may try.
//! In: matches with frames altered, dropped, repeated, moved. Out: nothing.
//! Invariant: refused, with the place; or of no effect that the cheater could see.
//! Not here: frames as such under random bytes (`fuzz`).

use stillwatch_matching::budget::Budgets;
use stillwatch_matching::pair::{Own, Receiver, Sender, Turn};
use stillwatch_matching::{Error, HEADER, Namespace};

use crate::two::{Two, addresses, blind};

fn two() -> Two {
    Two::new(addresses(0, 70), addresses(60, 70))
}

#[test]
fn any_bit_of_any_frame_counts() {
    let frames = two().run(|_, _| ()).unwrap().1;
    assert_eq!(frames.iter().map(|(_, frame)| frame[3]).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    for (number, (_, frame)) in frames.iter().enumerate() {
        // Each byte of the header; some of the body.
        let spots = (0..HEADER.min(frame.len())).chain((HEADER..frame.len()).step_by(97));
        for at in spots.step_by(5) {
            let tampered = two().run(|which, frame| {
                if which == number {
                    frame[at] ^= 1;
                }
            });
            // The records' sealed labels can be spoilt, which shows on the receiver's side only; the transcripts differ then,
            // so that the last frame is refused.
            assert!(tampered.is_err(), "frame {number}, byte {at}");
        }
    }
}

#[test]
fn cut_and_lengthened_frames_are_refused() {
    for number in 0..7 {
        for change in [0, 1, 3, HEADER - 1, HEADER] {
            let cut = two().run(|which, frame| {
                if which == number {
                    frame.truncate(change);
                }
            });
            assert!(matches!(cut, Err(Error::Frame { .. })), "frame {number} cut to {change}");
        }
        let longer = two().run(|which, frame| {
            if which == number {
                frame.push(0);
            }
        });
        assert!(matches!(longer, Err(Error::Frame { .. })));
        // Longer, and says so.
        let longer = two().run(|which, frame| {
            if which == number {
                frame.extend_from_slice(&[0; 32]);
                let length = (frame.len() - HEADER) as u32;
                frame[60..64].copy_from_slice(&length.to_le_bytes());
            }
        });
        assert!(longer.is_err(), "frame {number}");
    }
}

#[test]
fn frames_of_before_or_of_another_match_are_refused() {
    let first = two().run(|_, _| ()).unwrap().1;
    let mut other = two();
    other.terms.session = *b"another session.";
    let elsewhere = other.run(|_, _| ()).unwrap().1;
    for number in 1..7 {
        for replayed in [&first[number - 1].1, &elsewhere[number].1] {
            let refused = two().run(|which, frame| {
                if which == number {
                    frame.clone_from(replayed);
                }
            });
            assert!(matches!(refused, Err(Error::Frame { .. })), "frame {number}");
        }
    }
}

#[test]
fn a_frame_twice_is_refused_and_harms_nothing() {
    let mut two = two();
    let (mut receiver, mut sender) = (two.receiver(), two.sender());
    let open = receiver.open().unwrap();
    let key = sender.receive(&open, &mut two.rng).unwrap().unwrap();
    assert!(matches!(sender.receive(&open, &mut two.rng), Err(Error::Frame { .. })), "begun twice");
    let mut handed = 0;
    let (ask, _) = two.step(&mut receiver, &mut handed, &key).unwrap();
    assert!(receiver.receive(&key).is_err());
    let answer = sender.receive(&ask, &mut two.rng).unwrap().unwrap();
    assert!(matches!(sender.receive(&ask, &mut two.rng), Err(Error::Frame { .. })), "asked twice");
    assert_eq!(sender.progress().evaluated, 72);
    assert!(two.step(&mut receiver, &mut handed, &answer).is_ok());
    assert!(receiver.receive(&answer).is_err(), "answered twice");
}

#[test]
fn other_terms_are_refused_at_the_first_frame() {
    let mut two = two();
    let mut sender = two.sender();
    for change in 0..4 {
        let mut terms = two.terms.clone();
        match change {
            0 => terms.sender.root[0] ^= 1,
            1 => terms.label += 1,
            2 => terms.two_sided = true,
            _ => terms.receiver.name = "lab-three.example".to_owned(),
        }
        let mut receiver = Receiver::new(terms, two.receiver_own.clone()).unwrap();
        let open = receiver.open().unwrap();
        assert!(matches!(sender.receive(&open, &mut two.rng), Err(Error::Frame { .. })));
    }
}

#[test]
fn sets_of_other_sizes_than_announced_are_refused() {
    // More or fewer of one's own.
    let mut two = two();
    assert!(Receiver::new(two.terms.clone(), Own { count: 100, ..two.receiver_own.clone() }).is_err());
    let mut sender = two.sender();
    let mut receiver = two.receiver();
    let key = sender.receive(&receiver.open().unwrap(), &mut two.rng).unwrap().unwrap();
    let Turn::Elements(wanted) = receiver.receive(&key).unwrap() else { panic!() };
    assert_eq!(wanted, 70);
    assert!(blind(&mut receiver, &addresses(0, 69), 0, &mut two.rng).is_err());
    assert!(blind(&mut receiver, &addresses(0, 71), 0, &mut two.rng).is_err());
    // As many, but others than committed to.
    assert!(matches!(blind(&mut receiver, &addresses(1, 70), 0, &mut two.rng), Err(Error::Committed(_))));
    assert!(blind(&mut receiver, &addresses(0, 70), 0, &mut two.rng).is_ok());
}

#[test]
fn a_sender_with_other_labels_than_committed_to_never_sends_one() {
    let mut two = two();
    let mut budgets = Budgets::new(1);
    budgets.allow("lab-one.example", Namespace::Address, 72);
    let permit = budgets.charge("lab-one.example", Namespace::Address, 72).unwrap();
    let mut sender = Sender::new(two.terms.clone(), two.sender_own.clone(), permit, &mut two.rng).unwrap();
    let items: Vec<_> = two.senders.iter().map(|element| (element.clone(), b"other".as_slice())).collect();
    sender.add(&items).unwrap();
    assert!(matches!(sender.seal(), Err(Error::Committed(_))));
    // The budget is spent, all the same.
    assert!(matches!(budgets.charge("lab-one.example", Namespace::Address, 1), Err(Error::Budget { left: 0, .. })));
}

#[test]
fn a_permit_for_something_else_opens_nothing() {
    let mut two = two();
    let mut budgets = Budgets::new(1);
    budgets.allow("lab-one.example", Namespace::Address, 1000);
    budgets.allow("lab-one.example", Namespace::Phone, 1000);
    let fewer = budgets.charge("lab-one.example", Namespace::Address, 71).unwrap();
    assert!(Sender::new(two.terms.clone(), two.sender_own.clone(), fewer, &mut two.rng).is_err());
    let phones = budgets.charge("lab-one.example", Namespace::Phone, 72).unwrap();
    assert!(Sender::new(two.terms.clone(), two.sender_own.clone(), phones, &mut two.rng).is_err());
}

#[test]
fn a_sender_that_answers_with_a_second_key_is_found_out() {
    let mut two = two();
    let (mut receiver, mut sender, mut second) = (two.receiver(), two.sender(), two.sender());
    let open = receiver.open().unwrap();
    let key = sender.receive(&open, &mut two.rng).unwrap().unwrap();
    let other_key = second.receive(&open, &mut two.rng).unwrap().unwrap();
    assert_ne!(key, other_key);
    let mut handed = 0;
    let (ask, _) = two.step(&mut receiver, &mut handed, &key).unwrap();
    let answer = sender.receive(&ask, &mut two.rng).unwrap().unwrap();
    // The second key's answer to the very same elements, in a frame that fits.
    let mut forged = answer.clone();
    let mut ask_of_second = ask.clone();
    let so_far: [u8; 32] = {
        use sha2::Digest;
        let begun = sha2::Sha256::new().chain_update(b"stillwatch match 1").chain_update(two.terms.digest().unwrap());
        let begun = sha2::Sha256::new().chain_update(begun.finalize()).chain_update(&open);
        sha2::Sha256::new().chain_update(begun.finalize()).chain_update(&other_key).finalize().into()
    };
    ask_of_second[28..60].copy_from_slice(&so_far);
    let of_second = second.receive(&ask_of_second, &mut two.rng).unwrap().unwrap();
    forged[HEADER..].copy_from_slice(&of_second[HEADER..]);
    assert_eq!(receiver.receive(&forged).unwrap_err(), Error::Proof { holder: "lab-two.example".to_owned() });
    // Refused, and nothing changed: the right answer is still taken.
    assert!(receiver.receive(&answer).is_ok());
}

/// A sender that seals rubbish to see whether the receiver stumbles over it: it must not learn from that what matched.
#[test]
fn a_label_that_does_not_open_shows_on_the_receivers_side_only() {
    let mut seen = Vec::new();
    for spoil in [false, true] {
        let mut two = two();
        let (mut receiver, mut sender) = (two.receiver(), two.sender());
        let mut handed = 0;
        let mut frame = receiver.open().unwrap();
        let mut shapes = Vec::new();
        loop {
            shapes.push((frame[3], frame.len()));
            let Some(mut reply) = sender.receive(&frame, &mut two.rng).unwrap() else { break };
            if reply[3] == 6 && spoil {
                let each = 16 + 18 + usize::from(crate::two::LABEL);
                reply[HEADER..].chunks_mut(each).for_each(|record| record[20] ^= 1);
            }
            let (next, last) = two.step(&mut receiver, &mut handed, &reply).unwrap();
            frame = next;
            if last {
                shapes.push((frame[3], frame.len()));
                break;
            }
        }
        let matches: Vec<_> = receiver.into_matches().unwrap().collect();
        assert_eq!(matches.len(), 10);
        assert!(matches.iter().all(|found| found.label.is_none() == spoil));
        seen.push(shapes);
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn records_out_of_order_or_twice_are_refused() {
    let each = 16 + 18 + usize::from(crate::two::LABEL);
    for twice in [false, true] {
        let refused = two().run(|which, frame| {
            if which == 5 {
                let (first, rest) = frame[HEADER..].split_at_mut(each);
                if twice {
                    rest[..each].copy_from_slice(first);
                } else {
                    first.swap_with_slice(&mut rest[..each]);
                }
            }
        });
        assert!(matches!(refused, Err(Error::Frame { .. })));
    }
}
