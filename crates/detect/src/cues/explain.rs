//! Explain: which words made a cue.
//! In: a text. Out: its words and phrases, each with what it adds to a cue's log-odds.
//! Invariant: only cues that are over their thresholds are explained, by the window of words that scored highest.
//! Not here: sentences for people (`stillwatch explain`).

use super::features::{BLOCK, GRAMS, WINDOW, grams, windows};
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
        let mut parts: Vec<[f32; GRAMS]> = Vec::with_capacity(tokens.len());
        for at in 0..tokens.len() {
            let token = |back: usize| at.checked_sub(back).and_then(|i| tokens.get(i)).map(|t| t.0);
            let mut weights = [0.0; GRAMS];
            if let Some(now) = token(0) {
                let all = grams(token(2).unwrap_or(0), token(1).unwrap_or(0), now);
                for (back, (weight, hash)) in weights.iter_mut().zip(all).enumerate() {
                    if token(back).is_some() {
                        *weight = self.row(hash).map_or(0.0, |row| f32::from(row[lane]) * self.heads[lane].scale);
                    }
                }
            }
            parts.push(weights);
        }
        let blocks = tokens.len().div_ceil(BLOCK);
        let sum = |window: usize| -> f32 { parts.iter().skip(window * BLOCK).take(WINDOW * BLOCK).flatten().sum() };
        let best = (0..windows(blocks)).max_by(|&a, &b| sum(a).total_cmp(&sum(b)).then(b.cmp(&a))).unwrap_or(0);
        let mut out = Vec::new();
        for (at, weights) in parts.iter().enumerate().skip(best * BLOCK).take(WINDOW * BLOCK) {
            for (back, &weight) in weights.iter().enumerate() {
                if weight != 0.0 && at >= back {
                    out.push((phrase(tokens, at - back, at, back == 2), weight));
                }
            }
        }
        out
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
