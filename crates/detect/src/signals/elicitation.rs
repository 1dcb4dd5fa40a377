//! Elicitation: prompts ask for what distillers ask for.
//! In: the cues of sampled exchanges. Out: `Reading`.
//! Invariant: cues that honest work often shows count in part.
//! Not here: what it is worth (`calibrate.rs`).
//!
//! ## What it sees
//! The share of sampled exchanges with an elicitation cue: reasoning forced out, tasks generated, answers graded, and so on.
//! ## Why it matters
//! What is asked for is what the student model is trained on.
//! ## How it is evaded
//! Bare questions with no instruction.
//! ## Honest look-alikes
//! Audit trails and tutoring (explanations of this answer), judges in customers' own evaluations, permitted synthetic data.
//! ## Example
//! `88 % of sampled exchanges show a cue, most often task-generation`

use stillwatch_model::Family;

use super::{Reading, Signal};
use crate::cues::{CUES, Cue};
use crate::group::Group;
use crate::scale::{percent, ramp};

/// The signal.
pub const SIGNAL: Signal = Signal {
    name: "elicitation",
    family: Family::Content,
    weight: (2.9, 0.4),
    measure,
    needs: &["prompt", "system", "messages"],
};

fn measure(group: &Group<'_>) -> Option<Reading> {
    let (mut sum, mut seen) = (0.0, [0.0; CUES]);
    let mut members = 0.0;
    for account in group.accounts() {
        let samples = account.sketch.samples();
        if samples.is_empty() || account.sketch.counts.prompts == 0 {
            continue;
        }
        let part = 1.0 / samples.len() as f64;
        for sample in samples {
            let mut strongest = 0.0f64;
            for (bit, cue) in Cue::ALL.into_iter().enumerate() {
                if sample.cues >> bit & 1 == 1 {
                    seen[bit] += part;
                    strongest = strongest.max(weight(cue));
                }
            }
            sum += strongest * part;
        }
        members += 1.0;
    }
    if members < 1.0 {
        return None;
    }
    let value = sum / members;
    let top =
        (0..CUES).max_by(|&a, &b| seen[a].total_cmp(&seen[b]).then(b.cmp(&a))).map_or("", |bit| Cue::ALL[bit].name());
    Some(Reading {
        value,
        evidence: ramp(value, 0.12, 0.6).max(-0.25),
        because: format!(
            "{} of sampled exchanges show an elicitation cue (weighted), most often {top}",
            percent(value)
        ),
    })
}

/// How far a cue is the harvester's own: grading and fixed formats are asked for by honest work every day.
pub(crate) fn weight(cue: Cue) -> f64 {
    match cue {
        Cue::CoercedFormat => 0.2,
        Cue::RubricGrading | Cue::ToolTrajectories => 0.6,
        _ => 1.0,
    }
}
