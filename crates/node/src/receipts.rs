//! Receipts: what a hub took from whom, and what it handed over to whom, in its ledger.
//! In: objects that were added, pages that were read. Out: entries that the ledger is owed, and takes over.
//! Invariant: what was taken is owed in the transaction that added it; what was read is gathered in memory and owed once a second
//! and at the end, so that a crash loses a second of it at most.
//! Not here: how an entry looks (`ledger`), how the ledger takes it over (`record.rs`).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use stillwatch_ledger::{Entry, Way, What};
use stillwatch_model::Micros;
use stillwatch_track::exchange::{Added, Came, Outcome, Page};
use stillwatch_track::{By, Store, owed};

use crate::config::{Config, Part};
use crate::release::entries;
use crate::{Record, Result};

/// What a client read of a collection since the last time.
#[derive(Debug, Clone, Copy)]
struct Reading {
    from: Micros,
    to: Micros,
    count: u64,
}

/// Of a client and a collection.
type Readings = BTreeMap<(String, String), Reading>;

/// Receipts of a hub; none are kept where there is no ledger.
#[derive(Debug)]
pub struct Receipts {
    record: Option<Record>,
    by: String,
    readings: Mutex<Readings>,
}

impl Receipts {
    /// Those of a hub with a ledger.
    pub(crate) fn of(config: &Config, record: Option<&Record>) -> Self {
        let record = record.filter(|_| config.role == Part::Hub).cloned();
        if config.role == Part::Hub && record.is_none() {
            tracing::warn!("this hub has no `ledger`: it keeps no receipts");
        }
        Self { record, by: config.name.clone(), readings: Mutex::default() }
    }

    /// The digests of objects about to be added, where receipts are kept: done before the store's lock is held.
    pub(crate) fn digests(&self, came: &[Came<'_>]) -> Option<Vec<String>> {
        self.record.as_ref()?;
        Some(came.iter().map(|one| hex::encode(Sha256::digest(one.json.as_bytes()))).collect())
    }

    /// What the ledger is owed for objects that were added.
    pub(crate) fn taken(
        &self,
        whose: &str,
        collection: &str,
        came: &[Came<'_>],
        digests: &[String],
        added: &Added,
        at: Micros,
    ) -> stillwatch_track::Result<Option<String>> {
        let Some((from, to)) = added.between else { return Ok(None) };
        let (mut hash, mut count) = (Sha256::new(), 0);
        for ((one, digest), outcome) in came.iter().zip(digests).zip(&added.outcomes) {
            if matches!(outcome, Outcome::Added(_)) {
                hash.update(format!("{} {digest}\n", one.id));
                count += 1;
            }
        }
        let hash = Some(format!("sha256:{}", hex::encode(hash.finalize())));
        self.entry(whose, Way::Taken, collection, Reading { from, to, count }, hash, at).map(Some)
    }

    /// Writes down, in memory, that a client was handed a page of objects.
    pub(crate) fn read(&self, whose: &str, collection: &str, page: &Page) {
        let (Some(first), Some(last), Some(_)) = (page.entries.first(), page.entries.last(), &self.record) else {
            return;
        };
        let count = page.entries.len() as u64;
        let one = Reading { from: first.date_added, to: last.date_added, count };
        add(&mut self.readings(), (whose.to_owned(), collection.to_owned()), one);
    }

    /// Owes what was read since the last time, and has the ledger take over what it is owed.
    ///
    /// # Errors
    /// When store or ledger can't be written: what was read is kept, and owed the next time.
    pub async fn settle(&self, store: &Store) -> Result<()> {
        let Some(record) = &self.record else { return Ok(()) };
        let at = Timestamp::now().as_microsecond();
        let readings = std::mem::take(&mut *self.readings());
        if !readings.is_empty()
            && let Err(error) = self.owe(store, &readings, at).await
        {
            let mut now = self.readings();
            readings.into_iter().for_each(|(whose, one)| add(&mut now, whose, one));
            return Err(error);
        }
        // What the command line owes meanwhile is taken over too.
        if owed::count(store).await? > 0 {
            record.take_over(store, &By { author: self.by.clone(), at }).await?;
        }
        Ok(())
    }

    async fn owe(&self, store: &Store, readings: &Readings, at: Micros) -> Result<()> {
        let mut all = Vec::with_capacity(readings.len());
        for ((whose, collection), one) in readings {
            all.push((whose.clone(), self.entry(whose, Way::Read, collection, *one, None, at)?));
        }
        Ok(owed::owe_all(store, &all).await?)
    }

    fn entry(
        &self,
        whose: &str,
        way: Way,
        collection: &str,
        of: Reading,
        hash: Option<String>,
        at: Micros,
    ) -> stillwatch_track::Result<String> {
        let (from, to) = (entries::at(of.from), entries::at(of.to));
        let (whose, collection) = (entries::name(whose), collection.to_owned());
        let what = What::Receipt { whose, way, collection, count: of.count, from, to, hash };
        entries::text(&Entry { at: entries::at(at), by: entries::name(&self.by), what })
    }

    fn readings(&self) -> MutexGuard<'_, Readings> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(all: &mut Readings, whose: (String, String), one: Reading) {
    let there = all.entry(whose).or_insert(Reading { count: 0, ..one });
    let (from, to) = (there.from.min(one.from), there.to.max(one.to));
    *there = Reading { from, to, count: there.count.saturating_add(one.count) };
}
