//! Check: whether single elements are in the pool: one blind round trip each, then a look on this side.
//! In: values. Out: whether anyone has them, with the labels that members attached.
//! Invariant: nobody else learns what is asked, only that something is; answers are used with all proofs; the filter is in memory,
//! the table on the disk.
//! Not here: publishing (`publish.rs`).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use stillwatch_ledger::Step;
use stillwatch_matching::check::{Filter, Found as Opened, Table};
use stillwatch_matching::epoch::{Asker, EpochKey};
use stillwatch_matching::oprf::Output;
use stillwatch_matching::{LABEL, Label, Namespace, normalise};

use super::ask;
use super::call::What;
use super::holding::rounds;
use super::known::Known;
use super::others::Others;
use super::share;
use super::told::Told;
use crate::error::{Error, Result};
use crate::matching::files::failed;
use crate::matching::key::random;
use crate::matching::set::Prepared;
use crate::matching::{Place, broken};

/// Round numbers taken at once: one write to the store for so many questions.
const ROUNDS: u64 = 256;
/// How often a question gets another round, where others of this node's asked meanwhile.
const TRIES: usize = 4;
/// Records of one element that are read at most.
const MOST: usize = 4_096;

/// What the pool has of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Members' labels.
    pub labels: Vec<Label>,
    /// Labels that don't open, or say what can't be.
    pub spoilt: usize,
}

/// Asks about single elements, and keeps lines, filter and quorum meanwhile.
pub struct Checker {
    place: Place,
    others: Box<dyn Others>,
    known: Known,
    key: EpochKey,
    filter: Filter,
    table: File,
    records: u64,
    quorum: Vec<String>,
    next: u64,
    end: u64,
    asked: u64,
}

impl std::fmt::Debug for Checker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checker(epoch {} of {})", self.known.setup.epoch, self.known.row.namespace)
    }
}

impl Checker {
    /// Asks under the newest active epoch of a namespace, whose pool is fetched where it isn't here.
    ///
    /// # Errors
    /// When there is none, its pool isn't published, isn't right, or too few holders answer.
    pub async fn new(place: &Place, others: Box<dyn Others>, namespace: Namespace) -> Result<Self> {
        let known = Known::with_pool(place, namespace).await?;
        known.active()?;
        super::publish::fetch(place, others.as_ref(), &known).await?;
        let key = known.key()?;
        let folder = share::folder(place, &known.id)?;
        let (filter, table) = (folder.join(What::Filter.name()), folder.join(What::Table.name()));
        let bytes = std::fs::read(&filter).map_err(failed(&filter))?;
        let filter = Filter::from_bytes(&key, &bytes).map_err(broken)?;
        let file = File::open(&table).map_err(failed(&table))?;
        let records = file.metadata().map_err(failed(&table))?.len() / Table::record(known.terms.label) as u64;
        let quorum = ask::quorum(place, others.as_ref(), &known, &key, 0).await?;
        let place = place.clone();
        Ok(Self { place, others, known, key, filter, table: file, records, quorum, next: 0, end: 0, asked: 0 })
    }

    /// Which epoch is asked.
    #[must_use]
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Whether the pool has a value; nothing, if it hasn't.
    ///
    /// # Errors
    /// When the value can't be one of the namespace, the budget is used up, the epoch is over, or a holder cheats or isn't reached.
    pub async fn may_have(&mut self, value: &str) -> Result<Option<Found>> {
        let output = self.output(value).await?;
        if !self.filter.may_have(&output).map_err(broken)? {
            return Ok(None);
        }
        self.look(&output)
    }

    /// What this node itself attached to the value, where it gave it to the pool.
    ///
    /// # Errors
    /// When the value can't be one of the namespace, or the set can't be read.
    pub fn own(&self, value: &str) -> Result<Option<Label>> {
        let element = normalise(self.known.setup.namespace, value).map_err(broken)?;
        let Some(set) = Prepared::open(&share::folder(&self.place, &self.known.id)?)? else { return Ok(None) };
        let attached = set.attached(&element)?;
        Ok(attached.and_then(|attached| attached.get(..LABEL).and_then(Label::from_bytes)))
    }

    async fn output(&mut self, value: &str) -> Result<Output> {
        let element = normalise(self.known.setup.namespace, value).map_err(broken)?;
        let quorum: Vec<String> = self.quorum.clone();
        let quorum: Vec<&str> = quorum.iter().map(String::as_str).collect();
        for _ in 0..TRIES {
            if self.next >= self.end {
                self.next = rounds(&self.place, &self.known, ROUNDS).await?;
                self.end = self.next + ROUNDS;
            }
            let mut asker = Asker::new(self.key.clone(), &self.place.name, self.next);
            let asked = asker.ask(vec![element.clone()], 0, &quorum, &mut random()).map_err(broken)?;
            self.next += 1;
            self.asked += 1;
            match ask::ask(&self.place, self.others.as_ref(), &self.known, asked).await? {
                Some(mut outputs) => {
                    let (_, output) = outputs.pop().ok_or_else(|| Error::refused("no answer came", "try again"))?;
                    return Ok(output);
                }
                // Another program of this node asked with later rounds: later ones still are taken.
                None => self.end = self.next,
            }
        }
        Err(Error::refused("others of this node's programs ask at the same time", "try again"))
    }

    /// The records of an output, found in the file by halving.
    fn look(&mut self, output: &Output) -> Result<Option<Found>> {
        let each = Table::record(self.known.terms.label);
        let tag = Table::tag(output).map_err(broken)?;
        let path = What::Table.name();
        let file = &mut self.table;
        let mut at = |record: u64, bytes: &mut [u8]| {
            file.seek(SeekFrom::Start(record * each as u64))
                .and_then(|_| file.read_exact(bytes))
                .map_err(|source| Error::File { path: path.to_owned(), source })
        };
        let (mut from, mut to) = (0, self.records);
        let mut head = [0; 16];
        while from < to {
            let middle = from + (to - from) / 2;
            at(middle, &mut head)?;
            if head < tag { from = middle + 1 } else { to = middle }
        }
        let mut same = Vec::new();
        let mut record = vec![0; each];
        for place in from..self.records.min(from + MOST as u64) {
            at(place, &mut record)?;
            if record.get(..16) != Some(tag.as_slice()) {
                break;
            }
            same.extend_from_slice(&record);
        }
        if same.is_empty() {
            return Ok(None);
        }
        let table = Table::from_bytes(&self.key, self.known.terms.label, &same).map_err(broken)?;
        Ok(table.find(output).map_err(broken)?.map(|Opened { labels, spoilt }| {
            let read: Vec<Label> =
                labels.iter().filter_map(|label| label.get(..LABEL).and_then(Label::from_bytes)).collect();
            let unread = labels.len() - read.len();
            Found { labels: read, spoilt: spoilt + unread }
        }))
    }

    /// Tells the ledger how much was asked: at the end, or now and then.
    ///
    /// # Errors
    /// When store or ledger can't be written.
    pub async fn told(&mut self) -> Result<()> {
        if self.asked == 0 {
            return Ok(());
        }
        let with = [std::slice::from_ref(&self.known.setup.hub), &self.quorum].concat();
        let told = Told { step: Step::Checked, with: &with, own: self.asked, theirs: self.records, hash: None };
        told.owe(&self.place, &self.known).await?;
        self.asked = 0;
        Ok(())
    }
}
