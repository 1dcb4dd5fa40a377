//! Thresholds: above which score a cue counts as asked for.
//! In: a model and the quiet texts. Out: a threshold for each cue.
//! Invariant: no cue is more likely than not unless its log-odds are above zero, and in no quiet source does it fire more often than allowed.
//! Not here: how often it fires elsewhere (`figures.rs`).

use std::collections::BTreeMap;

use super::Options;
use super::corpus::Corpus;
use crate::cues::{CUES, Model, Split};

/// Quiet texts that a source must have to be heard: below, one text is a larger share than is allowed.
const FEW: usize = 200;

pub(super) fn set(model: &mut Model, corpus: &Corpus, options: &Options) {
    let mut quiet: BTreeMap<(usize, u32), Vec<f32>> = BTreeMap::new();
    for text in corpus.texts.iter().filter(|t| t.split == Split::Quiet) {
        let scores = model.score(&text.system, &text.prompt);
        for cue in 0..CUES {
            if text.labels.known >> cue & 1 == 1 && text.labels.yes >> cue & 1 == 0 {
                quiet.entry((cue, text.source)).or_default().push(scores.logits[cue]);
            }
        }
    }
    for head in &mut model.heads {
        head.threshold = options.floor;
    }
    for ((cue, _), mut logits) in quiet {
        if logits.len() < FEW {
            continue;
        }
        logits.sort_by(|a, b| b.total_cmp(a));
        let allowed = (options.false_rate * logits.len() as f32) as usize;
        if let Some(&logit) = logits.get(allowed) {
            let head = &mut model.heads[cue];
            head.threshold = head.threshold.max(logit);
        }
    }
}
