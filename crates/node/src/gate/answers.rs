//! Answers: how many questions were answered, and how.
//! In: each answer. Out: figures.
//! Invariant: an addition an answer and nothing that anybody waits for; no names, keys or accounts.
//! Not here: how they are shown (`http/counts.rs`).

use std::sync::atomic::{AtomicU64, Ordering};

use stillwatch_gate::Action;

/// How it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `/v1/decide`.
    Decide,
    /// `/v1/forward`.
    Forward,
    /// Envoy's `ext_authz`.
    Envoy,
}

/// Their words.
pub(crate) const WAYS: [&str; 3] = ["decide", "forward", "envoy"];
/// The words of actions, as `Action::name` has them, in the order of `Action::rank`.
pub(crate) const ACTIONS: [&str; 5] = ["allow", "challenge", "throttle", "degrade", "block"];

/// How many there were since the node began.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    given: [[AtomicU64; ACTIONS.len()]; WAYS.len()],
    /// Questions without a key that is known.
    pub(crate) strangers: AtomicU64,
}

impl Answers {
    pub(crate) fn count(&self, way: Way, action: Action) {
        let action = usize::from(action.rank().0);
        if let Some(count) = self.given.get(way as usize).and_then(|given| given.get(action)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Way, action, how many.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        WAYS.iter().zip(&self.given).flat_map(|(way, given)| {
            ACTIONS.iter().zip(given).map(|(action, count)| (*way, *action, count.load(Ordering::Relaxed)))
        })
    }
}
