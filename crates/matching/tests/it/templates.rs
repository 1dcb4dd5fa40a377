//! Templates: miss and false-match rates of bands, measured.
//! In: pairs of token sets of known similarity. Out: a table, kept as a snapshot (`docs/matching.md` repeats it).
//! Invariant: MinHash as the sketches estimate it: two sets of Jaccard similarity s agree in a slot with probability s.
//! Not here: the fingerprints of `detect`, which vary less than these do.

use std::fmt::Write;

use rand_core::Rng;
use sha2::{Digest, Sha256};
use stillwatch_matching::templates::{SLOTS, bands, likeness, sketch};

use crate::rng::rng;

fn mixed(token: u64, slot: u64) -> u64 {
    // Finaliser of SplitMix64: enough to draw minima from.
    let mut x = token ^ slot.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn slots(tokens: &[u64]) -> [u32; SLOTS] {
    std::array::from_fn(|slot| tokens.iter().map(|token| mixed(*token, slot as u64 + 1)).min().unwrap() as u32)
}

/// Two sets of 200 tokens, of which so many are common.
fn pair(r: &mut impl Rng, similarity: f64) -> ([u32; SLOTS], [u32; SLOTS]) {
    let common = (400.0 * similarity / (1.0 + similarity)).round() as usize;
    let all: Vec<u64> = (0..400 - common).map(|_| r.next_u64()).collect();
    (slots(&all[..200]), slots(&all[200 - common..]))
}

#[test]
fn how_often_bands_match() {
    let mut r = rng(5);
    let mut table = String::from("similarity  matched  expected  bands  likeness\n");
    for similarity in [1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.1, 0.0] {
        let (mut matched, mut equal, mut like) = (0, 0, 0.0);
        let pairs = 400;
        for _ in 0..pairs {
            let (one, other) = pair(&mut r, similarity);
            let (ones, others) = (bands(&one).unwrap(), bands(&other).unwrap());
            let same = ones.iter().filter(|band| others.contains(band)).count();
            matched += usize::from(same > 0);
            equal += same;
            like += likeness(&sketch(&one), &sketch(&other));
        }
        let rate = f64::from(matched as u32) / f64::from(pairs);
        let expected = 1.0 - (1.0 - f64::powi(similarity, 4)).powi(32);
        assert!((rate - expected).abs() < 0.1, "{similarity}: {rate}, expected {expected}");
        assert!((like / f64::from(pairs) - similarity).abs() < 0.02);
        let mean = equal as f64 / f64::from(pairs);
        writeln!(table, "{similarity:<11} {rate:<8.3} {expected:<9.3} {mean:<6.2} {:.2}", like / f64::from(pairs))
            .unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn bands_are_of_their_place() {
    // The same four slots in two places are two elements; sketches without a word have none.
    let all = bands(&[7; SLOTS]).unwrap();
    assert_eq!(all.len(), 32);
    assert!((0..32).all(|band| (0..band).all(|other| all[band] != all[other])));
    assert!(bands(&[0; SLOTS]).is_err());
    let digest = Sha256::new().chain_update(b"stillwatch band 1").chain_update([7, 0, 0, 0].repeat(4)).finalize();
    assert_eq!(all[3].canonical(), [&[3], &digest[..16]].concat());
}
