//! Table: what members attached to the pool's elements, each sealed for whoever has the element.
//! In: outputs with labels; contributions. Out: one sorted table; what is attached to an element that was found.
//! Invariant: a contribution is padded, in the order of its tags; equal tags of different members show to the hub (so that it
//! could count overlaps), not to readers of the filter.
//! Not here: the filter's form.

use std::collections::BTreeSet;

use rand_core::CryptoRng;

use super::filter::{Filter, short};
use crate::epoch::EpochKey;
use crate::error::{Error, Result};
use crate::oprf::Output;
use crate::record::{Derived, NONCE, SEALING, TAG, open_shared, seal_shared};
use crate::size::{MAX_SET, padded};

pub(super) const PURPOSE: &[u8] = b"check";

/// What one member adds to the pool.
#[derive(Clone, Debug)]
pub struct Contribution {
    label: u16,
    records: Vec<u8>,
}

/// What is attached to an element that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Each member's label that opens.
    pub labels: Vec<Vec<u8>>,
    /// Records of this element that don't open: someone attached rubbish.
    pub spoilt: usize,
}

/// All contributions.
#[derive(Clone, Debug)]
pub struct Table {
    epoch: [u8; 32],
    label: u16,
    records: Vec<u8>,
}

impl Contribution {
    /// From the outputs of one's own elements, with what is attached to each, padded to a size that says little.
    ///
    /// # Errors
    /// If there are none, an element is there twice, or a label is longer than `label`.
    pub fn new(epoch: &EpochKey, items: &[(&Output, &[u8])], label: u16, rng: &mut impl CryptoRng) -> Result<Self> {
        let each = record(label);
        let count = padded(items.len() as u64);
        if items.is_empty() || count > MAX_SET {
            return Err(Error::Misuse("a contribution has 1 to 2^27 elements"));
        }
        let mut made = Vec::with_capacity(count as usize * each);
        for (output, attached) in items {
            let derived = Derived::new(output, PURPOSE)?;
            made.extend_from_slice(&derived.tag);
            seal_shared(&derived.key, epoch.digest(), attached, label.into(), &mut made, rng)?;
        }
        let real = made.len();
        made.resize(count as usize * each, 0);
        rng.fill_bytes(&mut made[real..]);
        let mut records: Vec<&[u8]> = made.chunks_exact(each).collect();
        records.sort_unstable();
        if records.windows(2).any(|two| two[0][..TAG] == two[1][..TAG]) {
            return Err(Error::Misuse("a contribution has an element twice"));
        }
        Ok(Self { label, records: records.concat() })
    }

    /// Its bytes, for the hub.
    #[must_use]
    pub fn to_bytes(&self) -> &[u8] {
        &self.records
    }

    /// A member's contribution, as the hub takes it.
    ///
    /// # Errors
    /// If it isn't whole records in the order of their tags, none twice, as many as padding gives.
    pub fn from_bytes(bytes: &[u8], label: u16) -> Result<Self> {
        let bad = |why| Error::Stored { what: "contribution", why };
        let each = record(label);
        let count = (bytes.len() / each) as u64;
        if !bytes.len().is_multiple_of(each) || count == 0 || count > MAX_SET || padded(count) != count {
            return Err(bad("it isn't whole records, as many as padding gives"));
        }
        let tags: Vec<&[u8]> = bytes.chunks_exact(each).map(|record| &record[..TAG]).collect();
        if tags.windows(2).any(|two| two[0] >= two[1]) {
            return Err(bad("its records aren't in order, or one is there twice"));
        }
        Ok(Self { label, records: bytes.to_vec() })
    }
}

impl Table {
    /// Puts contributions together: what is published.
    ///
    /// # Errors
    /// If they have labels of different lengths, or there are none.
    pub fn merge(epoch: &EpochKey, contributions: &[Contribution]) -> Result<(Self, Filter)> {
        let label = contributions.first().ok_or(Error::Misuse("a pool needs contributions"))?.label;
        if contributions.iter().any(|one| one.label != label) {
            return Err(Error::Misuse("contributions have labels of different lengths"));
        }
        let each = record(label);
        let mut records: Vec<&[u8]> = contributions.iter().flat_map(|one| one.records.chunks_exact(each)).collect();
        // The whole record decides, so that nobody's comes first.
        records.sort_unstable();
        let tags = records.iter().filter_map(|record| record.first_chunk::<TAG>().map(short)).collect();
        let filter = Filter::build(epoch, tags)?;
        Ok((Self { epoch: *epoch.digest(), label, records: records.concat() }, filter))
    }

    /// Its bytes, as published.
    #[must_use]
    pub fn to_bytes(&self) -> &[u8] {
        &self.records
    }

    /// A table that was published under this epoch key.
    ///
    /// # Errors
    /// If it isn't whole records in order.
    pub fn from_bytes(epoch: &EpochKey, label: u16, bytes: &[u8]) -> Result<Self> {
        let bad = |why| Error::Stored { what: "table", why };
        let each = record(label);
        if bytes.is_empty() || !bytes.len().is_multiple_of(each) {
            return Err(bad("it isn't whole records"));
        }
        let records: Vec<&[u8]> = bytes.chunks_exact(each).collect();
        // Nonces are random: no two records are alike unless one was doubled.
        if records.windows(2).any(|two| two[0] >= two[1]) {
            return Err(bad("its records aren't in order, or one is there twice"));
        }
        Ok(Self { epoch: *epoch.digest(), label, records: bytes.to_vec() })
    }

    /// Whether one's own contribution is in what was published, whole: a hub might have left something out.
    ///
    /// # Errors
    /// If it isn't.
    pub fn holds(&self, filter: &Filter, own: &Contribution) -> Result<()> {
        let missing = |what| Error::Stored { what, why: "something of one's own contribution is missing" };
        let each = record(self.label);
        let mut published = self.records.chunks_exact(each);
        for record in own.records.chunks_exact(record(own.label)) {
            // Both are in order, so that one walk along both is enough.
            if !published.by_ref().any(|one| one == record) {
                return Err(missing("table"));
            }
            if !record.first_chunk::<TAG>().is_some_and(|tag| filter.has_tag(short(tag))) {
                return Err(missing("filter"));
            }
        }
        Ok(())
    }

    /// What members attached to the element with this output; nothing, if none of them has it.
    ///
    /// # Errors
    /// None that can be.
    pub fn find(&self, output: &Output) -> Result<Option<Found>> {
        let derived = Derived::new(output, PURPOSE)?;
        let each = record(self.label);
        let tag_at = |at: usize| &self.records[at * each..at * each + TAG];
        let (mut from, mut to) = (0, self.records.len() / each);
        while from < to {
            let middle = from + (to - from) / 2;
            if *tag_at(middle) < derived.tag[..] { from = middle + 1 } else { to = middle }
        }
        let same = self.records[from * each..].chunks_exact(each).take_while(|record| record[..TAG] == derived.tag);
        let opened: Vec<Option<Vec<u8>>> =
            same.map(|record| open_shared(&derived.key, &self.epoch, &record[TAG..])).collect();
        let spoilt = opened.iter().filter(|label| label.is_none()).count();
        // Members whose labels are alike stay apart: each counts.
        let labels: Vec<Vec<u8>> = opened.into_iter().flatten().collect();
        Ok((!labels.is_empty() || spoilt > 0).then_some(Found { labels, spoilt }))
    }

    /// The tag by which an output's records are found: they stand in the order of their first 16 bytes, so that a table on a disk
    /// is searched without being read.
    ///
    /// # Errors
    /// None that can be.
    pub fn tag(output: &Output) -> Result<[u8; TAG]> {
        Ok(Derived::new(output, PURPOSE)?.tag)
    }

    /// Bytes of a record with labels of this length.
    #[must_use]
    pub fn record(label: u16) -> usize {
        record(label)
    }

    /// That a filter has every record's tag: one that lacks some would hide what others gave.
    ///
    /// # Errors
    /// If it lacks one.
    pub fn is_in(&self, filter: &Filter) -> Result<()> {
        let mut tags = self.records.chunks_exact(record(self.label)).filter_map(|record| record.first_chunk::<TAG>());
        match tags.all(|tag| filter.has_tag(short(tag))) {
            true => Ok(()),
            false => Err(Error::Stored { what: "filter", why: "it lacks records of its table" }),
        }
    }

    /// How many different tags it has: what whoever carries it can count.
    #[must_use]
    pub fn tags(&self) -> usize {
        self.records.chunks_exact(record(self.label)).map(|record| &record[..TAG]).collect::<BTreeSet<_>>().len()
    }
}

fn record(label: u16) -> usize {
    TAG + NONCE + SEALING + usize::from(label)
}
