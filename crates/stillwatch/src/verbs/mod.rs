//! Verbs: those that this program does itself.
//! In: arguments. Out: an exit code.
//! Invariant: no raw log is read here.
//! Not here: verbs of the engine (`engine.rs`).

pub(crate) mod backup;
pub(crate) mod campaigns;
pub(crate) mod completions;
pub(crate) mod decisions;
pub(crate) mod demo;
pub(crate) mod evidence;
pub(crate) mod intel;
pub(crate) mod ledger;
pub(crate) mod matching;
pub(crate) mod node;
pub(crate) mod notice;
pub(crate) mod peer;
pub(crate) mod policy;
pub(crate) mod record;
pub(crate) mod release;
pub(crate) mod rules;
pub(crate) mod save;
pub(crate) mod saving;
pub(crate) mod stix;
mod store;
pub(crate) mod validate;
