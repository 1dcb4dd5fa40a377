//! Train: from labelled texts to a model.
//! In: `Labelled` texts. Out: a `Model` and its `Figures`.
//! Invariant: same texts in the same order and same options, same model; no clock, no randomness that isn't seeded.
//! Not here: reading and writing files (`engine`), scoring (`model.rs`).

mod corpus;
mod fit;
mod thresholds;
mod vocabulary;

use super::{Figures, Labelled, Model};
use corpus::Corpus;

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Seed of every random choice.
    pub seed: u64,
    /// Passes over the texts.
    pub epochs: u32,
    /// N-grams to keep, at most.
    pub features: usize,
    /// Templates or authors in which an n-gram must be met.
    pub groups: u32,
    /// Step size.
    pub rate: f32,
    /// Pull of each weight to zero.
    pub l2: f32,
    /// Share of n-grams left out at each reading of a text, so that no verdict hangs on a few words.
    pub drop: f32,
    /// Texts made by putting a short text with cues before or after an honest one, for each such text.
    pub mixed: f32,
    /// What the texts that have a cue weigh together, against those that have it not.
    pub balance: f32,
    /// Share of quiet texts on which each cue may fire, in no source more.
    pub false_rate: f32,
    /// Log-odds that a cue must have whatever the quiet texts say.
    pub floor: f32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 1,
            epochs: 10,
            features: 26_000,
            groups: 4,
            rate: 0.15,
            l2: 5e-4,
            drop: 0.3,
            mixed: 0.5,
            balance: 0.3,
            false_rate: 0.002,
            floor: -1.5,
        }
    }
}

/// What training gives.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The weights.
    pub model: Model,
    /// How they do on the texts, source by source and split by split.
    pub figures: Figures,
}

/// Fits a model to labelled texts.
pub fn train(texts: impl IntoIterator<Item = Labelled>, options: &Options) -> Trained {
    let corpus = Corpus::read(texts);
    let mixed = corpus.mix(options);
    let vocabulary = vocabulary::choose(&corpus, options);
    let mut model = fit::fit(&corpus, &mixed, &vocabulary, options);
    thresholds::set(&mut model, &corpus, options);
    let mut figures = Figures { features: model.features(), thresholds: model.thresholds(), ..Figures::default() };
    for text in &corpus.texts {
        figures.count(corpus.source(text), text.split, text.labels, &model.score(&text.system, &text.prompt));
    }
    figures.sort();
    Trained { model, figures }
}

/// A small generator of random numbers (splitmix64).
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `n`.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    fn chance(&mut self, share: f32) -> bool {
        ((self.next() >> 40) as f32) < share * 16_777_216.0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}
