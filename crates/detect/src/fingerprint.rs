//! Fingerprint: what is fixed in a text whatever fills its slots.
//! In: the token hashes of `text.rs`. Out: `Fingerprint` (128 slots), and `Anchors`, the few slots that sketches keep.
//! Invariant: two sets of shingles with Jaccard similarity J agree in a slot with probability J; no clock, no randomness.
//! Not here: which anchors make a template (`texts.rs`).
//!
//! The 128 slots are filled by throwing shingles into them, three rounds from one hash; the least of the first round that
//! reached a slot wins (Dahlgaard, Knudsen, Thorup: Fast Similarity Sketching, 2017). Instead of going on until the last slot
//! is full, the few empty ones borrow from others (Shrivastava: Optimal Densification, 2017). Which slot is asked next depends
//! on neither set, only on slots being empty: so the estimate has no bias. And because a set is drawn from without putting
//! back, the error is below that of MinHash, `J(1-J)/128`, for texts of any length.

use crate::text::fold;

/// Slots of a fingerprint.
pub const SLOTS: usize = 128;
/// Slots that sketches keep of a prompt.
pub const BODY: usize = 16;
/// Slots that sketches keep of a system prompt.
pub const SYSTEM: usize = 4;
/// Tokens of a shingle.
pub const SHINGLE: usize = 3;
/// Tokens of a text's head and tail that are hashed as they stand: injected text is fixed text at an edge.
pub const EDGE: usize = 8;

const A: u64 = 0xa076_1d64_78bd_642f;
const B: u64 = 0xe703_7ed1_a0b4_28db;
const K: u64 = 0x5895_89d6_1d3b_6a85;
const SLOT: u64 = 0x8ebc_6af0_9c88_c6e3;

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
    /// The least shingle of each sixteenth of all hashes.
    pub body: [u32; BODY],
    /// Hash of the first tokens.
    pub head: u32,
    /// Hash of the last tokens.
    pub tail: u32,
}

/// Makes fingerprints and anchors; one a thread, so that it may keep buffers, of which it needs none now.
#[derive(Debug, Default, Clone)]
pub struct Fingerprinter {}

impl Fingerprinter {
    /// The fingerprint of a text given as token hashes.
    #[must_use]
    pub fn fingerprint(&mut self, tokens: &[u64]) -> Fingerprint {
        let slots = if tokens.len() < SHINGLE { throw(words(tokens)) } else { throw(shingles(tokens)) };
        Fingerprint { slots }
    }

    /// The anchors of a prompt given as token hashes.
    #[must_use]
    pub fn anchors(&mut self, tokens: &[u64]) -> Anchors {
        let edges = tokens.len() >= EDGE + SHINGLE;
        Anchors {
            body: parts(tokens),
            head: if edges { edge(&tokens[..EDGE], A) } else { 0 },
            tail: if edges { edge(&tokens[tokens.len() - EDGE..], B) } else { 0 },
        }
    }

    /// The anchors of a system prompt given as token hashes.
    #[must_use]
    pub fn system(&mut self, tokens: &[u64]) -> [u32; SYSTEM] {
        parts(tokens)
    }
}

/// A place of the small form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Slot of the prompt.
    Body(u8),
    /// Slot of the system prompt.
    System(u8),
    /// The first tokens.
    Head,
    /// The last tokens.
    Tail,
}

/// Shows, for each place of the small form, every value that it has in a text of which a part of this one is the whole: which
/// token that part begins with, the place, the value. So a known prompt is found again within a longer text, though of the
/// longer text itself other shingles win the slots.
pub fn within(tokens: &[u64], mut show: impl FnMut(usize, Place, u32)) {
    let keys: [u64; BODY] = std::array::from_fn(key);
    for (at, shingle) in shingles(tokens).enumerate() {
        show(at, Place::Body((shingle >> (64 - BODY.ilog2())) as u8), (shingle as u32).max(1));
        show(at, Place::System((shingle >> (64 - SYSTEM.ilog2())) as u8), (shingle as u32).max(1));
        // Slots that no shingle of a short text falls into ask all again.
        for (slot, key) in keys.iter().enumerate() {
            let value = (fold(shingle ^ key, K) as u32).max(1);
            show(at, Place::Body(slot as u8), value);
            if slot < SYSTEM {
                show(at, Place::System(slot as u8), value);
            }
        }
    }
    for (at, tokens) in tokens.windows(EDGE).enumerate() {
        show(at, Place::Head, edge(tokens, A));
        show(at, Place::Tail, edge(tokens, B));
    }
}

fn parts<const N: usize>(tokens: &[u64]) -> [u32; N] {
    if tokens.len() < SHINGLE { least(words(tokens)) } else { least(shingles(tokens)) }
}

/// The shingles of a text, each hashed to 64 bits of which all are as good as random.
fn shingles(tokens: &[u64]) -> impl ExactSizeIterator<Item = u64> + Clone {
    tokens.windows(SHINGLE).map(|w| fold(w[0] ^ A, w[1].rotate_left(23) ^ w[2].rotate_left(46)))
}

/// What stands for shingles in a text too short to have any.
fn words(tokens: &[u64]) -> impl ExactSizeIterator<Item = u64> + Clone {
    tokens.iter().map(|&token| fold(token ^ A, B))
}

/// An empty slot: above any value.
const EMPTY: u32 = u32::MAX;
/// Rounds: one hash is good for all, each reads it from another place on.
const ROUNDS: u32 = 3;

/// Fills 128 slots. A throw reads 7 bits for the slot and then 30 for the value, which lies above those of earlier rounds.
fn throw(shingles: impl ExactSizeIterator<Item = u64> + Clone) -> [u32; SLOTS] {
    if shingles.len() == 0 {
        return [0; SLOTS];
    }
    let mut slots = [EMPTY; SLOTS];
    for shingle in shingles.clone() {
        for round in 0..ROUNDS {
            let bits = shingle.rotate_left(round * (64 / ROUNDS));
            let held = &mut slots[(bits >> 57) as usize];
            *held = (*held).min((bits << 7 >> 34) as u32 | round << 30);
        }
    }
    // Few are empty but in short texts. They borrow what another slot has, and if that is empty too, what a third has ...
    for apart in [SLOTS / 2, SLOTS / 4] {
        for both in slots.chunks_exact_mut(2 * apart) {
            let (left, right) = both.split_at_mut(apart);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (if *a == EMPTY { *b } else { *a }, if *b == EMPTY { *a } else { *b });
            }
        }
        if !slots.contains(&EMPTY) {
            return slots;
        }
    }
    // ... or ask all shingles again.
    for (slot, held) in slots.iter_mut().enumerate().filter(|(_, held)| **held == EMPTY) {
        *held = own(shingles.clone(), slot as u64) as u32;
    }
    slots
}

/// The least shingle of each of `N` parts of all hashes: what a sketch keeps of a text. A part without a shingle asks again.
fn least<const N: usize>(shingles: impl ExactSizeIterator<Item = u64> + Clone) -> [u32; N] {
    if shingles.len() == 0 {
        return [0; N];
    }
    let mut slots = [u64::MAX; N];
    for shingle in shingles.clone() {
        let held = &mut slots[(shingle >> (64 - N.ilog2())) as usize % N];
        *held = shingle.min(*held);
    }
    for (slot, held) in slots.iter_mut().enumerate() {
        if *held == u64::MAX {
            *held = own(shingles.clone(), slot as u64);
        }
    }
    // Zero means 'none'.
    slots.map(|held| (held as u32).max(1))
}

/// The least of all shingles by a hash of the slot's own.
fn own(shingles: impl Iterator<Item = u64>, slot: u64) -> u64 {
    let key = key(slot as usize);
    shingles.map(|shingle| fold(shingle ^ key, K)).min().unwrap_or(0)
}

fn key(slot: usize) -> u64 {
    SLOT.wrapping_mul((SLOTS + slot) as u64)
}

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

    /// As good as random.
    fn numbers() -> impl FnMut() -> u64 {
        let mut state = 7u64;
        move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            fold(state, state ^ 0x94d0_49bb_1331_11eb)
        }
    }

    #[test]
    fn similarity_estimates_jaccard_better_than_minhash() {
        // Sets with a known overlap, as of texts of 5 to 600 words. 128-slot MinHash has an RMS error of 0.036 on these.
        let mut next = numbers();
        for size in [3usize, 10, 20, 40, 110, 200, 600] {
            let (mut squared, mut sum, count) = (0.0, 0.0, 1000);
            for step in 0..count {
                let shared = size * (step % 20 + 1) / 21;
                let common: Vec<u64> = (0..shared).map(|_| next()).collect();
                let mut set = || {
                    let mut all = common.clone();
                    all.resize_with(size, &mut next);
                    Fingerprint { slots: throw(all.iter().copied()) }
                };
                let truth = shared as f64 / (2 * size - shared) as f64;
                let error = set().similarity(&set()) - truth;
                squared += error.powi(2);
                sum += error;
            }
            let (rms, bias) = (f64::sqrt(squared / count as f64), sum / count as f64);
            assert!(rms < 0.036, "{size} shingles: RMS error {rms}");
            assert!(bias.abs() < 0.004, "{size} shingles: bias {bias}");
        }
    }

    #[test]
    fn sets_of_any_two_sizes_are_compared_without_bias() {
        let mut next = numbers();
        for (small, large) in [(2usize, 9usize), (5, 60), (30, 45), (60, 400)] {
            let (mut sum, count) = (0.0, 1000);
            for _ in 0..count {
                let all: Vec<u64> = (0..large).map(|_| next()).collect();
                let [a, b] = [&all[..small], &all].map(|set| Fingerprint { slots: throw(set.iter().copied()) });
                sum += a.similarity(&b) - small as f64 / large as f64;
            }
            let bias = sum / f64::from(count);
            assert!(bias.abs() < 0.005, "{small} of {large}: bias {bias}");
        }
    }

    #[test]
    fn a_template_wins_as_many_anchors_as_its_share_of_the_text() {
        let mut next = numbers();
        for (fixed, free) in [(10usize, 4usize), (80, 20), (80, 80), (300, 900)] {
            let (mut same, count) = (0, 400);
            for _ in 0..count {
                let template: Vec<u64> = (0..fixed).map(|_| next()).collect();
                let mut body = || {
                    let mut text = template.clone();
                    text.resize_with(fixed + free, &mut next);
                    Fingerprinter::default().anchors(&text).body
                };
                same += body().iter().zip(body()).filter(|&(&a, b)| a == b).count();
            }
            let share = same as f64 / (count * BODY) as f64;
            let truth = (fixed - 2) as f64 / (fixed - 2 + 2 * free) as f64;
            assert!((share - truth).abs() < 0.02, "{fixed} fixed, {free} free: {share}, not {truth}");
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
    fn a_prompt_is_found_within_a_longer_text() {
        let (mut tokens, mut make) = (Tokens::default(), Fingerprinter::default());
        for prompt in [
            "List ten tasks that a plumber and a nurse can solve together, each in one sentence, from easy to hard.",
            "Name four rivers of Portugal please",
        ] {
            let anchors = make.anchors(tokens.read(prompt));
            let system = make.system(tokens.read(prompt));
            let mut found = std::collections::HashSet::new();
            let longer =
                format!("They wrote again and again what follows. {prompt} Nobody knows why; it was seen in May.");
            within(tokens.read(&longer), |_, place, value| {
                found.insert((place, value));
            });
            for (slot, value) in anchors.body.iter().enumerate() {
                assert!(found.contains(&(Place::Body(slot as u8), *value)), "{prompt}: {slot}");
            }
            for (slot, value) in system.iter().enumerate() {
                assert!(found.contains(&(Place::System(slot as u8), *value)), "{prompt}: {slot}");
            }
            let edges = [(Place::Head, anchors.head), (Place::Tail, anchors.tail)];
            assert!(edges.iter().all(|edge| edge.1 == 0 || found.contains(edge)));
        }
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
