//! Hunt: received indicators, looked for in own logs or sketches.
//! In: wanted indicators, the logs' exchanges or saved sketches. Out: `Tallied`: who matches what, how often and when.
//! Invariant: what can't be seen is refused with the reason, never a silent miss.
//! Not here: reading bundles (`wanted.rs` takes what `stix` understood), printing (`verbs/hunt.rs`).

pub(crate) mod exchanges;
pub(crate) mod shape;
pub(crate) mod sketches;
pub(crate) mod tally;
mod texts;
pub(crate) mod wanted;
pub(crate) mod warning;

pub(crate) use tally::Tallied;
pub(crate) use wanted::Wanted;
