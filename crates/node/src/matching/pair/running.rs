//! Running: matches in which this node answers, as they are worked on.
//! In: sessions. Out: each with its state.
//! Invariant: a member has one match at a time in memory: a new one ends the old; one that is silent is dropped, and taken up from the
//! disk when it speaks again.
//! Not here: what is done (`begin.rs`, `answer.rs`).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stillwatch_matching::pair::{Receiver, Sender, Terms};

use super::keep::Keeper;
use crate::matching::set::Prepared;

/// How long a match may be silent.
const SILENT: Duration = Duration::from_secs(3_600);

/// All matches.
#[derive(Debug, Default)]
pub struct Running {
    sides: Mutex<HashMap<[u8; 16], Held>>,
}

#[derive(Debug)]
struct Held {
    from: String,
    used: Instant,
    side: Arc<Side>,
}

/// One match.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) folder: PathBuf,
    /// Elements of ours that are evaluated, of how many.
    pub(super) done: Arc<AtomicU64>,
    pub(super) of: AtomicU64,
    pub(super) state: Arc<tokio::sync::Mutex<State>>,
}

/// Where it is.
#[derive(Debug)]
pub(super) enum State {
    /// Our set or our evaluations are being made.
    Preparing,
    /// Terms are known, evaluations are being made.
    Terms(Terms),
    /// Frames can be answered.
    Ready(Box<Ready>),
    /// It can't go on, for these words.
    Failed(String),
}

/// A match that can be answered.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) terms: Terms,
    pub(super) set: Prepared,
    pub(super) sender: Sender,
    /// The other way round, once it is begun.
    pub(super) back: Option<Back>,
    /// Whether the first way is over.
    pub(super) over: bool,
}

/// The other way round: this node asks.
#[derive(Debug)]
pub(super) struct Back {
    pub(super) terms: Terms,
    /// Gone, once it has all.
    pub(super) receiver: Option<Receiver>,
    pub(super) keeper: Keeper,
}

impl Running {
    /// The match of a session that a member speaks of; a new one is put in place of all others of that member, by `make`.
    pub(super) fn side(
        &self,
        session: [u8; 16],
        from: &str,
        make: impl FnOnce() -> Option<Side>,
    ) -> Option<(Arc<Side>, bool)> {
        let mut sides = self.sides.lock().unwrap_or_else(PoisonError::into_inner);
        sides.retain(|_, held| held.used.elapsed() < SILENT);
        if let Some(held) = sides.get_mut(&session) {
            if held.from != from {
                return None;
            }
            held.used = Instant::now();
            return Some((Arc::clone(&held.side), false));
        }
        let side = Arc::new(make()?);
        sides.retain(|_, held| held.from != from);
        sides.insert(session, Held { from: from.to_owned(), used: Instant::now(), side: Arc::clone(&side) });
        Some((side, true))
    }

    /// Forgets a match.
    pub(super) fn forget(&self, session: [u8; 16]) {
        self.sides.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }
}
