//! Signals: named measurements of a group of accounts, a file each.
//! In: `Group`. Out: `Reading`s.
//! Invariant: a reading's evidence lies between -1 (speaks for honest use) and 1; no signal reads country or language.
//! Not here: what a reading is worth (`calibrate.rs`).

pub mod answers;
pub mod balance;
pub mod burst;
pub mod cold;
pub mod declared;
pub mod elicitation;
pub mod exits;
pub mod focus;
pub mod injected;
pub mod payment;
pub mod pivot;
pub mod refusals;
pub mod repeats;
pub mod replay;
pub mod rhythm;
pub mod succession;
pub mod synchrony;
pub mod template;
pub mod verified;

use stillwatch_model::Family;

use crate::group::Group;

/// What a signal read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The figure.
    pub value: f64,
    /// How strongly it speaks, -1 (for honest use) to 1 (for a campaign).
    pub evidence: f64,
    /// One sentence with the figure.
    pub because: String,
}

/// A signal: its name, its family, how it is measured, and the columns that it cannot do without.
#[derive(Debug, Clone, Copy)]
pub struct Signal {
    /// Name, as printed.
    pub name: &'static str,
    /// Family.
    pub family: Family,
    /// Log-odds that full evidence adds, for and against.
    pub weight: (f64, f64),
    /// Measures a group; `None` when there is too little to say anything.
    pub measure: fn(&Group<'_>) -> Option<Reading>,
    /// Columns of the log or the accounts file, any one of which feeds it.
    pub needs: &'static [&'static str],
}

/// Every signal.
pub const ALL: [Signal; 19] = [
    template::SIGNAL,
    injected::SIGNAL,
    elicitation::SIGNAL,
    repeats::SIGNAL,
    rhythm::SIGNAL,
    balance::SIGNAL,
    synchrony::SIGNAL,
    pivot::SIGNAL,
    succession::SIGNAL,
    burst::SIGNAL,
    payment::SIGNAL,
    declared::SIGNAL,
    verified::SIGNAL,
    exits::SIGNAL,
    replay::SIGNAL,
    refusals::SIGNAL,
    focus::SIGNAL,
    answers::SIGNAL,
    cold::SIGNAL,
];
