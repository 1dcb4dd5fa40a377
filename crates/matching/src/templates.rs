//! Templates: whether two labs saw the same family of prompts, without showing a prompt.
//! In: fingerprints of prompts, 128 slots each. Out: bands to match as elements; a short sketch to attach, and the likeness of two.
//! Invariant: two prompts whose shingles have Jaccard similarity s share a band with probability 1 - (1 - s^4)^32, and nothing
//! but the number of equal bands shows.
//! Not here: making fingerprints (`detect`), which anchors make a template.
//!
//! Locality-sensitive hashing of MinHash in bands (Broder 1997; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets",
//! 3.4); the attached sketch keeps one byte a slot (Li and König, "b-Bit Minwise Hashing", WWW 2010).

use sha2::{Digest, Sha256};

use crate::element::{Element, Namespace};
use crate::error::{Error, Result};

/// Slots of a fingerprint.
pub const SLOTS: usize = 128;

/// Bands of a fingerprint, of four slots each: with eight, a fifth of campaigns went unseen (`docs/matching.md`).
pub const BANDS: usize = 32;

const ROWS: usize = SLOTS / BANDS;

/// A fingerprint's bands, as elements of [`Namespace::Template`]. A template is as many elements as it has bands.
///
/// # Errors
/// If all slots are zero: the text had no token.
pub fn bands(slots: &[u32; SLOTS]) -> Result<Vec<Element>> {
    if slots.iter().all(|slot| *slot == 0) {
        return Err(Error::Value {
            namespace: Namespace::Template.name(),
            why: "the text of this sketch had no words",
        });
    }
    slots
        .chunks_exact(ROWS)
        .enumerate()
        .map(|(band, rows)| {
            let mut digest = Sha256::new().chain_update(b"stillwatch band 1");
            rows.iter().for_each(|slot| digest.update(slot.to_le_bytes()));
            let mut canonical = vec![band as u8];
            canonical.extend_from_slice(&digest.finalize()[..16]);
            Element::new(Namespace::Template, &canonical)
        })
        .collect()
}

/// What is attached to a template's bands, where policy lets it: it opens for bands that match, and only then.
#[must_use]
pub fn sketch(slots: &[u32; SLOTS]) -> [u8; SLOTS] {
    slots.map(|slot| (slot & 0xff) as u8)
}

/// Estimated similarity of the texts of two sketches, 0 to 1: equal bytes, less those equal by chance.
#[must_use]
pub fn likeness(one: &[u8; SLOTS], other: &[u8; SLOTS]) -> f64 {
    let equal = one.iter().zip(other).filter(|(a, b)| a == b).count() as f64 / SLOTS as f64;
    let by_chance = 1.0 / 256.0;
    ((equal - by_chance) / (1.0 - by_chance)).max(0.0)
}

/// Slots of a text sketch (`stillwatch-anchors-1`): 16 of the body, 4 of the system prompt, the first tokens, the last.
pub const ANCHORS: usize = 22;

/// A text sketch's bands, as elements of [`Namespace::Template`]: two neighbouring slots each, where both are fixed. Texts of one
/// family whose fixed slots agree to a share a have a band in common with probability 1 - (1 - a^2)^11 where all slots are fixed.
///
/// # Errors
/// If fewer than two neighbouring slots are fixed: nothing of the text says which it is.
pub fn anchors(slots: &[u32; ANCHORS]) -> Result<Vec<Element>> {
    let mut all = Vec::new();
    for (band, pair) in slots.chunks_exact(2).enumerate() {
        if pair.contains(&0) {
            continue;
        }
        let mut digest = Sha256::new().chain_update(b"stillwatch anchors 1");
        pair.iter().for_each(|slot| digest.update(slot.to_le_bytes()));
        // Beyond the bands of fingerprints: a band of one is never one of the other.
        let mut canonical = vec![128 + band as u8];
        canonical.extend_from_slice(&digest.finalize()[..16]);
        all.push(Element::new(Namespace::Template, &canonical)?);
    }
    if all.is_empty() {
        return Err(Error::Value {
            namespace: Namespace::Template.name(),
            why: "no two neighbouring slots of this sketch are fixed",
        });
    }
    Ok(all)
}

/// What is attached to a text sketch's bands, where policy lets it: two bytes a slot, zero where it is free.
#[must_use]
pub fn anchor_sketch(slots: &[u32; ANCHORS]) -> [u8; 2 * ANCHORS] {
    let mut sketch = [0; 2 * ANCHORS];
    for (bytes, slot) in sketch.chunks_exact_mut(2).zip(slots) {
        // A fixed slot never reads as a free one.
        let short = if *slot == 0 { 0 } else { (slot & 0xffff).max(1) as u16 };
        bytes.copy_from_slice(&short.to_le_bytes());
    }
    sketch
}

/// How alike two text sketches are, 0 to 1: of the slots that both have fixed, the share that are equal; 0 where none is.
#[must_use]
pub fn anchor_likeness(one: &[u8; 2 * ANCHORS], other: &[u8; 2 * ANCHORS]) -> f64 {
    let pairs = one.chunks_exact(2).zip(other.chunks_exact(2)).filter(|(a, b)| *a != [0, 0] && *b != [0, 0]);
    let (both, equal) = pairs.fold((0u32, 0u32), |(both, equal), (a, b)| (both + 1, equal + u32::from(a == b)));
    if both == 0 { 0.0 } else { f64::from(equal) / f64::from(both) }
}
