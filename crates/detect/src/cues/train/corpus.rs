//! Corpus: the labelled texts as tokens.
//! In: `Labelled` texts. Out: texts as token hashes, weighted; mixtures of them.
//! Invariant: a template counts less per text the more texts it has, so that no one template rules.
//! Not here: n-grams (`vocabulary.rs`).

use std::collections::HashMap;

use super::{Options, Random};
use crate::cues::{Labelled, Labels, Split};
use crate::text::Tokens;

/// Tokens of a text that may be put into an honest one.
const SHORT: usize = 120;

/// One text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) system: Vec<u64>,
    pub(super) prompt: Vec<u64>,
    pub(super) labels: Labels,
    pub(super) source: u32,
    pub(super) group: u32,
    pub(super) split: Split,
    pub(super) weight: f32,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Corpus {
    pub(super) texts: Vec<Text>,
    sources: Vec<String>,
}

impl Corpus {
    pub(super) fn read(texts: impl IntoIterator<Item = Labelled>) -> Corpus {
        let mut corpus = Corpus::default();
        let (mut sources, mut groups) = (HashMap::new(), HashMap::new());
        let mut sizes: Vec<u32> = Vec::new();
        let mut tokens = Tokens::default();
        for text in texts {
            let labels = text.labels();
            let source = *sources.entry(text.source.clone()).or_insert_with(|| {
                corpus.sources.push(text.source.clone());
                corpus.sources.len() as u32 - 1
            });
            // A text of no group is a group by itself.
            let new = sizes.len() as u32;
            let group = if text.group.is_empty() { new } else { *groups.entry((source, text.group)).or_insert(new) };
            if group == new {
                sizes.push(0);
            }
            sizes[group as usize] += 1;
            let (system, prompt) = (tokens.read(&text.system).to_vec(), tokens.read(&text.text).to_vec());
            corpus.texts.push(Text { system, prompt, labels, source, group, split: text.split, weight: 1.0 });
        }
        for text in &mut corpus.texts {
            text.weight = (sizes[text.group as usize] as f32).powf(-0.5);
        }
        corpus
    }

    pub(super) fn source(&self, text: &Text) -> &str {
        self.sources.get(text.source as usize).map_or("", String::as_str)
    }

    /// How many sources there are.
    pub(super) fn sources(&self) -> usize {
        self.sources.len()
    }

    pub(super) fn training(&self) -> impl Iterator<Item = &Text> {
        self.texts.iter().filter(|t| t.split == Split::Train)
    }

    /// Short texts with cues put before or after honest ones: a cue holds wherever it stands.
    /// For balance the same is done with short texts that have none.
    pub(super) fn mix(&self, options: &Options) -> Vec<Text> {
        let mut random = Random(options.seed ^ 0x6d69_7865);
        let short: Vec<&Text> = self.training().filter(|t| t.system.is_empty() && t.prompt.len() <= SHORT).collect();
        let honest: Vec<&Text> = self.training().filter(|t| t.labels.yes == 0).collect();
        if honest.is_empty() {
            return Vec::new();
        }
        let mut out = Vec::new();
        for text in short {
            let share = if text.labels.yes == 0 { options.mixed * 0.5 } else { options.mixed };
            if !random.chance(share) {
                continue;
            }
            let other = honest[random.below(honest.len())];
            let order = random.below(3);
            let (mut system, mut prompt) = (Vec::new(), Vec::new());
            match order {
                0 => prompt.extend(text.prompt.iter().chain(&other.prompt)),
                1 => prompt.extend(other.prompt.iter().chain(&text.prompt)),
                _ => {
                    system.clone_from(&text.prompt);
                    prompt.clone_from(&other.prompt);
                }
            }
            let labels =
                Labels { yes: text.labels.yes, known: text.labels.known & other.labels.known, capability: None };
            out.push(Text {
                system,
                prompt,
                labels: Labels { known: labels.known | labels.yes, ..labels },
                ..text.clone()
            });
        }
        out
    }
}
