//! Row: one decision as the table keeps it, and which of several wins.
//! In: seconds, a course's number. Out: candidates for an answer, the best of them.
//! Invariant: an `allow` wins; else the hardest action; else what ends last; else the lower number.
//! Not here: keys (`exact.rs`, `prefixes.rs`).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::action::Action;
use crate::entry::{Course, Entry};
use crate::subject::{Kind, Subject};

/// A decision without its key: 24 bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) id: u64,
    /// Seconds since 1970.
    pub(crate) since: u32,
    /// Seconds since 1970; `u32::MAX`: never.
    pub(crate) expires: u32,
    /// Which course.
    pub(crate) course: u32,
}

/// A key, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key<'a> {
    /// An account, client or fingerprint.
    Exact(Kind, &'a str),
    /// A network.
    Network(IpNet),
}

impl<'a> Key<'a> {
    /// The key of a subject.
    #[must_use]
    pub fn of(subject: &'a Subject) -> Self {
        match subject {
            Subject::Account(value) | Subject::Client(value) | Subject::Ja4(value) => Key::Exact(subject.kind(), value),
            Subject::Network(net) => Key::Network(*net),
        }
    }

    /// The key of one address.
    #[must_use]
    pub fn address(ip: IpAddr) -> Self {
        Key::Network(IpNet::from(ip.to_canonical()))
    }

    /// What kind of key.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Key::Exact(kind, _) => *kind,
            Key::Network(_) => Kind::Network,
        }
    }
}

/// One decision of the table, with its key.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The decision's number.
    pub id: u64,
    /// About whom.
    pub key: Key<'a>,
    /// What it does.
    pub course: &'a Course,
    /// From when its age counts, in seconds since 1970.
    pub since: i64,
    /// When it ends, in seconds since 1970; `i64::MAX`: never.
    pub expires: i64,
}

impl<'a> Line<'a> {
    pub(crate) fn of(entry: &'a Entry) -> Self {
        Line {
            id: entry.id,
            key: Key::of(&entry.subject),
            course: &entry.course,
            since: entry.since,
            expires: entry.expires,
        }
    }

    pub(crate) fn new(row: &Row, key: Key<'a>, course: &'a Course) -> Self {
        let expires = if row.expires == u32::MAX { i64::MAX } else { i64::from(row.expires) };
        Line { id: row.id, key, course, since: i64::from(row.since), expires }
    }

    pub(crate) fn row(&self, course: u32) -> Row {
        let whole = |seconds: i64| u32::try_from(seconds.max(0)).unwrap_or(u32::MAX);
        Row { id: self.id, since: whole(self.since), expires: whole(self.expires), course }
    }

    /// What is done at a time; `None` when it ended.
    #[must_use]
    pub fn acts(&self, now: i64) -> Option<Action> {
        (now < self.expires).then(|| self.course.at(now.saturating_sub(self.since)))
    }

    /// When something else follows: the next step of its course, or its end.
    #[must_use]
    pub fn changes(&self, now: i64) -> i64 {
        let step = self.course.next(now.saturating_sub(self.since)).map(|age| self.since.saturating_add(age));
        step.unwrap_or(i64::MAX).min(self.expires)
    }
}

/// What wins at a time among the lines looked at so far.
#[derive(Debug, Clone, Copy)]
pub struct Best<'a> {
    /// The line.
    pub line: Line<'a>,
    /// What it does now.
    pub action: Action,
    /// When another answer may follow, the table unchanged: the earliest change of any line looked at.
    pub until: i64,
}

/// The better of what was found and one more line.
pub(crate) fn better<'a>(best: Option<Best<'a>>, line: Line<'a>, now: i64) -> Option<Best<'a>> {
    let Some(action) = line.acts(now) else { return best };
    let until = line.changes(now);
    let Some(best) = best else { return Some(Best { line, action, until }) };
    let until = until.min(best.until);
    let order = |action: Action, line: &Line<'_>| {
        (action == Action::Allow, action.rank(), line.expires, std::cmp::Reverse(line.id))
    };
    if order(action, &line) > order(best.action, &best.line) {
        Some(Best { line, action, until })
    } else {
        Some(Best { until, ..best })
    }
}
