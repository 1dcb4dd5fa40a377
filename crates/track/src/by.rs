//! By: who changes something, and when.
//! In: a name and an instant. Out: `By`.
//! Invariant: the store has no clock and no user of its own; both are handed in.
//! Not here: finding out who it is (the command line does).

use stillwatch_model::Micros;

/// Who, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub author: String,
    /// When, microseconds since the epoch.
    pub at: Micros,
}
