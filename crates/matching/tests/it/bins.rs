//! Bins: exactly what k members have is found, and below k nothing shows.
//! In: tables of a few members. Out: nothing.
//! Invariant: compared with counting in the plain.
//! Not here: evaluating: outputs are drawn, one for each element.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use stillwatch_matching::bins::{BinTerms, Bins, Owners, make, open};
use stillwatch_matching::oprf::Output;
use stillwatch_matching::{Error, padded};

use crate::rng::rng;
use crate::shared::{Shared, member};

/// 2^61 - 1.
const PRIME: u64 = (1 << 61) - 1;

fn terms(members: usize, threshold: u8, pairs: u8, size: u64) -> BinTerms {
    BinTerms { epoch: Shared::new(1, members, 2).key, threshold, pairs, size: padded(size) }
}

/// The output of element `number`: the same for whoever has it.
fn output(number: u64) -> Output {
    let mut bytes = [0; 64];
    rng(1_000_000 + number).fill_bytes(&mut bytes);
    Output::new(bytes)
}

fn tables(terms: &BinTerms, who: usize, elements: impl IntoIterator<Item = u64>) -> Bins {
    let outputs: Vec<Output> = elements.into_iter().map(output).collect();
    make(terms, &member(who), &outputs, &mut rng(50 + who as u64)).unwrap()
}

/// What each member learns, as elements.
fn learnt(terms: &BinTerms, sets: &[Vec<u64>]) -> Vec<BTreeSet<u64>> {
    let made: Vec<Bins> = sets.iter().enumerate().map(|(who, set)| tables(terms, who, set.iter().copied())).collect();
    let names: Vec<String> = (0..sets.len()).map(member).collect();
    let given: Vec<(&str, &[u8])> = names.iter().zip(&made).map(|(name, bins)| (name.as_str(), bins.bytes())).collect();
    let opened = open(terms, &given).unwrap();
    let of = |who: usize| made[who].mine(&opened.bins[&names[who]]).unwrap();
    (0..sets.len()).map(|who| of(who).into_iter().map(|at| sets[who][at as usize]).collect()).collect()
}

/// The same, by counting.
fn counted(threshold: u8, sets: &[Vec<u64>]) -> Vec<BTreeSet<u64>> {
    let mut have: BTreeMap<u64, usize> = BTreeMap::new();
    sets.iter().flatten().for_each(|element| *have.entry(*element).or_default() += 1);
    let over = |element: &u64| have[element] >= usize::from(threshold);
    sets.iter().map(|set| set.iter().copied().filter(over).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn exactly_what_k_members_have_is_found(
        sets in proptest::collection::vec(proptest::collection::btree_set(0u64..40, 1..30), 6),
        threshold in 2u8..=6,
    ) {
        let sets: Vec<Vec<u64>> = sets.into_iter().map(|set| set.into_iter().collect()).collect();
        prop_assert_eq!(learnt(&terms(6, threshold, BinTerms::PAIRS, 64), &sets), counted(threshold, &sets));
    }
}

#[test]
fn full_sets_are_found_whole() {
    // 2000 each of 5 members: 300 that three have, 200 that two have, the rest of each alone.
    let sets: Vec<Vec<u64>> = (0..5u64)
        .map(|who| {
            let three = (0..300).filter(|n| (n + who) % 5 < 3);
            let two = (1_000..1_200).filter(|n| (n + who) % 5 < 2);
            let own = 10_000 * (who + 1)..;
            three.chain(two).chain(own).take(1_984).collect()
        })
        .collect();
    let terms = terms(5, 3, BinTerms::PAIRS, 1_984);
    assert_eq!(terms.bytes(), 20 * 3 * 1_984 * 8);
    assert_eq!(learnt(&terms, &sets), counted(3, &sets));
}

#[test]
fn a_pair_of_tables_misses_as_often_as_the_paper_says() {
    // 1024 elements of each member, 64 of which all three have: one pair misses 0.0614 of them, two 0.0038.
    let missed = |pairs: u8, trial: u64| {
        let set = |who: u64| {
            let own = 1_000_000 * (1 + who) + 10_000 * trial..;
            (1_000 * trial..1_000 * trial + 64).chain(own).take(1_024).collect()
        };
        64 - learnt(&terms(3, 3, pairs, 1_024), &[set(0), set(1), set(2)])[0].len()
    };
    let of = |pairs: u8| (0..20).map(|trial| missed(pairs, trial)).sum::<usize>() as f64 / (20.0 * 64.0);
    let (one, two) = (of(1), of(2));
    assert!((0.041..0.082).contains(&one), "{one}");
    assert!(two < 0.010 && two < one / 4.0, "{two}");
}

#[test]
fn every_member_puts_an_element_into_the_same_bins() {
    let terms = terms(4, 3, BinTerms::PAIRS, 64);
    let made: Vec<Bins> = (0..4).map(|who| tables(&terms, who, [7])).collect();
    let names: Vec<String> = (0..4).map(member).collect();
    let given: Vec<(&str, &[u8])> = names.iter().zip(&made).map(|(n, b)| (n.as_str(), b.bytes())).collect();
    let opened = open(&terms, &given).unwrap().bins;
    // Alone in its tables, it is there by both insertions, in each of them, with everyone.
    assert!((39..=40).contains(&opened[&member(0)].len()));
    assert!(opened.values().all(|bins| *bins == opened[&member(0)]));
    // Another process makes the same, but for the filling; under other terms, everything differs.
    let again = make(&terms, &member(0), &[output(7)], &mut rng(99)).unwrap();
    assert_eq!(again.mine(&opened[&member(0)]), Ok(vec![0]));
    assert_ne!(again.bytes(), made[0].bytes());
    // What is in them is kept without outputs, and read again under the same terms only.
    let kept = again.owners().to_bytes();
    assert_eq!(Owners::from_bytes(&terms, &kept).unwrap().mine(&opened[&member(0)]), Ok(vec![0]));
    for kept in [&kept[4..], &kept[1..], &[]] {
        assert!(Owners::from_bytes(&terms, kept).is_err());
    }
    let numbers = |bins: &Bins| bins.bytes().as_chunks::<8>().0.to_vec();
    let same = numbers(&again).iter().zip(numbers(&made[0])).filter(|(a, b)| **a == *b).count();
    assert_eq!(same, opened[&member(0)].len());
    let other = BinTerms { threshold: 2, ..terms.clone() };
    let others = numbers(&tables(&other, 0, [7]));
    assert!(opened[&member(0)].iter().all(|bin| !others.contains(&numbers(&again)[*bin as usize])));
}

#[test]
fn below_the_threshold_tables_hold_uniform_numbers() {
    // Two of three members have the same set, where three would open it: each number, each difference of two members' numbers in
    // one bin, and each of two bins of one member, are uniform: 64 classes, chi-squared of 63 degrees below 120 (p = 1e-5).
    let terms = terms(3, 3, BinTerms::PAIRS, 512);
    let made: Vec<Bins> = (0..2).map(|who| tables(&terms, who, 0..512)).collect();
    let numbers = |bins: &Bins| -> Vec<u64> {
        bins.bytes().as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number)).collect()
    };
    let (a, b) = (numbers(&made[0]), numbers(&made[1]));
    let chi = |numbers: &[u64]| {
        let mut classes = [0f64; 64];
        numbers.iter().for_each(|number| classes[(number >> 55) as usize] += 1.0);
        let expected = numbers.len() as f64 / 64.0;
        classes.iter().map(|class| (class - expected).powi(2) / expected).sum::<f64>()
    };
    let differences: Vec<u64> = a.iter().zip(&b).map(|(a, b)| (a + PRIME - b) % PRIME).collect();
    let neighbours: Vec<u64> = a.windows(2).map(|two| (two[0] + PRIME - two[1]) % PRIME).collect();
    // Of elements at places 1 and 2, g(1) and g(2): were g of one coefficient less, g(2) - 2 g(1) or so would show.
    let doubled: Vec<u64> = a.iter().zip(&b).map(|(a, b)| (2 * PRIME + b - 2 * a % PRIME) % PRIME).collect();
    for numbers in [&a, &b, &differences, &neighbours, &doubled] {
        assert!(chi(numbers) < 120.0, "{}", chi(numbers));
    }
    let all: BTreeSet<u64> = a.iter().chain(&b).copied().collect();
    assert_eq!(all.len(), a.len() + b.len(), "no number is there twice");
    let names = [member(0), member(1)];
    let given: Vec<(&str, &[u8])> = names.iter().zip(&made).map(|(n, b)| (n.as_str(), b.bytes())).collect();
    assert!(open(&terms, &given).unwrap().bins.values().all(Vec::is_empty));
}

#[test]
fn wrong_tables_name_nobody_falsely_and_keep_nothing_shut() {
    let terms = terms(5, 3, BinTerms::PAIRS, 64);
    let elements = [1, 2, 3];
    let right: Vec<Bins> = (0..3).map(|who| tables(&terms, who, elements)).collect();
    // One gives random numbers, one another's table as its own.
    let random: Vec<u8> = (0..terms.bytes() / 8).flat_map(|_| (rng_number()).to_le_bytes()).collect();
    let names: Vec<String> = (0..5).map(member).collect();
    let bytes = [right[0].bytes(), right[1].bytes(), right[2].bytes(), &random, right[0].bytes()];
    let given: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(bytes).collect();
    let opened = open(&terms, &given).unwrap().bins;
    for who in 0..3 {
        assert_eq!(right[who].mine(&opened[&member(who)]), Ok(vec![0, 1, 2]));
    }
    assert!(opened[&member(3)].is_empty() && opened[&member(4)].is_empty());
    // With two right ones, those make nothing of it.
    let opened = open(&terms, &given[1..]).unwrap().bins;
    assert!(opened.values().all(Vec::is_empty));
}

fn rng_number() -> u64 {
    use std::sync::{Mutex, OnceLock};
    static RNG: OnceLock<Mutex<ChaCha20Rng>> = OnceLock::new();
    RNG.get_or_init(|| Mutex::new(rng(77))).lock().unwrap().next_u64() % PRIME
}

#[test]
fn a_hub_that_names_bins_of_nothing_is_found_out() {
    let terms = terms(3, 2, 1, 64);
    let bins = tables(&terms, 0, [1]);
    let all = u64::from(terms.tables()) * terms.bins() as u64;
    let refused = (0..all).filter(|bin| bins.mine(&[*bin]).is_err()).count() as u64;
    assert!(refused >= all - 4);
    assert!(bins.mine(&[all]).is_err() && bins.mine(&[u64::MAX]).is_err());
    assert_eq!(bins.mine(&[]), Ok(vec![]));
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let terms = terms(3, 2, 1, 64);
    let (a, b) = (tables(&terms, 0, [1]), tables(&terms, 1, [1]));
    let refused = |given: &[(&str, &[u8])]| match open(&terms, given) {
        Err(Error::Given { member, .. }) => member,
        other => format!("{other:?}"),
    };
    let (one, two) = (member(0), member(1));
    let right = a.bytes();
    assert_eq!(refused(&[(&one, right), (&two, &b.bytes()[1..])]), two);
    assert_eq!(refused(&[(&one, right), (&two, &b.bytes()[..terms.bytes() - 8])]), two);
    assert_eq!(refused(&[(&one, right), (&two, &[b.bytes(), &[0; 8]].concat())]), two);
    assert_eq!(refused(&[(&one, right), (&two, &[])]), two);
    assert_eq!(refused(&[(&one, right), (&one, right)]), one);
    assert_eq!(refused(&[("stranger.example", right)]), "stranger.example");
    for number in [PRIME, PRIME + 1, u64::MAX] {
        let mut bytes = right.to_vec();
        bytes[terms.bytes() - 8..].copy_from_slice(&number.to_le_bytes());
        assert_eq!(refused(&[(&one, &bytes), (&two, b.bytes())]), one);
    }
    assert!(open(&terms, &[]).is_ok_and(|opened| opened.bins.is_empty()));
    assert!(open(&terms, &[(&one, right)]).is_ok_and(|opened| opened.bins[&one].is_empty()));
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let right = terms(20, 3, 10, 64);
    assert!(right.digest().is_ok());
    let with = |change: fn(&mut BinTerms)| {
        let mut terms = right.clone();
        change(&mut terms);
        assert!(terms.bytes() > 0 || terms.pairs == 0);
        assert!(make(&terms, &member(0), &[], &mut rng(1)).is_err() && open(&terms, &[]).is_err());
    };
    with(|terms| terms.threshold = 1);
    with(|terms| terms.threshold = 21);
    with(|terms| terms.pairs = 0);
    with(|terms| terms.pairs = 21);
    with(|terms| terms.size = 65);
    with(|terms| terms.size = u64::MAX);
    with(|terms| terms.size = 1 << 23);
    // C(20, 10) = 184 756 choices.
    with(|terms| (terms.threshold, terms.size) = (10, 1 << 20));
    let outputs: Vec<Output> = (0..65).map(output).collect();
    assert!(make(&right, &member(0), &outputs, &mut rng(1)).is_err());
    assert!(make(&right, "stranger.example", &outputs[..2], &mut rng(1)).is_err());
}
