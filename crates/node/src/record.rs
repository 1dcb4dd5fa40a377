//! Record: the ledger as the node writes to it.
//! In: what the store says it is owed. Out: entries in the ledger, each once; the store knows where.
//! Invariant: an entry that an interrupted attempt left in the ledger is found there and not written again; others that write
//! to the ledger are waited for.
//! Not here: what an entry says (`release/entries.rs`), how the ledger keeps it (`ledger`).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use stillwatch_ledger::{Entry, Error as LedgerError, Key, Log, PublicKey, Reader, What};
use stillwatch_track::{By, Store, owed};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::release::entries;

/// Entries taken over at a time: one write to the disk each.
const BATCH: u32 = 4096;
/// How long others that write are waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A ledger and its key.
#[derive(Debug, Clone)]
pub struct Record {
    folder: PathBuf,
    key: PathBuf,
    public: PublicKey,
}

impl Record {
    /// A ledger in a folder, with the file of its key.
    ///
    /// # Errors
    /// Where there is no ledger, or the key isn't its own.
    pub fn open(folder: PathBuf, key: PathBuf) -> Result<Self> {
        let public = Key::read(&key)?.public();
        Reader::open(&folder, &public, &[])?;
        Ok(Self { folder, key, public })
    }

    /// The ledger that settings name, where they name one.
    ///
    /// # Errors
    /// As [`Record::open`].
    pub fn of(config: &Config) -> Result<Option<Self>> {
        let Some(folder) = &config.ledger else { return Ok(None) };
        let beside = || {
            let mut name = folder.as_os_str().to_owned();
            name.push(".key");
            name.into()
        };
        let key = config.ledger_key.clone().unwrap_or_else(beside);
        Ok(Some(Self::open(folder.clone(), key)?))
    }

    /// The ledger as anybody may read it.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn reader(&self) -> Result<Reader> {
        Ok(Reader::open(&self.folder, &self.public, &[])?)
    }

    /// Takes over everything that the store owes. Releases that are in the ledger then may be sent; these are returned.
    ///
    /// # Errors
    /// When store or ledger can't be written: what was taken over stays so, the rest is still owed.
    pub async fn take_over(&self, store: &Store, by: &By) -> Result<Vec<String>> {
        let mut ready = Vec::new();
        loop {
            let size = self.reader()?.signed().size;
            let owed = owed::open(store, size, BATCH).await?;
            if owed.is_empty() {
                return Ok(ready);
            }
            let since = owed.iter().filter_map(|owed| owed.since).min().unwrap_or(size);
            let mut entries = Vec::with_capacity(owed.len());
            for owed in &owed {
                entries.push(Entry::read(owed.body.as_bytes()).map_err(|error| {
                    Error::refused(
                        format!("the entry that the store owes for `{}` can't be read: {error}", owed.about),
                        "restore a backup of the store, or use the newer `stillwatch` that wrote it",
                    )
                })?);
            }
            let places = self.once(since, &entries).await?;
            let taken: Vec<(i64, u64)> = owed.iter().map(|owed| owed.place).zip(places).collect();
            ready.extend(owed::recorded(store, &taken, by).await?);
        }
    }

    /// Writes down that somebody looked at examples, which are text of customers.
    ///
    /// # Errors
    /// When store or ledger can't be written: then nothing should be shown.
    pub async fn viewed(&self, store: &Store, about: &str, count: u64, reason: &str, by: &By) -> Result<()> {
        owed::owe_alone(store, about, &entries::viewed(about, count, reason, by)?).await?;
        self.take_over(store, by).await.map(drop)
    }

    /// Entries about batches of decisions, in order, each with its index. Entries of kinds that this version doesn't know are passed over.
    ///
    /// # Errors
    /// When the ledger can't be read.
    pub(crate) fn acted(&self) -> Result<Vec<(u64, What)>> {
        let reader = self.reader()?;
        let (mut all, mut next) = (Vec::new(), 0);
        while next < reader.signed().size {
            let (first, entries) = reader.bundle_of(next)?;
            next = first + entries.len() as u64;
            let known =
                (first..).zip(entries).filter_map(|(index, bytes)| Some((index, Entry::read(&bytes).ok()?.what)));
            all.extend(known.filter(|(_, what)| matches!(what, What::Acted { .. })));
        }
        Ok(all)
    }

    /// Appends those entries that the ledger doesn't have behind `since`; returns where each is.
    async fn once(&self, since: u64, entries: &[Entry]) -> Result<Vec<u64>> {
        let mut log = self.lock().await?;
        let texts: Vec<Vec<u8>> =
            entries.iter().enumerate().map(|(at, entry)| entry.canonical(at)).collect::<Result<_, _>>()?;
        // Nobody else writes as long as the log is open.
        let there = self.behind(since)?;
        let mut taken = vec![false; there.len()];
        let mut places: Vec<Option<u64>> = Vec::with_capacity(texts.len());
        for text in &texts {
            let found = there.iter().zip(&taken).position(|((_, known), taken)| !taken && known == text);
            if let Some(place) = found.and_then(|at| taken.get_mut(at)) {
                *place = true;
            }
            places.push(found.and_then(|at| there.get(at)).map(|(index, _)| *index));
        }
        let missing: Vec<Entry> =
            entries.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(entry, _)| entry.clone()).collect();
        let mut new = log.append(&missing)?;
        let place = |place: Option<u64>| place.or_else(|| new.next());
        Ok(places.into_iter().filter_map(place).collect())
    }

    /// Entries from an index on.
    fn behind(&self, since: u64) -> Result<Vec<(u64, Vec<u8>)>> {
        let reader = self.reader()?;
        let mut all = Vec::new();
        let mut next = since;
        while next < reader.signed().size {
            let (first, entries) = reader.bundle_of(next)?;
            let end = first + entries.len() as u64;
            all.extend((first..).zip(entries).filter(|(index, _)| *index >= next));
            next = end;
        }
        Ok(all)
    }

    async fn lock(&self) -> Result<Log> {
        let begun = Instant::now();
        loop {
            match Log::open(&self.folder, Key::read(&self.key)?) {
                Err(LedgerError::Locked(_)) if begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                done => return Ok(done?),
            }
        }
    }
}
