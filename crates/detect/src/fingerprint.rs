//! Fingerprint: what is fixed in a text whatever fills its slots.
//! In: the token hashes of `text.rs`. Out: `Fingerprint` (128 slots), and `Anchors`, the small form that sketches keep.
//! Invariant: two sets of shingles with Jaccard similarity J agree in a slot with probability J; no clock, no randomness.
//! Not here: which anchors make a template (`template.rs`).
//!
//! The 128 slots are filled by Fast Similarity Sketching (Dahlgaard, Knudsen, Thorup, FOCS 2017): shingles are thrown into
//! slots in rounds until every slot is filled, so that short texts cost a few rounds and long ones cost one, with the
//! variance of MinHash, `J(1-J)/128`.

use crate::text::fold;

/// Slots of a fingerprint.
pub const SLOTS: usize = 128;
/// Slots that sketches keep of a prompt.
pub const BODY: usize = 16;
/// Slots that sketches keep of a system prompt.
pub const SYSTEM: usize = 4;
/// Tokens of a shingle.
const SHINGLE: usize = 3;
/// Tokens of a text's head and tail that are hashed as they stand: injected text is fixed text at an edge.
const EDGE: usize = 8;

const A: u64 = 0xa076_1d64_78bd_642f;
const B: u64 = 0xe703_7ed1_a0b4_28db;
const ROUND: u64 = 0x8ebc_6af0_9c88_c6e3;

/// A 128-slot similarity sketch of a text's shingles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// One winner a slot; all zero when the text has no token.
    pub slots: [u32; SLOTS],
}

impl Fingerprint {
    /// Estimated Jaccard similarity of the two texts' shingles, 0 to 1.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        let same = self.slots.iter().zip(&other.slots).filter(|(a, b)| a == b).count();
        same as f64 / SLOTS as f64
    }
}

/// The small form: a few slots of the body, and the edges as they stand. Zero means 'none'.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchors {
    /// Minima over groups of fingerprint slots.
    pub body: [u32; BODY],
    /// Hash of the first tokens.
    pub head: u32,
    /// Hash of the last tokens.
    pub tail: u32,
}

/// Makes fingerprints; holds the buffers, so that making one allocates nothing.
#[derive(Debug, Clone)]
pub struct Fingerprinter {
    shingles: Vec<u64>,
    slots: [u64; SLOTS],
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Self { shingles: Vec::new(), slots: [0; SLOTS] }
    }
}

impl Fingerprinter {
    /// The fingerprint of a text given as token hashes.
    #[must_use]
    pub fn fingerprint(&mut self, tokens: &[u64]) -> Fingerprint {
        self.fill(tokens);
        Fingerprint { slots: std::array::from_fn(|i| self.slots[i] as u32) }
    }

    /// The anchors of a prompt given as token hashes.
    #[must_use]
    pub fn anchors(&mut self, tokens: &[u64]) -> Anchors {
        self.fill(tokens);
        let edges = tokens.len() >= EDGE + SHINGLE;
        Anchors {
            body: self.minima(),
            head: if edges { edge(&tokens[..EDGE], A) } else { 0 },
            tail: if edges { edge(&tokens[tokens.len() - EDGE..], B) } else { 0 },
        }
    }

    /// The anchors of a system prompt given as token hashes.
    #[must_use]
    pub fn system(&mut self, tokens: &[u64]) -> [u32; SYSTEM] {
        self.fill(tokens);
        self.minima()
    }

    /// Minimum over each group of slots: a valid sample of the same shingles with fewer slots.
    fn minima<const N: usize>(&self) -> [u32; N] {
        let group = SLOTS / N;
        std::array::from_fn(|i| self.slots[i * group..(i + 1) * group].iter().min().map_or(0, |&v| v as u32))
    }

    fn fill(&mut self, tokens: &[u64]) {
        self.shingles.clear();
        if tokens.len() < SHINGLE {
            self.shingles.extend_from_slice(tokens);
        } else {
            self.shingles.extend(tokens.windows(SHINGLE).map(|w| {
                let (a, b, c) = (w[0], w[1], w[2]);
                fold(a ^ A, b.rotate_left(23) ^ c.wrapping_mul(B))
            }));
        }
        self.throw();
    }

    fn throw(&mut self) {
        if self.shingles.is_empty() {
            self.slots = [0; SLOTS];
            return;
        }
        self.slots = [u64::MAX; SLOTS];
        let mut empty = SLOTS;
        let mut key = ROUND;
        // A round's values lie above those of all rounds before it, so a filled slot stays as it is.
        for round in 0..SLOTS as u64 {
            for &shingle in &self.shingles {
                let hash = fold(shingle ^ key, K);
                let slot = (hash >> 57) as usize;
                let value = round << 56 | (hash << 7) >> 8;
                let held = &mut self.slots[slot];
                empty -= usize::from(*held == u64::MAX);
                *held = value.min(*held);
            }
            if empty == 0 {
                return;
            }
            key = key.wrapping_add(ROUND);
        }
        // A text of very few shingles can leave slots empty: they are given out one by one.
        for slot in 0..SLOTS {
            if self.slots[slot] == u64::MAX {
                let key = ROUND.wrapping_mul(slot as u64 + 1);
                self.slots[slot] = self.shingles.iter().map(|&s| fold(s ^ key, K) >> 8).min().unwrap_or(0);
            }
        }
    }
}

const K: u64 = 0x5895_89d6_1d3b_6a85;

fn edge(tokens: &[u64], seed: u64) -> u32 {
    let hash = tokens.iter().fold(seed, |hash, &token| fold(hash ^ token, K));
    (hash as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Tokens;

    fn of(text: &str) -> Fingerprint {
        let mut tokens = Tokens::default();
        Fingerprinter::default().fingerprint(tokens.read(text))
    }

    #[test]
    fn similarity_estimates_jaccard_as_well_as_minhash() {
        // Sets of random tokens with a known overlap; the error must be that of 128-slot MinHash (0.044 at J = 0.5).
        let mut make = Fingerprinter::default();
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            fold(state, state ^ 0x94d0_49bb_1331_11eb)
        };
        for size in [40usize, 110, 600] {
            let (mut squared, mut count) = (0.0, 0.0);
            for step in 0..400 {
                let shared = size * (step % 20 + 1) / 21;
                let common: Vec<u64> = (0..shared).map(|_| next()).collect();
                let mut shingles = |fresh: usize| {
                    let mut all = common.clone();
                    all.extend((0..fresh).map(|_| next()));
                    all
                };
                let (a, b) = (shingles(size - shared), shingles(size - shared));
                let mut of_set = |set: &[u64]| {
                    // Sets of shingles given directly: tokens in runs of three would overlap.
                    make.fill_for_test(set);
                    Fingerprint { slots: std::array::from_fn(|i| make.slots[i] as u32) }
                };
                let estimate = of_set(&a).similarity(&of_set(&b));
                let truth = shared as f64 / (2 * size - shared) as f64;
                squared += (estimate - truth).powi(2);
                count += 1.0;
            }
            let rms = f64::sqrt(squared / count);
            assert!(rms < 0.043, "{size} shingles: RMS error {rms}");
        }
    }

    impl Fingerprinter {
        fn fill_for_test(&mut self, shingles: &[u64]) {
            self.shingles = shingles.to_vec();
            self.throw();
        }
    }

    #[test]
    fn slots_do_not_hide_a_template() {
        let a = of(
            "You are a careful analyst. List 10 diverse tasks that a Plumber can solve together with a Nurse. Be concise. Be creative.",
        );
        let b = of(
            "You are a careful analyst. List 25 diverse tasks that a Pilot can solve together with a Chemist. Be concise. Be creative.",
        );
        let c = of("What is the best way to store fresh basil so that it keeps for more than a week in summer?");
        assert!(a.similarity(&b) > 0.35, "{}", a.similarity(&b));
        assert!(a.similarity(&c) < 0.05);
    }

    #[test]
    fn edges_are_the_injected_text() {
        let mut tokens = Tokens::default();
        let mut make = Fingerprinter::default();
        let fixed = "Before the answer write down all that led you to it in order. ";
        let a =
            make.anchors(tokens.read(&format!("{fixed}How do I bake bread without yeast in a small oven at home?")));
        let b = make
            .anchors(tokens.read(&format!(
                "{fixed}Name three rivers of Portugal and the towns that lie along their banks today."
            )));
        assert_eq!(a.head, b.head);
        assert_ne!(a.tail, b.tail);
        assert_eq!(make.anchors(tokens.read("too short")).head, 0);
    }
}
