//! Tally: what a run has read so far, and what it could not use.
//! In: counts from every reading thread. Out: progress, quotes, and the verdict on unusable records.
//! Invariant: the quotes kept are the first in input order, whichever thread met them first.
//! Not here: deciding what is unusable (`line.rs`, `check.rs`).

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use super::{columns::Column, error::ScanError};

/// From how many unusable records on a run may end before all is read.
const EARLY: u64 = 10_000;

/// How many characters of an unusable record are kept.
const SHORT: usize = 120;

/// Counters that all readers share.
#[derive(Debug)]
pub struct Tally {
    good: AtomicU64,
    bad: AtomicU64,
    bytes: AtomicU64,
    seen: AtomicU64,
    max_bad: AtomicU64,
    possible: AtomicU64,
    keep: AtomicUsize,
    quotes: Mutex<BTreeMap<Place, Quote>>,
    opened: OnceLock<(PathBuf, String)>,
}

/// Where in the input something stands: the file's number, then the byte or row.
pub(crate) type Place = (usize, u64);

/// An unusable record, shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The file.
    pub file: String,
    /// The line in the file, or the row, where known.
    pub line: Option<u64>,
    /// The field that is wrong; nothing if it is the record as a whole.
    pub field: Option<String>,
    /// What is wrong.
    pub why: String,
    /// The beginning of the record.
    pub text: String,
}

impl Quote {
    /// Where it is and what is wrong, without a word of the record: for what leaves the terminal.
    pub fn without_text(&self) -> String {
        let why = match (self.why.find('"'), self.why.rfind('"')) {
            (Some(from), Some(to)) if from < to => format!("{}\"…\"{}", &self.why[..from], &self.why[to + 1..]),
            _ => self.why.clone(),
        };
        format!("{}: {why}", self.place())
    }

    fn place(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let field = self.field.as_ref().map(|field| format!(": field `{field}`")).unwrap_or_default();
        format!("{}{line}{field}", self.file)
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.why)?;
        if !self.text.is_empty() {
            write!(f, " in `{}`", self.text)?;
        }
        Ok(())
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            good: AtomicU64::new(0),
            bad: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            max_bad: AtomicU64::new(0.01_f64.to_bits()),
            possible: AtomicU64::new(u64::MAX),
            keep: AtomicUsize::new(5),
            quotes: Mutex::default(),
            opened: OnceLock::new(),
        }
    }
}

impl Tally {
    /// Records read, usable or not.
    pub fn records(&self) -> u64 {
        self.good() + self.bad()
    }

    /// Records that became an exchange.
    pub fn good(&self) -> u64 {
        self.good.load(Relaxed)
    }

    /// Records that could not be used.
    pub fn bad(&self) -> u64 {
        self.bad.load(Relaxed)
    }

    /// Bytes of input consumed (for Parquet, estimated from the rows).
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// The first few unusable records, in input order.
    pub fn quotes(&self) -> Vec<Quote> {
        self.quotes.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The native columns in which at least one exchange had a value, of those that were asked for.
    pub fn seen(&self) -> Vec<&'static str> {
        let seen = self.seen.load(Relaxed);
        Column::ALL.into_iter().filter(|column| seen & column.bit() != 0).map(Column::name).collect()
    }

    /// Whether the run may stand: fails if more records were unusable than may be, or if there was no exchange at all.
    /// Call it when the plan has run.
    pub fn verdict(&self) -> Result<(), ScanError> {
        let (bad, good) = (self.bad(), self.good());
        let limit = f64::from_bits(self.max_bad.load(Relaxed));
        if bad + good == 0
            && let Some((path, source_name)) = self.opened.get()
        {
            return Err(ScanError::NoExchange { path: path.clone(), source_name: source_name.clone() });
        }
        if bad > 0 && bad as f64 > limit * (bad + good) as f64 {
            return Err(ScanError::TooManyBad { bad, good, limit, quotes: self.quotes() });
        }
        Ok(())
    }

    /// As `verdict`, but only once nothing that may follow can turn it: which thread met what first must not show.
    pub(crate) fn early(&self) -> Result<(), ScanError> {
        let (bad, possible) = (self.bad(), self.possible.load(Relaxed));
        let limit = f64::from_bits(self.max_bad.load(Relaxed));
        if bad >= EARLY && bad as f64 > limit * (bad as f64 + possible as f64) { self.verdict() } else { Ok(()) }
    }

    /// Notes how many exchanges there can be at most, in all.
    pub(crate) fn expect(&self, exchanges: u64) {
        self.possible.store(exchanges, Relaxed);
    }

    pub(crate) fn configure(&self, max_bad: f64, keep: usize) {
        self.max_bad.store(max_bad.to_bits(), Relaxed);
        self.keep.store(keep, Relaxed);
    }

    /// Notes what was opened, for the case that nothing comes out of it.
    pub(crate) fn opened(&self, path: PathBuf, sources: String) {
        self.opened.get_or_init(|| (path, sources));
    }

    pub(crate) fn add_good(&self, exchanges: u64, columns: u64) {
        self.good.fetch_add(exchanges, Relaxed);
        if self.seen.load(Relaxed) & columns != columns {
            self.seen.fetch_or(columns, Relaxed);
        }
    }

    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// Counts an unusable record; `quote` is called only if it is among the first.
    pub(crate) fn add_bad(&self, place: Place, quote: impl FnOnce() -> Quote) {
        self.bad.fetch_add(1, Relaxed);
        let keep = self.keep.load(Relaxed);
        let mut quotes = self.quotes.lock().unwrap_or_else(PoisonError::into_inner);
        let late = quotes.last_key_value().is_some_and(|(last, _)| *last < place);
        if quotes.len() >= keep && (late || keep == 0) {
            return;
        }
        quotes.insert(place, quote());
        if quotes.len() > keep {
            quotes.pop_last();
        }
    }
}

/// The beginning of a record, in one line and readable whatever its bytes are.
pub(crate) fn shorten(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(SHORT * 4)];
    let text = String::from_utf8_lossy(head);
    let mut short: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHORT).collect();
    if text.chars().count() > SHORT || head.len() < bytes.len() {
        short.push('…');
    }
    short
}
