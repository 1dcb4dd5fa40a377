//! Explain: which words made a cue.
//! In: a text. Out: its words and phrases, each with what it adds to a cue's log-odds.
//! Invariant: only cues that are over their thresholds are explained, by the window of words that scored highest.
//! Not here: sentences for people (`stillwatch explain`).

use super::features::{BLOCK, Fresh, GRAMS, WINDOW, each_block, stretches, windows};
use super::model::place;
use super::{Cue, Model};
use crate::text::{NUMBER, tokens_with_text};

impl Model {
    /// The words and phrases that speak for each cue of `text`, strongest first within a cue.
    /// An n-gram of two or three words shares its weight among them in the order of reading: a phrase is printed as one.
    #[must_use]
    pub fn explain(&self, text: &str) -> Vec<(Cue, String, f32)> {
        let tokens = spoken(text);
        let hashes: Vec<u64> = tokens.iter().map(|&(hash, _)| hash).collect();
        let scores = self.score(&[], &hashes);
        let mut out = Vec::new();
        for cue in Cue::ALL {
            if scores.cues & cue.bit() != 0 {
                let mut words = self.contributions(cue, &tokens);
                words.retain(|(_, weight)| *weight > 0.0);
                words.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                words.dedup_by(|a, b| a.0 == b.0);
                out.extend(words.into_iter().map(|(word, weight)| (cue, word, weight)));
            }
        }
        out
    }

    /// Every n-gram of the best window with its weight for one cue.
    fn contributions(&self, cue: Cue, tokens: &[(u64, &str)]) -> Vec<(String, f32)> {
        let lane = cue as usize;
        let mut best: (f32, Vec<(String, f32)>) = (f32::NEG_INFINITY, Vec::new());
        for stretch in stretches(tokens) {
            let hashes: Vec<u64> = stretch.iter().map(|&(hash, _)| hash).collect();
            let mut blocks: Vec<Vec<(String, f32)>> = Vec::new();
            let mut fresh = Fresh::new();
            each_block(&hashes, |block, grams| {
                fresh.turn();
                let mut parts = Vec::new();
                for (at, &gram) in grams.iter().enumerate() {
                    let (end, back) = (block * BLOCK + at / GRAMS, at % GRAMS);
                    let Some(row) = self.row(gram) else { continue };
                    if end >= back && fresh.meet(place(gram).0) {
                        parts.push((
                            phrase(stretch, end - back, end, back == 2),
                            f32::from(row[lane]) * self.heads[lane].scale,
                        ));
                    }
                }
                blocks.push(parts);
            });
            for first in 0..windows(blocks.len()) {
                let window: Vec<(String, f32)> = blocks.iter().skip(first).take(WINDOW).flatten().cloned().collect();
                let sum = window.iter().map(|w| w.1).sum();
                if sum > best.0 {
                    best = (sum, window);
                }
            }
        }
        best.1
    }
}

/// The words from `from` to `to`; of a skipping pair only the ends.
fn phrase(tokens: &[(u64, &str)], from: usize, to: usize, skips: bool) -> String {
    let word = |at: usize| tokens.get(at).map_or("", |t| t.1);
    if from == to {
        return word(from).to_owned();
    }
    let wide = |word: &str| word.chars().next().is_some_and(|c| c as u32 >= 0x3000);
    let gap = if wide(word(from)) && wide(word(to)) { "" } else { " " };
    if skips { format!("{}{gap}…{gap}{}", word(from), word(to)) } else { format!("{}{gap}{}", word(from), word(to)) }
}

/// Tokens as the scorer sees them: a run of numbers is one.
fn spoken(text: &str) -> Vec<(u64, &str)> {
    let mut tokens = tokens_with_text(text);
    tokens.dedup_by(|next, kept| next.0 == NUMBER && kept.0 == NUMBER);
    tokens
}
