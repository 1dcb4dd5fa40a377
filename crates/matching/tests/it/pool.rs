//! Pool: exactly what k members reported opens, whatever some of them do.
//! In: reports of a few members. Out: nothing.
//! Invariant: compared with counting in the plain.
//! Not here: evaluating.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stillwatch_matching::oprf::Output;
use stillwatch_matching::pool::{Opened, Opening, PoolTerms, report};
use stillwatch_matching::{Element, Error};

use crate::shared::{Shared, member};
use crate::two::{address, addresses};

fn terms(shared: &Shared, threshold: u8) -> PoolTerms {
    PoolTerms { epoch: shared.key.clone(), threshold, element: 24, label: 16 }
}

fn reports(shared: &mut Shared, terms: &PoolTerms, who: usize, elements: &[Element]) -> Vec<u8> {
    let outputs = shared.outputs(&member(who), elements, &[0, 1]).unwrap();
    made(shared, terms, who, &outputs)
}

fn made(shared: &mut Shared, terms: &PoolTerms, who: usize, outputs: &[(Element, Output)]) -> Vec<u8> {
    let label = format!("lab {who}");
    outputs
        .iter()
        .flat_map(|(element, output)| {
            report(terms, &member(who), element, output, label.as_bytes(), &mut shared.rng).unwrap()
        })
        .collect()
}

fn open(terms: &PoolTerms, all: &[Vec<u8>]) -> Opened {
    let mut opening = Opening::new(terms.clone()).unwrap();
    for (who, reports) in all.iter().enumerate() {
        opening.add(&member(who), reports.clone()).unwrap();
    }
    opening.open().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn exactly_what_k_members_reported_opens(
        sets in proptest::collection::vec(proptest::collection::btree_set(0u32..12, 1..8), 5),
        threshold in 2u8..=5,
    ) {
        let mut shared = Shared::new(1, 5, 2);
        let terms = terms(&shared, threshold);
        let mut counted: BTreeMap<Element, Vec<String>> = BTreeMap::new();
        let mut all = Vec::new();
        for (who, set) in sets.iter().enumerate() {
            let elements: Vec<Element> = set.iter().map(|n| address(*n)).collect();
            elements.iter().for_each(|e| counted.entry(e.clone()).or_default().push(member(who)));
            all.push(reports(&mut shared, &terms, who, &elements));
        }
        let opened = open(&terms, &all);
        let expected: BTreeMap<_, _> =
            counted.iter().filter(|(_, who)| who.len() >= usize::from(threshold)).map(|(e, w)| (e.clone(), w.clone())).collect();
        prop_assert_eq!(opened.shut as usize, counted.len() - expected.len());
        prop_assert_eq!(opened.spoilt, 0);
        let found: BTreeMap<Element, Vec<String>> = opened
            .groups
            .iter()
            .map(|g| (g.element.clone(), g.reports.iter().map(|(who, _)| who.clone()).collect()))
            .collect();
        prop_assert_eq!(found, expected);
        for group in &opened.groups {
            prop_assert!(group.wrong.is_empty());
            for (who, label) in &group.reports {
                prop_assert_eq!(&member(label[4] as usize - 48), who);
            }
        }
    }
}

#[test]
fn a_member_counts_once_however_it_reports() {
    let mut shared = Shared::new(1, 4, 2);
    let terms = terms(&shared, 3);
    let one = reports(&mut shared, &terms, 0, &addresses(0, 1));
    let other = reports(&mut shared, &terms, 1, &addresses(0, 1));
    let mut opening = Opening::new(terms.clone()).unwrap();
    assert!(matches!(opening.add(&member(0), [one.as_slice(), &one].concat()), Err(Error::Stored { .. })));
    assert!(opening.add(&member(0), one[1..].to_vec()).is_err());
    assert!(opening.add("stranger.example", one.clone()).is_err());
    opening.add(&member(0), one.clone()).unwrap();
    assert!(opening.add(&member(0), other.clone()).is_err());
    opening.add(&member(1), other).unwrap();
    // Lab 2 never saw it, and passes off lab 0's report as its own.
    opening.add(&member(2), one).unwrap();
    let opened = opening.open().unwrap();
    assert_eq!((opened.groups.len(), opened.spoilt), (0, 1));
}

#[test]
fn wrong_shares_and_labels_name_their_members_and_keep_nothing_shut() {
    let mut shared = Shared::new(1, 5, 2);
    let terms = terms(&shared, 2);
    let mut all: Vec<Vec<u8>> = (0..5).map(|who| reports(&mut shared, &terms, who, &addresses(0, 1))).collect();
    all[0][20] ^= 1;
    all[1][100] ^= 1;
    let outputs = shared.outputs(&member(3), &addresses(0, 1), &[0, 1]).unwrap();
    // Lab 3 reports something else under the tag of what it has.
    all[3] = made(&mut shared, &terms, 3, &[(address(77), outputs[0].1.clone())]);
    let opened = open(&terms, &all);
    assert_eq!(opened.groups.len(), 1);
    assert_eq!(opened.groups[0].element, address(0));
    assert_eq!(opened.groups[0].wrong, [member(0), member(1), member(3)]);
    let reported: Vec<&String> = opened.groups[0].reports.iter().map(|(who, _)| who).collect();
    assert_eq!(reported, [&member(2), &member(4)]);
}

#[test]
fn a_few_who_are_always_wrong_are_named_each_time() {
    let mut shared = Shared::new(1, 8, 2);
    let terms = terms(&shared, 4);
    let elements = addresses(0, 40);
    let mut all: Vec<Vec<u8>> = (0..8).map(|who| reports(&mut shared, &terms, who, &elements)).collect();
    let each = terms.report();
    for who in [0, 1, 2, 5] {
        all[who].chunks_mut(each).for_each(|report| report[30] ^= 1);
    }
    let opened = open(&terms, &all);
    assert_eq!((opened.groups.len(), opened.spoilt), (40, 0));
    for group in opened.groups {
        assert_eq!(group.wrong, [member(0), member(1), member(2), member(5)]);
        assert_eq!(group.reports.iter().map(|(who, _)| who.clone()).collect::<Vec<_>>(), [3, 4, 6, 7].map(member));
    }
    // One more, and no four are right.
    all[7].chunks_mut(each).for_each(|report| report[30] ^= 1);
    assert_eq!(open(&terms, &all).spoilt, 40);
}

#[test]
fn fewer_than_k_reports_show_only_that_tags_are_equal() {
    let mut shared = Shared::new(1, 4, 2);
    let terms = terms(&shared, 3);
    let mut all: Vec<Vec<u8>> = (0..2).map(|who| reports(&mut shared, &terms, who, &addresses(0, 30))).collect();
    let opened = open(&terms, &all);
    assert_eq!((opened.groups.len(), opened.shut), (0, 30));
    // The hub, with all reports, holders' shares erased: two shares in place of three make no secret, any way of taking them.
    let each = terms.report();
    let shares: Vec<blahaj::Share> = (0..2)
        .map(|who| {
            let bytes = [&[who as u8 + 1], &all[who][16..48]].concat();
            blahaj::Share::try_from(bytes.as_slice()).unwrap()
        })
        .collect();
    assert!(blahaj::Sharks(3).recover(&shares).is_err());
    assert!(blahaj::Sharks(2).recover(&shares).is_ok(), "and what that makes is on no polynomial of theirs:");
    let lower = PoolTerms { threshold: 2, ..terms.clone() };
    assert_eq!(open(&lower, &all), Opened { groups: vec![], shut: 0, spoilt: 30 }, "a hub that says k is lower");
    // Equal tags, nothing else equal; no element in the plain.
    assert_eq!(all[0][..16], all[1][..16]);
    assert_ne!(all[0][16..48], all[1][16..48]);
    assert_ne!(all[0][48..each], all[1][48..each]);
    for element in addresses(0, 30) {
        assert!(!all.concat().windows(4).any(|window| window == &element.canonical()[1..]));
    }
    // A third report opens all.
    all.push(reports(&mut shared, &terms, 2, &addresses(0, 30)));
    assert_eq!(open(&terms, &all).groups.len(), 30);
}

/// Shares depend on how crates draw bytes: members with different versions would deal on different polynomials.
#[test]
fn shares_are_the_same_in_every_version() {
    let mut shared = Shared::new(1, 4, 2);
    let terms = terms(&shared, 3);
    let report = reports(&mut shared, &terms, 2, &addresses(0, 1));
    insta::assert_snapshot!(hex::encode(&report[..48]));
}
