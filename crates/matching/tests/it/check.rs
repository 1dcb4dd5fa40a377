//! Check: hits are hits, and a published pool gives nothing away.
//! In: contributions of a few members. Out: nothing.
//! Invariant: no element of a contribution is missed.
//! Not here: evaluating.

use stillwatch_matching::Error;
use stillwatch_matching::check::{Contribution, Filter, Table};
use stillwatch_matching::oprf::{Key, Output};
use xorf::Filter as _;

use crate::rng::rng;
use crate::shared::{Shared, member};
use crate::two::addresses;

fn contribution(shared: &mut Shared, who: usize, first: u32, count: u32) -> Contribution {
    let outputs = shared.outputs(&member(who), &addresses(first, count), &[0, 1]).unwrap();
    let label = format!("of lab {who}").into_bytes();
    let items: Vec<(&Output, &[u8])> = outputs.iter().map(|(_, output)| (output, label.as_slice())).collect();
    Contribution::new(&shared.key, &items, 16, &mut shared.rng).unwrap()
}

#[test]
fn what_is_in_the_pool_is_found_with_what_was_attached() {
    let mut shared = Shared::new(1, 3, 2);
    let contributions = [contribution(&mut shared, 0, 0, 100), contribution(&mut shared, 1, 90, 100)];
    let again: Vec<Contribution> =
        contributions.iter().map(|one| Contribution::from_bytes(one.to_bytes(), 16).unwrap()).collect();
    let (table, filter) = Table::merge(&shared.key, &again).unwrap();
    let table = Table::from_bytes(&shared.key, 16, table.to_bytes()).unwrap();
    let filter = Filter::from_bytes(&shared.key, &filter.to_bytes()).unwrap();
    let outputs = shared.outputs(&member(2), &addresses(0, 1000), &[0, 1]).unwrap();
    let mut false_hits = 0;
    for (number, (_, output)) in outputs.iter().enumerate() {
        let found = table.find(output).unwrap();
        let labels: Vec<Vec<u8>> = found.iter().flat_map(|found| found.labels.clone()).collect();
        assert_eq!(labels.contains(&b"of lab 0".to_vec()), number < 100);
        assert_eq!(labels.contains(&b"of lab 1".to_vec()), (90..190).contains(&number));
        assert!(found.is_none_or(|found| found.spoilt == 0));
        if number < 190 {
            assert!(filter.may_have(output).unwrap());
        } else {
            false_hits += usize::from(filter.may_have(output).unwrap());
        }
    }
    assert!(false_hits < 20, "{false_hits} of 810, expected 3");
    // Padding is in both: 208 records, of which 10 tags are twice.
    assert_eq!((table.tags(), filter.count()), (198, 198));
}

#[test]
fn another_epochs_outputs_find_nothing() {
    let mut shared = Shared::new(1, 3, 2);
    let mut other = Shared::new(2, 3, 2);
    let contribution = contribution(&mut shared, 0, 0, 100);
    let (table, filter) = Table::merge(&shared.key, &[contribution]).unwrap();
    let outputs = other.outputs(&member(2), &addresses(0, 100), &[0, 1]).unwrap();
    assert!(outputs.iter().all(|(_, output)| table.find(output).unwrap().is_none()));
    assert!(matches!(Filter::from_bytes(&other.key, &filter.to_bytes()), Err(Error::Stored { .. })));
}

#[test]
fn a_hub_that_alters_what_it_publishes_or_takes() {
    let mut shared = Shared::new(1, 3, 2);
    let one = contribution(&mut shared, 0, 0, 100);
    let (table, filter) = Table::merge(&shared.key, std::slice::from_ref(&one)).unwrap();
    // A filter with any byte changed, cut, longer: refused, never a panic.
    let bytes = filter.to_bytes();
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut altered = bytes.clone();
            altered[at] ^= bit;
            // The seed's eight bytes are the only ones that can be anything: they say where to look, not how far.
            if !(44..52).contains(&at) {
                assert!(Filter::from_bytes(&shared.key, &altered).is_err() || at < 44, "byte {at}");
            }
            if let Ok(filter) = Filter::from_bytes(&shared.key, &altered) {
                let tags = (0..1000u64).map(|tag| tag.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                assert!(tags.filter(|tag| filter.has_tag(*tag)).count() < 100);
            }
        }
    }
    for cut in 0..bytes.len() {
        assert!(Filter::from_bytes(&shared.key, &bytes[..cut]).is_err());
    }
    assert!(Filter::from_bytes(&shared.key, &[bytes.as_slice(), &[0]].concat()).is_err());
    // A table with a label altered: the hit stays, and says that it is spoilt.
    let each = 16 + 24 + 18 + 16;
    let outputs = shared.outputs(&member(2), &addresses(0, 1), &[0, 1]).unwrap();
    let mut altered = table.to_bytes().to_vec();
    altered.chunks_mut(each).for_each(|record| record[60] ^= 1);
    let altered = Table::from_bytes(&shared.key, 16, &altered).unwrap();
    let found = altered.find(&outputs[0].1).unwrap().unwrap();
    assert_eq!((found.labels.len(), found.spoilt), (0, 1));
    assert!(Table::from_bytes(&shared.key, 16, &table.to_bytes()[1..]).is_err());
    assert!(
        Table::from_bytes(&shared.key, 16, &[&table.to_bytes()[each..], &table.to_bytes()[..each]].concat()).is_err()
    );
    // What a member gave is left out, of either.
    let both = [one.clone(), contribution(&mut shared, 1, 500, 100)];
    let (whole, of_both) = Table::merge(&shared.key, &both).unwrap();
    both.iter().for_each(|own| whole.holds(&of_both, own).unwrap());
    assert!(matches!(table.holds(&of_both, &both[1]), Err(Error::Stored { what: "table", .. })));
    assert!(matches!(whole.holds(&filter, &both[1]), Err(Error::Stored { what: "filter", .. })));
    // A contribution doubled, shuffled, of a size that padding never gives.
    let bytes = one.to_bytes();
    assert!(Contribution::from_bytes(&[bytes, bytes].concat(), 16).is_err());
    assert!(Contribution::from_bytes(&bytes[each..], 16).is_err());
    assert!(Contribution::from_bytes(&[], 16).is_err());
    assert!(Contribution::from_bytes(&bytes[1..], 16).is_err());
}

#[test]
fn a_published_pool_cannot_be_tested_without_a_quorum() {
    let mut shared = Shared::new(1, 4, 3);
    let elements = addresses(0, 100);
    let outputs = shared.outputs(&member(0), &elements, &[0, 1, 2]).unwrap();
    let items: Vec<(&Output, &[u8])> = outputs.iter().map(|(_, output)| (output, b"x".as_slice())).collect();
    let contribution = Contribution::new(&shared.key, &items, 16, &mut shared.rng).unwrap();
    let (table, _) = Table::merge(&shared.key, &[contribution]).unwrap();
    let hits = |key: &Key| {
        key.evaluate(&elements).unwrap().iter().filter(|output| table.find(output).unwrap().is_some()).count()
    };
    // Every holder alone, and the hub with one member's share in every way that they might be put together by hand.
    use curve25519_dalek::Scalar;
    let scalars: Vec<Scalar> =
        shared.secrets.iter().map(|s| Option::from(Scalar::from_canonical_bytes(*s)).unwrap()).collect();
    let hub = scalars[4];
    for share in &scalars[..4] {
        for guess in [*share, hub, hub + share, hub - share] {
            assert_eq!(hits(&Key::from_bytes(&guess.to_bytes()).unwrap()), 0);
        }
    }
    // Two of three needed, with the hub.
    let (one, two) = (Scalar::from(2u8), -Scalar::ONE);
    assert_eq!(hits(&Key::from_bytes(&(hub + scalars[0] * one + scalars[1] * two).to_bytes()).unwrap()), 0);
    // Three members without the hub, then with it: the test sees what it looks for.
    let members = scalars[0] * Scalar::from(3u8) - scalars[1] * Scalar::from(3u8) + scalars[2];
    assert_eq!(hits(&Key::from_bytes(&members.to_bytes()).unwrap()), 0);
    assert_eq!(hits(&Key::from_bytes(&(hub + members).to_bytes()).unwrap()), 100);
}

/// The crate's own decoding goes where a header says. If this fails after an update, it has learnt to look first.
#[test]
fn trap_the_filter_crate_panics_on_a_tampered_header() {
    let mut r = rng(1);
    let keys: Vec<u64> = (0..1000).map(|_| rand_core::Rng::next_u64(&mut r)).collect();
    let mut filter = xorf::BinaryFuse8::try_from(&keys).unwrap();
    filter.descriptor.segment_count_length = u32::MAX / 2;
    let panics = std::panic::catch_unwind(|| keys.iter().any(|key| filter.contains(key)));
    assert!(panics.is_err());
}

/// Two elements alike make the crate give up (in debug builds it panics): tags are deduplicated first.
#[test]
fn trap_the_filter_crate_refuses_duplicates() {
    let mut shared = Shared::new(1, 3, 2);
    let both = [contribution(&mut shared, 0, 0, 100), contribution(&mut shared, 1, 0, 100)];
    assert_eq!(Table::merge(&shared.key, &both).unwrap().1.count(), 108);
}
