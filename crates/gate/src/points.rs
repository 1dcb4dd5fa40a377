//! Points: which enforcement point applied which change, and which fall behind.
//! In: what points report, the feed, the time. Out: alarms.
//! Invariant: a point is late when a change that it doesn't have is older than its allowance, not when little happens.
//! Not here: who is told (`node`).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::feed::Feed;

/// How a point gets its changes: for how long one may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// It is told (server-sent events, webhook): a second.
    Push,
    /// It asks: ten seconds, and what it takes to ask.
    Poll,
}

/// What is known of a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// How it gets its changes.
    pub way: Way,
    /// Number of the last change that it has.
    pub applied: u64,
    /// When it last reported.
    pub seen: Timestamp,
}

/// A point that falls behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Late {
    /// Its name.
    pub point: String,
    /// Changes that it doesn't have.
    pub missing: u64,
    /// When it last reported.
    pub seen: Timestamp,
    /// One sentence.
    pub because: String,
}

/// All points that ever reported.
#[derive(Debug, Default)]
pub struct Points {
    known: BTreeMap<String, Point>,
}

impl Way {
    /// How old a change may be that a point doesn't have.
    #[must_use]
    pub fn allowance(self) -> SignedDuration {
        SignedDuration::from_secs(if self == Way::Push { 1 } else { 15 })
    }

    /// How long a point may be silent.
    fn silence(self) -> SignedDuration {
        SignedDuration::from_secs(60)
    }
}

impl Points {
    /// A point reports what it applied.
    pub fn report(&mut self, name: &str, way: Way, applied: u64, now: Timestamp) {
        self.known.insert(name.to_owned(), Point { way, applied, seen: now });
    }

    /// A point was taken out of service.
    pub fn forget(&mut self, name: &str) {
        self.known.remove(name);
    }

    /// All points.
    #[must_use]
    pub fn known(&self) -> &BTreeMap<String, Point> {
        &self.known
    }

    /// Points that are late or silent.
    #[must_use]
    pub fn late(&self, feed: &Feed, now: Timestamp) -> Vec<Late> {
        let mut late = Vec::new();
        for (name, point) in &self.known {
            let missing = feed.last().saturating_sub(point.applied);
            let oldest = feed.since(point.applied).map(|mut changes| changes.next().map(|change| change.at));
            let silent = now.duration_since(point.seen);
            let because = match oldest {
                None => "it lacks more changes than are kept: it should ask for everything".to_owned(),
                Some(Some(at)) if now.duration_since(at) > point.way.allowance() => {
                    let seconds = now.duration_since(at).as_secs();
                    format!("it doesn't have the change of {seconds} seconds ago ({missing} in all)")
                }
                _ if silent > point.way.silence() => {
                    format!("nothing was heard of it for {} seconds", silent.as_secs())
                }
                _ => continue,
            };
            late.push(Late { point: name.clone(), missing, seen: point.seen, because });
        }
        late
    }
}
