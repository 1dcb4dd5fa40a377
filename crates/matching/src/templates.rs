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
