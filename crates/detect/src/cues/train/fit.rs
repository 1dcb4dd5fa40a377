//! Fit: the weights, by stochastic gradient descent on logistic losses.
//! In: texts and the n-grams that get weights. Out: a `Model` without thresholds.
//! Invariant: a text is judged by its best window, as when scoring; the pull on a weight is spread over windows that score alike.
//! Not here: thresholds (`thresholds.rs`).

use super::corpus::{Corpus, Text};
use super::vocabulary::Vocabulary;
use super::{Options, Random};
use crate::cues::features::{Fresh, WINDOW, each_block, stretches, windows};
use crate::cues::model::{Head, LANES, Model, place};
use crate::cues::{CUES, OUTPUTS};

/// Lanes that are computed: outputs, padded to a multiple of eight.
const WIDE: usize = 24;
type Lanes = [f32; WIDE];

/// A text as places in the list of weights, block by block.
struct Document {
    blocks: Vec<Vec<u32>>,
    /// First block and number of windows of each stretch.
    stretches: Vec<(usize, usize)>,
    labels: crate::cues::Labels,
    weight: f32,
}

/// What a text that has an output counts, by output.
type Boost = [f32; OUTPUTS];

struct Weights {
    weights: Vec<Lanes>,
    slopes: Vec<Lanes>,
    bias: Lanes,
    bias_slopes: Lanes,
}

pub(super) fn fit(corpus: &Corpus, mixed: &[Text], vocabulary: &Vocabulary, options: &Options) -> Model {
    let documents: Vec<Document> = corpus.training().chain(mixed).map(|text| document(text, vocabulary)).collect();
    let n = vocabulary.len();
    let mut state = Weights {
        weights: vec![[0.0; WIDE]; n],
        slopes: vec![[0.5; WIDE]; n],
        bias: [-3.0; WIDE],
        bias_slopes: [1.0; WIDE],
    };
    let boost = boost(&documents, options);
    let mut order: Vec<u32> = (0..documents.len() as u32).collect();
    let mut random = Random(options.seed);
    for epoch in 0..options.epochs {
        random.shuffle(&mut order);
        let rate = options.rate * (1.0 - epoch as f32 / options.epochs as f32);
        for &at in &order {
            step(&documents[at as usize], &mut state, rate, &boost, options, &mut random);
        }
    }
    quantise(&state, vocabulary)
}

fn boost(documents: &[Document], options: &Options) -> Boost {
    let mut out = [1.0; OUTPUTS];
    for (at, boost) in out.iter_mut().enumerate().take(CUES) {
        let (mut with, mut without) = (0.0, 0.0);
        for document in documents {
            if document.labels.yes >> at & 1 == 1 {
                with += document.weight;
            } else if document.labels.known >> at & 1 == 1 {
                without += document.weight;
            }
        }
        *boost = (options.balance * without / f32::max(with, 1.0)).max(1.0);
    }
    out
}

fn document(text: &Text, vocabulary: &Vocabulary) -> Document {
    let mut out = Document { blocks: Vec::new(), stretches: Vec::new(), labels: text.labels, weight: text.weight };
    for part in [&text.system, &text.prompt] {
        for stretch in stretches(part) {
            let first = out.blocks.len();
            let mut fresh = Fresh::new();
            each_block(stretch, |_, hashes| {
                fresh.turn();
                let known = hashes.iter().filter_map(|hash| Some((place(*hash).0, *vocabulary.get(hash)?)));
                out.blocks.push(known.filter(|(bucket, _)| fresh.meet(*bucket)).map(|(_, feature)| feature).collect());
            });
            let blocks = out.blocks.len() - first;
            if blocks > 0 {
                out.stretches.push((first, blocks));
            }
        }
    }
    out
}

fn step(document: &Document, state: &mut Weights, rate: f32, boost: &Boost, options: &Options, random: &mut Random) {
    let keep = 1.0 / (1.0 - options.drop);
    let mut kept: Vec<Vec<u32>> = Vec::with_capacity(document.blocks.len());
    let mut sums: Vec<Lanes> = Vec::with_capacity(document.blocks.len());
    for block in &document.blocks {
        let stay: Vec<u32> =
            block.iter().copied().filter(|_| options.drop == 0.0 || !random.chance(options.drop)).collect();
        let mut sum = [0.0; WIDE];
        for &feature in &stay {
            for (s, w) in sum.iter_mut().zip(&state.weights[feature as usize]) {
                *s += w * keep;
            }
        }
        kept.push(stay);
        sums.push(sum);
    }
    let slopes = slopes(document, &sums, state, boost);
    for (block, slope) in kept.iter().zip(&slopes.blocks) {
        if slope.iter().all(|s| s.abs() < 1e-5) {
            continue;
        }
        for &feature in block {
            let (weights, past) = (&mut state.weights[feature as usize], &mut state.slopes[feature as usize]);
            for ((w, past), &s) in weights.iter_mut().zip(past).zip(slope) {
                let s = s + options.l2 * *w;
                *past += s * s;
                *w -= rate * s / past.sqrt();
            }
        }
    }
    for ((b, past), &s) in state.bias.iter_mut().zip(&mut state.bias_slopes).zip(&slopes.bias) {
        *past += s * s;
        *b -= rate * s / past.sqrt();
    }
}

struct Slopes {
    blocks: Vec<Lanes>,
    bias: Lanes,
}

/// How the loss changes with each block's sums.
fn slopes(document: &Document, sums: &[Lanes], state: &Weights, boost: &Boost) -> Slopes {
    let mut out = Slopes { blocks: vec![[0.0; WIDE]; sums.len()], bias: [0.0; WIDE] };
    let mut seen: Vec<(usize, Lanes)> = Vec::new();
    let mut total = [0.0; WIDE];
    for &(first, blocks) in &document.stretches {
        for at in 0..windows(blocks) {
            let mut sum = [0.0; WIDE];
            for block in &sums[first + at..first + (at + WINDOW).min(blocks)] {
                for (s, b) in sum.iter_mut().zip(block) {
                    *s += b;
                }
            }
            seen.push((first + at, sum));
        }
    }
    for sum in sums {
        for (t, s) in total.iter_mut().zip(sum) {
            *t += s;
        }
    }
    let spread = 1.0 / (sums.len().max(1) as f32).sqrt();
    for at in 0..OUTPUTS {
        let (yes, known, score) = if at < CUES {
            let best = seen.iter().map(|(_, sum)| sum[at]).fold(f32::NEG_INFINITY, f32::max);
            (
                document.labels.yes >> at & 1 == 1,
                document.labels.known >> at & 1 == 1,
                if seen.is_empty() { 0.0 } else { best },
            )
        } else {
            (
                document.labels.capability == Some((at - CUES) as u8),
                document.labels.capability.is_some(),
                total[at] * spread,
            )
        };
        if !known {
            continue;
        }
        let chance = 1.0 / (1.0 + (-(score + state.bias[at])).exp());
        let slope = if yes { (chance - 1.0) * document.weight * boost[at] } else { chance * document.weight };
        out.bias[at] = slope;
        if at >= CUES {
            for block in &mut out.blocks {
                block[at] = slope * spread;
            }
            continue;
        }
        let shares: Vec<f32> = seen.iter().map(|(_, sum)| (sum[at] - score).exp()).collect();
        let all: f32 = shares.iter().sum();
        for ((first, _), share) in seen.iter().zip(shares) {
            let end =
                document.stretches.iter().find(|(f, n)| (*f..f + n).contains(first)).map_or(*first, |(f, n)| f + n);
            for block in &mut out.blocks[*first..(first + WINDOW).min(end)] {
                block[at] += slope * share / all;
            }
        }
    }
    out
}

/// Weights as eight-bit integers, each output with its own scale.
fn quantise(state: &Weights, vocabulary: &Vocabulary) -> Model {
    let mut model = Model::empty();
    let mut scales = [0.0; OUTPUTS];
    for (at, scale) in scales.iter_mut().enumerate() {
        let largest = state.weights.iter().map(|w| w[at].abs()).fold(0.0, f32::max);
        *scale = (largest / 127.0).max(1e-6);
        model.heads[at] = Head { scale: *scale, bias: state.bias[at], threshold: 0.0 };
    }
    for (&hash, &feature) in vocabulary {
        let weights = &state.weights[feature as usize];
        let mut lanes = [0i8; LANES];
        for (at, scale) in scales.iter().enumerate() {
            lanes[at] = (weights[at] / scale).round().clamp(-127.0, 127.0) as i8;
        }
        if lanes.iter().any(|&lane| lane != 0) {
            let (bucket, tag) = place(hash);
            model.tags[usize::from(bucket)] = tag;
            model.rows[usize::from(bucket)].0 = lanes;
        }
    }
    model
}
