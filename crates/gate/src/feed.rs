//! Feed: changes in order, for those who ask 'what is new since …'.
//! In: changes of the book. Out: those after a number, or that some of them are no longer kept.
//! Invariant: in order, without gaps, bounded; who was away too long is told so, never handed half of it.
//! Not here: the wire (`enforce/crowdsec.rs`, server-sent events in `node`).

use std::collections::VecDeque;

use crate::book::Change;

/// Changes that are kept unless told otherwise: at 10,000 a second, half a minute.
pub const KEPT: usize = 1 << 18;

/// The last changes.
#[derive(Debug)]
pub struct Feed {
    changes: VecDeque<Change>,
    most: usize,
    /// Number of the last change that is no longer kept, or that was never here.
    before: u64,
}

impl Feed {
    /// A feed that begins after a change, and keeps so many.
    #[must_use]
    pub fn after(number: u64, most: usize) -> Self {
        Feed { changes: VecDeque::new(), most: most.max(1), before: number }
    }

    /// Takes changes in; what doesn't follow on the last one begins the feed anew, so that nobody overlooks a gap.
    pub fn push(&mut self, changes: &[Change]) {
        for change in changes {
            if change.number != self.last() + 1 {
                self.changes.clear();
                self.before = change.number.saturating_sub(1);
            }
            self.changes.push_back(change.clone());
            if self.changes.len() > self.most {
                self.before = self.changes.pop_front().map_or(self.before, |change| change.number);
            }
        }
    }

    /// Number of the last change.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.changes.back().map_or(self.before, |change| change.number)
    }

    /// Changes after a number; `None`: some of them are no longer kept, or the number is of another feed; ask for everything.
    #[must_use]
    pub fn since(&self, number: u64) -> Option<impl Iterator<Item = &Change>> {
        let known = (self.before..=self.last()).contains(&number);
        known.then(|| self.changes.range((number - self.before) as usize..))
    }
}
