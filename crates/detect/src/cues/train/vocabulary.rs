//! Vocabulary: which n-grams get a weight.
//! In: the training texts. Out: the n-grams that tell most, one to a bucket.
//! Invariant: an n-gram that only one template uses is never chosen: it would know that template and nothing else.
//! Not here: the weights (`fit.rs`).

use std::collections::HashMap;

use super::Options;
use super::corpus::{Corpus, Text};
use crate::cues::features::{each_block, stretches};
use crate::cues::model::place;
use crate::cues::{CUES, OUTPUTS};

const SIEVE: u32 = 24;

/// The n-grams chosen, with their places in the list of weights.
pub(super) type Vocabulary = HashMap<u64, u32>;

struct Seen {
    text: u32,
    group: u32,
    groups: u32,
    with: [f32; OUTPUTS],
    known: [f32; OUTPUTS],
}

pub(super) fn choose(corpus: &Corpus, options: &Options) -> Vocabulary {
    let mut texts: Vec<&Text> = corpus.training().collect();
    texts.sort_by_key(|t| t.group);
    let often = sieve(&texts);
    let mut seen: HashMap<u64, Seen> = HashMap::new();
    let (mut with, mut known) = ([0.0; OUTPUTS], [0.0; OUTPUTS]);
    for (at, text) in texts.iter().enumerate() {
        let (yes, sure) = outcomes(text);
        add(&mut with, &yes);
        add(&mut known, &sure);
        each_gram(text, |hash| {
            if !often[slot(hash)] {
                return;
            }
            let entry = seen.entry(hash).or_insert(Seen {
                text: u32::MAX,
                group: u32::MAX,
                groups: 0,
                with: [0.0; OUTPUTS],
                known: [0.0; OUTPUTS],
            });
            if entry.text == at as u32 {
                return;
            }
            entry.text = at as u32;
            if entry.group != text.group {
                entry.group = text.group;
                entry.groups += 1;
            }
            add(&mut entry.with, &yes);
            add(&mut entry.known, &sure);
        });
    }
    let mut ranked: Vec<(f32, u64)> = seen
        .into_iter()
        .filter(|(_, entry)| entry.groups >= options.groups)
        .map(|(hash, entry)| (tells(&entry, &with, &known), hash))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut taken = vec![false; 1 << 16];
    let mut out = Vocabulary::new();
    for (_, hash) in ranked {
        let bucket = usize::from(place(hash).0);
        if !taken[bucket] {
            taken[bucket] = true;
            out.insert(hash, out.len() as u32);
            if out.len() == options.features {
                break;
            }
        }
    }
    out
}

/// Which n-grams may have been met three times or more.
fn sieve(texts: &[&Text]) -> Vec<bool> {
    let mut counts = vec![0u8; 1 << SIEVE];
    for text in texts {
        each_gram(text, |hash| counts[slot(hash)] = counts[slot(hash)].saturating_add(1));
    }
    counts.into_iter().map(|count| count >= 3).collect()
}

fn slot(hash: u64) -> usize {
    (hash >> (64 - SIEVE)) as usize
}

fn each_gram(text: &Text, mut each: impl FnMut(u64)) {
    for part in [&text.system, &text.prompt] {
        for stretch in stretches(part) {
            each_block(stretch, |_, hashes| hashes.iter().for_each(|&hash| each(hash)));
        }
    }
}

/// A text's weight towards "has it" and "is known", by output.
fn outcomes(text: &Text) -> ([f32; OUTPUTS], [f32; OUTPUTS]) {
    let (mut yes, mut known) = ([0.0; OUTPUTS], [0.0; OUTPUTS]);
    for at in 0..OUTPUTS {
        let (y, k) = if at < CUES {
            (text.labels.yes >> at & 1 == 1, text.labels.known >> at & 1 == 1)
        } else {
            (text.labels.capability == Some((at - CUES) as u8), text.labels.capability.is_some())
        };
        yes[at] = if y { text.weight } else { 0.0 };
        known[at] = if k { text.weight } else { 0.0 };
    }
    (yes, known)
}

fn add(sum: &mut [f32; OUTPUTS], more: &[f32; OUTPUTS]) {
    for (s, m) in sum.iter_mut().zip(more) {
        *s += m;
    }
}

/// The largest z-score of its log-odds ratio over the outputs; cues count for more than capabilities.
fn tells(entry: &Seen, with: &[f32; OUTPUTS], known: &[f32; OUTPUTS]) -> f32 {
    let mut best = 0.0f32;
    for at in 0..OUTPUTS {
        let (a, b) = (entry.with[at], (entry.known[at] - entry.with[at]).max(0.0));
        let (all_a, all_b) = (with[at], (known[at] - with[at]).max(0.0));
        let odds = |part: f32, all: f32| ((part + 0.5) / ((all - part).max(0.0) + 0.5)).ln();
        let z = (odds(a, all_a) - odds(b, all_b)) / (1.0 / (a + 0.5) + 1.0 / (b + 0.5)).sqrt();
        best = best.max(if at < CUES { z.abs() } else { 0.5 * z.abs() });
    }
    best
}
