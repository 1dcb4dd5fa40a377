//! Cues: what a prompt asks for that distillers ask for, and which capability it exercises.
//! In: the token hashes of a system text and a prompt. Out: `Scores`; words that explain them.
//! Invariant: same tokens and weights, same scores; a cue says what is asked, never who asks or in which language.
//! Not here: what an account's cues add up to (`sketch.rs`, `signals/`), reading training files (`engine`).

mod explain;
mod features;
mod figures;
mod file;
mod labels;
mod model;
#[cfg(test)]
mod tests;
mod train;

pub use figures::{Figures, SourceFigures};
pub use file::WeightsError;
pub use labels::{Labelled, Labels, Split};
pub use model::{Model, Scores};
pub use train::{Options, Trained, train};

use serde::{Deserialize, Serialize};
use stillwatch_model::Capability;

/// How many cues there are.
pub const CUES: usize = 12;
/// How many figures the model gives a text: the cues, then the capabilities.
pub const OUTPUTS: usize = CUES + Capability::ALL.len();

/// What a prompt can ask for that distillers ask for. Each is a signal of its own, and each has honest uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cue {
    /// Reasoning set down at length, in tags or sections, before the answer.
    ForcedReasoning,
    /// Earlier or hidden reasoning word for word; reasoning made up after the fact for a given answer.
    VerbatimReasoning,
    /// Reasoning moved through a translation, a script or a code.
    LaunderedReasoning,
    /// Answers scored, ranked or compared by a rubric; reward modelling.
    RubricGrading,
    /// Reasoning traces rewritten, normalised, shortened or filtered.
    TraceCleaning,
    /// Tasks, questions, problems or question-and-answer pairs made in number, from nothing or from a text.
    TaskGeneration,
    /// An instruction rewritten to be harder, deeper, rarer or more specific.
    InstructionEvolution,
    /// Content made for or by invented people; textbook-like content made from a seed for a given audience.
    PersonaSynthesis,
    /// A dialogue in which the model plays both sides, or the user's side, or a fixed partner that only answers.
    SelfPlayDialogue,
    /// Tools, interfaces and calls made up; trajectories of tool use written out.
    ToolTrajectories,
    /// Refused, hedged or censored answers rewritten; critique and revision by principles.
    RefusalRewrite,
    /// An answer forced into a shape that a program reads: boxes, fixed markers, only JSON.
    CoercedFormat,
}

impl Cue {
    /// Every cue, in the order of the bits in `Scores::cues`.
    pub const ALL: [Cue; CUES] = [
        Cue::ForcedReasoning,
        Cue::VerbatimReasoning,
        Cue::LaunderedReasoning,
        Cue::RubricGrading,
        Cue::TraceCleaning,
        Cue::TaskGeneration,
        Cue::InstructionEvolution,
        Cue::PersonaSynthesis,
        Cue::SelfPlayDialogue,
        Cue::ToolTrajectories,
        Cue::RefusalRewrite,
        Cue::CoercedFormat,
    ];

    /// The name as printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cue::ForcedReasoning => "forced-reasoning",
            Cue::VerbatimReasoning => "verbatim-reasoning",
            Cue::LaunderedReasoning => "laundered-reasoning",
            Cue::RubricGrading => "rubric-grading",
            Cue::TraceCleaning => "trace-cleaning",
            Cue::TaskGeneration => "task-generation",
            Cue::InstructionEvolution => "instruction-evolution",
            Cue::PersonaSynthesis => "persona-synthesis",
            Cue::SelfPlayDialogue => "self-play-dialogue",
            Cue::ToolTrajectories => "tool-trajectories",
            Cue::RefusalRewrite => "refusal-rewrite",
            Cue::CoercedFormat => "coerced-format",
        }
    }

    /// The cue's bit in `Scores::cues`.
    #[must_use]
    pub fn bit(self) -> u16 {
        1 << self as u16
    }
}
