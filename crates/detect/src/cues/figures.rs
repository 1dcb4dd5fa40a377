//! Figures: how a model does on labelled texts, source by source.
//! In: scores with the labels they should have. Out: `Figures`.
//! Invariant: counts only; a cue of which the label is unknown is not counted.
//! Not here: setting thresholds (`train/`).

use serde::Serialize;

use super::{CUES, Cue, Labels, Scores, Split};

/// How a model does.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    /// By source and split.
    pub sources: Vec<SourceFigures>,
    /// N-grams with weights.
    pub features: usize,
    /// Each cue's threshold as log-odds.
    pub thresholds: [f32; CUES],
}

/// How a model does on one source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceFigures {
    /// Where the texts are from.
    pub source: String,
    /// What they were used for.
    #[serde(serialize_with = "split_name")]
    pub split: Split,
    /// How many.
    pub texts: u64,
    /// Texts that have the cue, by cue.
    pub wanted: [u64; CUES],
    /// Of these, texts on which it fired.
    pub hits: [u64; CUES],
    /// Texts known not to have the cue, by cue.
    pub quiet: [u64; CUES],
    /// Of these, texts on which it fired.
    pub false_alarms: [u64; CUES],
    /// Texts on which it fired, whatever the label.
    pub fired: [u64; CUES],
    /// Texts whose capability is known.
    pub capability_known: u64,
    /// Of these, texts whose capability was recognised.
    pub capability_right: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn split_name<S: serde::Serializer>(split: &Split, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(split.name())
}

impl Figures {
    /// Counts one text.
    pub fn count(&mut self, source: &str, split: Split, labels: Labels, scores: &Scores) {
        let at = self.sources.iter().position(|s| s.source == source && s.split == split).unwrap_or_else(|| {
            self.sources.push(SourceFigures::new(source, split));
            self.sources.len() - 1
        });
        let Some(entry) = self.sources.get_mut(at) else { return };
        entry.texts += 1;
        for cue in Cue::ALL {
            let (at, fired) = (cue as usize, u64::from(scores.cues & cue.bit() != 0));
            entry.fired[at] += fired;
            if labels.yes & cue.bit() != 0 {
                entry.wanted[at] += 1;
                entry.hits[at] += fired;
            } else if labels.known & cue.bit() != 0 {
                entry.quiet[at] += 1;
                entry.false_alarms[at] += fired;
            }
        }
        if let Some(capability) = labels.capability {
            entry.capability_known += 1;
            entry.capability_right += u64::from(capability == scores.capability);
        }
    }

    /// Puts sources in order.
    pub fn sort(&mut self) {
        self.sources.sort_by(|a, b| (&a.source, a.split).cmp(&(&b.source, b.split)));
    }
}

impl SourceFigures {
    fn new(source: &str, split: Split) -> SourceFigures {
        SourceFigures {
            source: source.to_owned(),
            split,
            texts: 0,
            wanted: [0; CUES],
            hits: [0; CUES],
            quiet: [0; CUES],
            false_alarms: [0; CUES],
            fired: [0; CUES],
            capability_known: 0,
            capability_right: 0,
        }
    }
}
