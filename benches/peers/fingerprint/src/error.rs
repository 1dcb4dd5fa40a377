//! Error: how far estimated similarities are from true ones, each method judged by the sets that it looks at itself.
//! In: prompts. Out: RMS and mean error of both methods over pairs of texts that have 5 % to 95 % of their words in common.
//! Invariant: the true similarity is counted, not estimated.
//! Not here: time.

use std::collections::HashSet;
use std::hash::Hash;

use gaoya::minhash::{MinHasher, MinHasher32};
use gaoya::text::whitespace_split;
use stillwatch_detect::fingerprint::{Fingerprinter, SLOTS};
use stillwatch_detect::text::Tokens;

#[derive(Default)]
pub struct Errors {
    squared: f64,
    sum: f64,
    pub pairs: usize,
}

impl Errors {
    fn add(&mut self, error: f64) {
        self.squared += error * error;
        self.sum += error;
        self.pairs += 1;
    }

    pub fn rms(&self) -> f64 {
        (self.squared / self.pairs.max(1) as f64).sqrt()
    }

    pub fn mean(&self) -> f64 {
        self.sum / self.pairs.max(1) as f64
    }
}

/// Ours and gaoya's.
pub fn measure(prompts: &[String]) -> (Errors, Errors) {
    let (mut ours, mut theirs) = (Errors::default(), Errors::default());
    let gaoya = MinHasher32::new(SLOTS);
    for (n, pair) in prompts.windows(2).enumerate() {
        let share = (n % 19 + 1) as f64 / 20.0;
        let (a, b) = (&pair[0], &mixed(&pair[0], &pair[1], share));
        ours.add(fingerprint(a).0.similarity(&fingerprint(b).0) - jaccard(&fingerprint(a).1, &fingerprint(b).1));
        let [x, y] = [a, b].map(|text| gaoya.create_signature(whitespace_split(text)));
        let same = x.iter().zip(&y).filter(|(x, y)| x == y).count();
        let [x, y] = [a, b].map(|text| whitespace_split(text).collect::<HashSet<_>>());
        theirs.add(same as f64 / SLOTS as f64 - jaccard(&x, &y));
    }
    (ours, theirs)
}

/// Some words of one text, then those of another.
fn mixed(a: &str, b: &str, share: f64) -> String {
    let words: Vec<&str> = a.split(' ').collect();
    let kept = (words.len() as f64 * share) as usize;
    let fresh = b.split(' ').take(words.len() - kept);
    words[..kept].iter().copied().chain(fresh).collect::<Vec<_>>().join(" ")
}

fn fingerprint(text: &str) -> (stillwatch_detect::fingerprint::Fingerprint, HashSet<[u64; 3]>) {
    let mut tokens = Tokens::default();
    let tokens = tokens.read(text);
    let shingles = tokens.windows(3).filter_map(|w| w.try_into().ok()).collect();
    (Fingerprinter::default().fingerprint(tokens), shingles)
}

fn jaccard<T: Eq + Hash>(a: &HashSet<T>, b: &HashSet<T>) -> f64 {
    let common = a.intersection(b).count();
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}
