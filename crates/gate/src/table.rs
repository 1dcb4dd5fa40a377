//! Table: decisions where each request looks them up.
//! In: entries at the start, then changes in order. Out: what wins for a key, at a time.
//! Invariant: a table never changes: a new one takes its place at once (`Live`); expiry is read at each look-up, no sweep is needed.
//! Not here: what a request asks (`decide.rs`), the clock (`clock.rs`).

pub(crate) mod exact;
pub(crate) mod layer;
pub(crate) mod prefixes;
pub mod row;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use ipnet::IpNet;

use crate::book::{Change, Done};
use crate::entry::Entry;
use crate::table::layer::Layer;
use crate::table::row::{Best, Key, Line, better};

/// Decisions that were changed since the base was built, before it is built anew; or an eighth of the base, if that is more.
const FEW: usize = 4_096;
/// Seconds that an ended decision is kept: points that poll are told of its end.
const KEEP_ENDED: i64 = 24 * 3_600;

/// What points ask: a large part that is seldom built, and a small one of what changed since.
#[derive(Debug, Default)]
pub struct Table {
    number: u64,
    base: Arc<Layer>,
    recent: Layer,
    entries: BTreeMap<u64, Arc<Entry>>,
    /// Decisions of the base that were changed or taken back.
    gone: HashSet<u64>,
}

impl Table {
    /// A table of entries; `number` is that of the last change in them.
    #[must_use]
    pub fn build(entries: impl IntoIterator<Item = Entry>, number: u64) -> Self {
        let entries: Vec<Entry> = entries.into_iter().collect();
        Table { number, base: Arc::new(Layer::build(entries.iter().map(Line::of))), ..Table::default() }
    }

    /// The table after changes. Changes that it has already are passed over; `now`: what ended long before is left out.
    #[must_use]
    pub fn after(&self, changes: &[Change], now: i64) -> Self {
        let (mut number, mut entries, mut gone) = (self.number, self.entries.clone(), self.gone.clone());
        for change in changes.iter().filter(|change| change.number > self.number) {
            number = number.max(change.number);
            let id = change.entry.id;
            gone.insert(id);
            if change.done != Done::TakenBack {
                entries.insert(id, Arc::new(change.entry.clone()));
            } else {
                entries.remove(&id);
            }
        }
        if gone.len() <= FEW.max(self.base.count() / 8) {
            let recent = Layer::build(entries.values().map(|entry| Line::of(entry)));
            return Table { number, base: Arc::clone(&self.base), recent, entries, gone };
        }
        let still = |line: &Line<'_>| line.expires > now.saturating_sub(KEEP_ENDED);
        let old = self.base.all().filter(|line| !gone.contains(&line.id));
        let new = entries.values().map(|entry| Line::of(entry));
        let base = Arc::new(Layer::build(old.chain(new).filter(still)));
        Table { number, base, ..Table::default() }
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

    /// Each key once, with what wins for it; for networks over all that contain it.
    pub fn keys(&self, now: i64) -> impl Iterator<Item = (Key<'_>, Best<'_>)> {
        let mut last = None;
        let base = self.base.all().map(|line| line.key);
        let recent = self.recent.all().map(|line| line.key).filter(|key| self.base.find(*key).next().is_none());
        base.chain(recent).filter(move |key| last.replace(*key) != Some(*key)).filter_map(move |key| {
            // A key whose own decisions ended says nothing any more, even where a wider network does.
            self.just(key).any(|line| now < line.expires).then_some(())?;
            Some((key, self.find(key, now)?))
        })
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
        self.gone.is_empty() || !self.gone.contains(&line.id)
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

    /// Brings changes in, all at once.
    pub fn change(&self, changes: &[Change], now: i64) {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.table.store(Arc::new(self.table.load().after(changes, now)));
    }

    /// Puts another table in its place.
    pub fn replace(&self, table: Table) {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.table.store(Arc::new(table));
    }
}
