//! Labels: what is known of a training text.
//! In: one JSON object. Out: `Labels`.
//! Invariant: what is not known is neither learned nor counted.
//! Not here: reading files.

use serde::{Deserialize, Serialize};
use stillwatch_model::Capability;

use super::{CUES, Cue};

/// One line of a training file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Labelled {
    /// The system text, if apart.
    pub system: String,
    /// The prompt.
    pub text: String,
    /// The cues it has; all others it has not, unless `unsure` names them.
    pub cues: Vec<Cue>,
    /// Cues of which the labeller would not say.
    pub unsure: Vec<Cue>,
    /// What it exercises; absent when that would be a guess.
    pub capability: Option<Capability>,
    /// Where it is from: figures are given per source.
    pub source: String,
    /// Texts of one template or author group share this; an n-gram must be met in several groups to count.
    pub group: String,
    /// What it is for.
    pub split: Split,
}

/// What a labelled text is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Weights are fitted to it.
    #[default]
    Train,
    /// Honest traffic, by which thresholds are set.
    Quiet,
    /// Neither: figures only.
    Test,
}

impl Split {
    /// The name as printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Quiet => "quiet",
            Split::Test => "test",
        }
    }
}

/// The labels of a text, packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labels {
    /// Bits of the cues that it has.
    pub yes: u16,
    /// Bits of the cues of which it is known whether it has them.
    pub known: u16,
    /// Place in `Capability::ALL` of what it exercises.
    pub capability: Option<u8>,
}

impl Labelled {
    /// The labels, packed.
    #[must_use]
    pub fn labels(&self) -> Labels {
        let bits = |cues: &[Cue]| cues.iter().fold(0, |sum, cue| sum | cue.bit());
        let yes = bits(&self.cues);
        let known = ((1 << CUES) - 1) & !bits(&self.unsure) | yes;
        let capability = self
            .capability
            .and_then(|wanted| Capability::ALL.iter().position(|&c| c == wanted))
            .and_then(|at| u8::try_from(at).ok());
        Labels { yes, known, capability }
    }
}
