//! Thresholds: above which score a cue counts as asked for.
//! In: a model and the quiet texts. Out: a threshold for each cue.
//! Invariant: no cue fires below the floor, and over the quiet sources it fires no more often than allowed.
//! Not here: how often it fires elsewhere (`figures.rs`).

use super::Options;
use super::corpus::Corpus;
use crate::cues::{CUES, Model, Split};

pub(super) fn set(model: &mut Model, corpus: &Corpus, options: &Options) {
    // Each source weighs the same, however many texts it has.
    let quiet = || corpus.texts.iter().filter(|t| t.split == Split::Quiet);
    let mut sizes = vec![0u32; corpus.sources()];
    for text in quiet() {
        sizes[text.source as usize] += 1;
    }
    let mut logits: Vec<Vec<(f32, f32)>> = vec![Vec::new(); CUES];
    for text in quiet() {
        let scores = model.score(&text.system, &text.prompt);
        for (cue, logits) in logits.iter_mut().enumerate() {
            if text.labels.known >> cue & 1 == 1 && text.labels.yes >> cue & 1 == 0 {
                logits.push((scores.logits[cue], 1.0 / sizes[text.source as usize] as f32));
            }
        }
    }
    for (head, mut logits) in model.heads.iter_mut().zip(logits) {
        logits.sort_by(|a, b| b.0.total_cmp(&a.0));
        let all: f32 = logits.iter().map(|l| l.1).sum();
        let mut over = 0.0;
        head.threshold = options.floor;
        for (logit, weight) in logits {
            over += weight;
            if over > options.false_rate * all {
                head.threshold = head.threshold.max(logit);
                break;
            }
        }
    }
}
