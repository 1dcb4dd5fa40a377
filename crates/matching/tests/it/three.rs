//! Three: three labs, 5 % of their addresses in common, everything carried by a hub that keeps all it sees.
//! In: three sets. Out: nothing.
//! Invariant: each pair learns exactly what is common to it; the hub's record holds none of it, nor anything to test a guess on.
//! Not here: parties' own view (`pair_seen`).

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use stillwatch_matching::channel::{Channel, ChannelKey, Handshake};
use stillwatch_matching::{Element, Error};

use crate::rng::rng;
use crate::two::{Two, addresses};

/// 200 addresses, of which 10 are everyone's.
fn set(lab: u32) -> Vec<Element> {
    [addresses(0, 10), addresses(1000 * (lab + 1), 190)].concat()
}

/// A channel through the hub, which keeps the handshake too.
fn channel(seed: u64, about: &[u8; 32], hub: &mut Vec<Vec<u8>>) -> (Channel, Channel) {
    let mut r = rng(seed);
    let (a, b) = (ChannelKey::generate(&mut r), ChannelKey::generate(&mut r));
    let (begun, first) = Handshake::begin(&a, &b.public().unwrap(), about, &mut r).unwrap();
    let (there, second) = Handshake::answer(&b, &a.public().unwrap(), about, &first, &mut r).unwrap();
    hub.extend([first, second.clone()]);
    (begun.finish(&second).unwrap(), there)
}

#[test]
fn each_pair_learns_what_it_has_in_common_and_the_hub_nothing() {
    let mut hub: Vec<Vec<u8>> = Vec::new();
    let mut plain: Vec<Vec<u8>> = Vec::new();
    for (number, (one, other)) in [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)].into_iter().enumerate() {
        let mut two = Two::new(set(one), set(other));
        two.terms.session[0] = number as u8;
        let about = two.terms.digest().unwrap();
        let (mut here, mut there) = channel(number as u64, &about, &mut hub);
        let (mut receiver, mut sender) = (two.receiver(), two.sender());
        let mut handed = 0;
        let mut next = (receiver.open().unwrap(), false);
        loop {
            plain.push(next.0.clone());
            let sealed = here.seal(&next.0).unwrap();
            // The hub tries its hand at the first message of each match.
            let mut altered = sealed.clone();
            altered[3] ^= 1;
            assert!(matches!(there.open(&altered), Err(Error::Channel(_))));
            hub.push(sealed.clone());
            let frame = there.open(&sealed).unwrap();
            let Some(reply) = sender.receive(&frame, &mut two.rng).unwrap() else { break };
            plain.push(reply.clone());
            let sealed = there.seal(&reply).unwrap();
            hub.push(sealed.clone());
            let frame = here.open(&sealed).unwrap();
            next = two.step(&mut receiver, &mut handed, &frame).unwrap();
        }
        let learnt: Vec<u32> = receiver.into_matches().unwrap().map(|found| found.index).collect();
        assert_eq!(learnt, (0..10).collect::<Vec<u32>>(), "lab {one} of lab {other}");
    }

    // Nothing of 16 bytes that was in any frame, and no address or hash of one, is in what the hub kept.
    let windows = |all: &[Vec<u8>], length: usize| -> BTreeSet<Vec<u8>> {
        all.iter().flat_map(|bytes| bytes.windows(length).map(<[u8]>::to_vec)).collect()
    };
    let kept = windows(&hub, 16);
    // Padding of labels and headers' zeros aside, a frame's bytes are blinded elements, tags, sealed labels.
    let shown = windows(&plain, 16).into_iter().filter(|window| kept.contains(window)).count();
    assert_eq!(shown, 0);
    let fours = windows(&hub, 4);
    for element in (0..3).flat_map(set) {
        for hash in [Sha256::digest(element.as_bytes()), Sha256::digest(element.canonical())] {
            assert!(!kept.contains(&hash[..16]));
        }
        assert!(!fours.contains(&element.canonical()[1..]));
    }
    // What the hub does see: how long messages are, which sizes rounded up decide.
    let lengths: Vec<usize> = hub.iter().map(Vec::len).collect();
    assert!(lengths.chunks(9).all(|of_one| of_one == &lengths[..9]));
}
