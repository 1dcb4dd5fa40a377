//! Table: decisions where each request looks them up.
//! In: entries at the start, then changes in order. Out: what wins for a key, at a time.
//! Invariant: a table never changes: a new one takes its place at once (`Live`); expiry is read at each look-up, no sweep is needed.
//! Not here: what a request asks (`decide.rs`), the clock (`clock.rs`).

pub(crate) mod exact;
pub(crate) mod layer;
pub(crate) mod prefixes;
pub mod row;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use ipnet::IpNet;

use crate::action::Action;
use crate::book::{Change, Done};
use crate::entry::{Course, Entry};
use crate::table::layer::Layer;
use crate::table::row::{Best, Key, Line, Row, better};

/// Decisions that were changed since the base was built, before it should be built anew; or a sixteenth of the base, if that is more.
const FEW: usize = 4_096;
/// Seconds that an ended decision is kept: points that poll are told of its end.
const KEEP_ENDED: i64 = 24 * 3_600;

/// What points ask: a large part that is seldom built, and a small one of what changed since.
#[derive(Debug, Default)]
pub struct Table {
    number: u64,
    base: Arc<Layer>,
    recent: Layer,
    /// Decisions that were made or renewed since the base was built, each with the number of its change.
    entries: BTreeMap<u64, (u64, Arc<Entry>)>,
    /// Decisions that were changed since, whatever was done to them, each with the number of its last change.
    gone: HashMap<u64, u64>,
}

impl Table {
    /// A table of entries; `number` is that of the last change in them.
    #[must_use]
    pub fn build(entries: impl IntoIterator<Item = Entry>, number: u64) -> Self {
        let entries: Vec<Entry> = entries.into_iter().collect();
        Table { number, base: Arc::new(Layer::build(entries.iter().map(Line::of))), ..Table::default() }
    }

    /// The table after changes. Changes that it has already are passed over.
    #[must_use]
    pub fn after(&self, changes: &[Change]) -> Self {
        let (mut number, mut entries, mut gone) = (self.number, self.entries.clone(), self.gone.clone());
        for change in changes.iter().filter(|change| change.number > self.number) {
            number = number.max(change.number);
            let id = change.entry.id;
            gone.insert(id, change.number);
            if change.done == Done::TakenBack {
                entries.remove(&id);
            } else {
                entries.insert(id, (change.number, Arc::new(change.entry.clone())));
            }
        }
        Self::of(number, Arc::clone(&self.base), entries, gone)
    }

    /// Whether so much changed that the base should be built anew (`Live::settle`).
    #[must_use]
    pub fn unsettled(&self) -> bool {
        self.gone.len() > FEW.max(self.base.count() / 16)
    }

    /// The same decisions, all in the base; what ended long ago is left out.
    fn settled(&self, now: i64) -> Self {
        let still = |line: &Line<'_>| line.expires > now.saturating_sub(KEEP_ENDED);
        let base = Arc::new(Layer::build(self.lines().filter(still)));
        Table { number: self.number, base, ..Table::default() }
    }

    /// A later table on the base of a settled one.
    fn on(&self, settled: &Table) -> Self {
        let later = |number: u64| number > settled.number;
        let entries = self.entries.iter().filter(|(_, (number, _))| later(*number));
        let entries = entries.map(|(id, (number, entry))| (*id, (*number, Arc::clone(entry)))).collect();
        let gone = self.gone.iter().filter(|(_, number)| later(**number)).map(|(id, number)| (*id, *number)).collect();
        Self::of(self.number, Arc::clone(&settled.base), entries, gone)
    }

    fn of(number: u64, base: Arc<Layer>, entries: BTreeMap<u64, (u64, Arc<Entry>)>, gone: HashMap<u64, u64>) -> Self {
        let recent = Layer::build(entries.values().map(|(_, entry)| Line::of(entry)));
        Table { number, base, recent, entries, gone }
    }

    /// Number of the last change in it.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Decisions in it, ended ones that are still kept included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lines().count()
    }

    /// What wins for a key; for a network or address, over all networks that contain it.
    #[must_use]
    pub fn find<'a>(&'a self, key: Key<'a>, now: i64) -> Option<Best<'a>> {
        self.consider(None, key, now)
    }

    /// What wins for a key and what was found before.
    pub(crate) fn consider<'a>(&'a self, best: Option<Best<'a>>, key: Key<'a>, now: i64) -> Option<Best<'a>> {
        match key {
            Key::Network(net) => {
                let base = self.base.around(net).filter(|line| self.stands(line));
                base.chain(self.recent.around(net)).fold(best, |best, line| better(best, line, now))
            }
            Key::Exact(..) => self.just(key).fold(best, |best, line| better(best, line, now)),
        }
    }

    /// Lines with just this key, ended ones too.
    pub fn just<'a>(&'a self, key: Key<'a>) -> impl Iterator<Item = Line<'a>> {
        self.base.find(key).filter(|line| self.stands(line)).chain(self.recent.find(key))
    }

    /// Lines of networks inside a network.
    pub fn inside(&self, net: IpNet) -> impl Iterator<Item = Line<'_>> {
        self.base.inside(net).filter(|line| self.stands(line)).chain(self.recent.inside(net))
    }

    /// Lines that bear on a key: its own, and those of networks around it. Ended ones too.
    #[must_use]
    pub fn bearing<'a>(&'a self, key: Key<'a>) -> Vec<Line<'a>> {
        match key {
            Key::Network(net) => {
                let base = self.base.around(net).filter(|line| self.stands(line));
                base.chain(self.recent.around(net)).collect()
            }
            Key::Exact(..) => self.just(key).collect(),
        }
    }

    /// All lines, ended ones that are still kept included.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.base.all().filter(|line| self.stands(line)).chain(self.recent.all())
    }

    /// Lines that let through or that come to their end, or to a step of their course, between two times.
    pub(crate) fn turning(&self, after: i64, until: i64) -> Vec<Line<'_>> {
        let want = move |row: &Row, course: &Course| {
            course.action == Action::Allow
                || i64::from(row.expires) > after && (i64::from(row.expires) <= until || !course.decays.is_empty())
        };
        let wanted = move |line: &Line<'_>| {
            line.course.action == Action::Allow || line.expires > after && line.changes(after) <= until
        };
        let base = self.base.wanted(want).filter(|line| self.stands(line));
        base.chain(self.recent.wanted(want)).filter(wanted).collect()
    }

    /// Each key once, with what wins for it; for networks over all that contain it.
    pub fn keys(&self, now: i64) -> impl Iterator<Item = (Key<'_>, Best<'_>)> {
        let base = self.base.keys().filter_map(move |(key, lines)| {
            let (mut own, mut best) = (false, None);
            for line in lines.filter(|line| self.stands(line)) {
                own = own || (line.key == key && now < line.expires);
                best = better(best, line, now);
            }
            if self.recent.count() > 0 {
                own = own || self.recent.find(key).any(|line| now < line.expires);
                best = self.consider_recent(best, key, now);
            }
            // A key whose own decisions ended says nothing any more, even where a wider network does.
            own.then_some((key, best?))
        });
        let mut last = None;
        let recent = self.recent.all().map(|line| line.key).filter(move |key| last.replace(*key) != Some(*key));
        let recent = recent.filter(|key| self.base.find(*key).next().is_none()).filter_map(move |key| {
            self.recent.find(key).any(|line| now < line.expires).then_some(())?;
            Some((key, self.find(key, now)?))
        });
        base.chain(recent)
    }

    fn consider_recent<'a>(&'a self, best: Option<Best<'a>>, key: Key<'a>, now: i64) -> Option<Best<'a>> {
        match key {
            Key::Network(net) => self.recent.around(net).fold(best, |best, line| better(best, line, now)),
            Key::Exact(..) => self.recent.find(key).fold(best, |best, line| better(best, line, now)),
        }
    }

    /// Bytes in use beside the keys, and bytes of keys.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let (base, base_keys) = self.base.size();
        let (recent, recent_keys) = self.recent.size();
        let keys = base_keys + recent_keys;
        ((base + recent).saturating_sub(keys), keys)
    }

    fn stands(&self, line: &Line<'_>) -> bool {
        self.gone.is_empty() || !self.gone.contains_key(&line.id)
    }
}

/// The table in use. Readers never wait; writers one after the other.
#[derive(Debug, Default)]
pub struct Live {
    table: ArcSwap<Table>,
    writing: Mutex<()>,
}

impl Live {
    /// A table, in use from now on.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Live { table: ArcSwap::from_pointee(table), writing: Mutex::new(()) }
    }

    /// The table as it is now, for one look-up.
    #[must_use]
    pub fn now(&self) -> Guard<Arc<Table>> {
        self.table.load()
    }

    /// The table as it is now, for longer work.
    #[must_use]
    pub fn keep(&self) -> Arc<Table> {
        self.table.load_full()
    }

    /// Brings changes in, all at once. Says whether `settle` is due.
    pub fn change(&self, changes: &[Change]) -> bool {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let table = self.table.load().after(changes);
        let due = table.unsettled();
        self.table.store(Arc::new(table));
        due
    }

    /// Builds the large part anew, while look-ups and changes go on.
    pub fn settle(&self, now: i64) {
        let settled = self.keep().settled(now);
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let table = self.table.load();
        // Another table may have been put in its place meanwhile.
        if table.number >= settled.number {
            self.table.store(Arc::new(table.on(&settled)));
        }
    }

    /// Puts another table in its place.
    pub fn replace(&self, table: Table) {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.table.store(Arc::new(table));
    }
}
