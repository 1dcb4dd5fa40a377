//! Model: the nouns of Stillwatch and their file formats.
//! In: nothing. Out: plain types that every other crate hands on.
//! Invariant: serde only; no I/O, no clock, no randomness, no policy.
//! Not here: how campaigns are found (`detect`) or traffic is read (`engine`).

pub mod canonical;
pub mod course;
pub mod effect;
pub mod exchange;
pub mod findings;
pub mod hunted;
pub mod indicator;
pub mod number;
#[cfg(test)]
mod published;
pub mod report;
pub mod saved;
pub mod tracked;

pub use course::{Change, Course, Days, Listed, Membership, Period, Verdict};
pub use effect::{Effect, Reappearance};
pub use exchange::{AccountInfo, Exchange, Message, Truth, TruthLabel};
pub use findings::{
    Campaign, Capability, Cohort, Family, Findings, LinkKind, LinkSummary, Severity, Signal, Skipped, Suspect,
    TemplateSummary, Tokens, Window,
};
pub use hunted::Hunted;
pub use indicator::IndicatorKind;
pub use report::{Case, Edge, Example, Member, Node, Portrait, Report, Telling, Timeline};
pub use saved::{Saved, TextSketch};
pub use tracked::{Status, Tracked};

/// Microseconds since 1970-01-01T00:00:00Z, the unit of every instant inside Stillwatch.
pub type Micros = i64;
