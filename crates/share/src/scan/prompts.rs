//! Prompts: the lab's own prompts and templates, found again in a text by their sketches.
//! In: the text sketches of known campaigns. Out: a check that says whether a text is one of these prompts, or quotes one.
//! Invariant: no prompt's text is needed or kept; the same text has the same verdict; the cost of a text does not grow with the
//! number of sketches.
//! Not here: making sketches (`stillwatch_detect::fingerprint`), encodings (`views.rs`).
//!
//! A sketch has the values of up to 16 shingles (three words in a row) of a prompt, drawn evenly, of up to 4 of its system prompt,
//! and hashes of its first and last eight words. A text is refused when it has
//! - the eight words with which a known prompt begins or ends, or
//! - at least three of a prompt's shingles, and these are half of what its sketch fixes; or at least four of them.
//!
//! Case, punctuation and numbers never count (`stillwatch_detect::text`).

use std::collections::HashMap;

use stillwatch_detect::fingerprint::{EDGE, Place, SHINGLE, within};
use stillwatch_detect::text::{NUMBER, Tokens};
use stillwatch_model::TextSketch;

use super::PromptCheck;

/// Words that a text has at least: fewer are no prompt worth keeping.
const WORDS: usize = 6;
/// Different shingles of one prompt that a text may not have, where they are half of what is known of it.
const FEW: usize = 3;
/// The same, whatever the share.
const MANY: usize = 4;

/// A check against these sketches.
#[must_use]
pub fn prompts(sketches: &[TextSketch]) -> PromptCheck {
    let known = Known::of(sketches);
    Box::new(move |text| known.is_in(text))
}

/// Sketches, by their values.
struct Known {
    /// A bit for each value's last bits: nearly every value of other texts ends here.
    bits: Vec<u64>,
    /// By place and value: which parts of which sketches.
    at: HashMap<(Place, u32), Vec<u32>>,
    /// By part: how many slots are fixed.
    fixed: Vec<usize>,
}

impl Known {
    fn of(sketches: &[TextSketch]) -> Self {
        let size = (sketches.len() * 512).next_power_of_two().clamp(1 << 12, 1 << 26);
        let mut known = Known { bits: vec![0; size / 64], at: HashMap::new(), fixed: Vec::new() };
        for sketch in sketches {
            let body = sketch.body.iter().zip(0..).map(|(value, slot)| (Place::Body(slot), *value));
            known.add(body);
            let system = sketch.system.iter().zip(0..).map(|(value, slot)| (Place::System(slot), *value));
            known.add(system);
            known.add([(Place::Head, sketch.head), (Place::Tail, sketch.tail)].into_iter());
        }
        known
    }

    /// Adds what is fixed of one part: the prompt, its system prompt, its edges.
    fn add(&mut self, values: impl Iterator<Item = (Place, u32)>) {
        let part = self.fixed.len() as u32;
        let mut fixed = 0;
        for (place, value) in values.filter(|(_, value)| *value != 0) {
            fixed += 1;
            self.at.entry((place, value)).or_default().push(part);
            let (word, bit) = self.bit(value);
            if let Some(word) = self.bits.get_mut(word) {
                *word |= bit;
            }
        }
        self.fixed.push(fixed);
    }

    fn bit(&self, value: u32) -> (usize, u64) {
        let at = value as usize % (self.bits.len() * 64);
        (at / 64, 1 << (at % 64))
    }

    fn is_in(&self, text: &str) -> bool {
        let mut tokens = Tokens::default();
        let tokens = tokens.read(text);
        if self.at.is_empty() || tokens.len() < WORDS {
            return false;
        }
        // By part: slots that agree, and the shingles that make them agree.
        let mut agree: HashMap<u32, (Vec<Place>, Vec<&[u64]>)> = HashMap::new();
        let mut edge = false;
        within(tokens, |at, place, value| {
            let (word, bit) = self.bit(value);
            if self.bits.get(word).is_none_or(|word| word & bit == 0) {
                return;
            }
            let Some(parts) = self.at.get(&(place, value)) else { return };
            if matches!(place, Place::Head | Place::Tail) {
                edge |= says(tokens.get(at..at + EDGE).unwrap_or_default(), WORDS);
                return;
            }
            let shingle = tokens.get(at..at + SHINGLE).unwrap_or_default();
            for part in parts.iter().filter(|_| says(shingle, 2)) {
                let (slots, shingles) = agree.entry(*part).or_default();
                if !slots.contains(&place) {
                    slots.push(place);
                }
                if !shingles.contains(&shingle) {
                    shingles.push(shingle);
                }
            }
        });
        edge || agree.iter().any(|(part, (slots, shingles))| {
            let fixed = self.fixed.get(*part as usize).copied().unwrap_or_default();
            shingles.len() >= MANY || (shingles.len() >= FEW && slots.len() * 2 >= fixed)
        })
    }
}

/// Whether there are so many different words, numbers apart: dates and tables are no passage of anybody's.
fn says(tokens: &[u64], words: usize) -> bool {
    let known = |at: usize, token: &u64| tokens.iter().take(at).any(|before| before == token);
    tokens.iter().enumerate().filter(|(at, token)| **token != NUMBER && !known(*at, token)).count() >= words
}
