//! Pair: what is learnt is what is common, no more and no less.
//! In: sets of all sizes and overlaps. Out: nothing.
//! Invariant: compared with a plain set's intersection.
//! Not here: attacks, cuts, what the wire shows.

use std::collections::HashMap;

use proptest::prelude::*;
use stillwatch_matching::pair::Match;

use crate::two::{Two, address, addresses, label_of};

fn expected(two: &Two) -> Vec<Match> {
    let theirs: HashMap<_, _> = two.senders.iter().enumerate().map(|(at, element)| (element, at)).collect();
    let mine = two.receivers.iter().enumerate();
    mine.filter_map(|(index, element)| {
        theirs.get(element).map(|at| Match { index: index as u32, label: Some(label_of(*at)) })
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_learnt_is_what_is_common(
        mine in proptest::collection::vec(0u32..120, 1..150),
        theirs in proptest::collection::hash_set(0u32..120, 1..100),
    ) {
        let mut two = Two::new(mine.into_iter().map(address).collect(), theirs.into_iter().map(address).collect());
        let (matches, _) = two.run(|_, _| ()).unwrap();
        prop_assert_eq!(matches, expected(&two));
    }
}

#[test]
fn batches_of_any_size_at_their_edges() {
    for (mine, theirs, common) in [(4095, 1, 1), (4096, 70, 0), (4097, 2900, 70), (8193, 64, 64)] {
        let mut two = Two::new(addresses(0, mine), addresses(mine - common, theirs));
        let (matches, _) = two.run(|_, _| ()).unwrap();
        assert_eq!(matches.len(), common as usize);
        assert_eq!(matches, expected(&two));
    }
}

#[test]
fn a_batch_may_be_padding_alone() {
    // 33 000 is said to be 34 816: the last batch but a part holds no element.
    let mut two = Two::new(addresses(0, 33_000), addresses(32_990, 64));
    let (matches, _) = two.run(|_, _| ()).unwrap();
    assert_eq!(matches, expected(&two));
    assert_eq!(matches.len(), 10);
}

#[test]
fn both_learn_when_both_directions_are_run() {
    let mut there = Two::new(addresses(0, 100), addresses(90, 80));
    there.terms.two_sided = true;
    let mut back = Two::new(addresses(90, 80), addresses(0, 100));
    back.terms = there.terms.reversed();
    std::mem::swap(&mut back.receiver_own.salt, &mut back.sender_own.salt);
    assert_eq!(there.run(|_, _| ()).unwrap().0.len(), 10);
    assert_eq!(back.run(|_, _| ()).unwrap().0.len(), 10);
    assert_ne!(there.terms.session, back.terms.session);
}

#[test]
fn sets_and_terms_that_do_not_fit_are_refused() {
    let mut two = Two::new(addresses(0, 10), [addresses(0, 3), addresses(2, 1)].concat());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| two.sender())).is_err(), "an element twice");
    let two = Two::new(addresses(0, 10), addresses(0, 10));
    let mut terms = two.terms.clone();
    terms.receiver.size = 65;
    assert!(terms.digest().is_err());
    terms = two.terms.clone();
    terms.receiver.name = terms.sender.name.clone();
    assert!(terms.digest().is_err());
    terms = two.terms.clone();
    terms.label = 2000;
    assert!(terms.digest().is_err());
}

/// Whoever runs matches does so on several threads.
#[test]
fn every_side_can_move_between_threads() {
    fn moves<T: Send + 'static>() {}
    moves::<stillwatch_matching::pair::Receiver>();
    moves::<stillwatch_matching::pair::Sender>();
    moves::<stillwatch_matching::channel::Channel>();
    moves::<stillwatch_matching::channel::Handshake>();
    moves::<stillwatch_matching::epoch::Holder>();
    moves::<stillwatch_matching::epoch::Asked>();
    moves::<stillwatch_matching::epoch::Sharing>();
    moves::<stillwatch_matching::check::Table>();
    moves::<stillwatch_matching::pool::Opening>();
}
