//! Open: what k members reported.
//! In: members' reports. Out: elements with their labels; who reported what doesn't fit; how many stayed shut.
//! Invariant: a member counts once for an element; a share that isn't on the polynomial names its member and keeps nothing
//! shut, as long as k others are right.
//! Not here: making reports.

use std::collections::BTreeMap;

use blahaj::{Share, Sharks};

use super::report::{PoolTerms, SHARE, Secret, bound};
use crate::element::Element;
use crate::error::{Error, Result};
use crate::record::{TAG, open_shared};

/// Ways of choosing k of a group that are tried at most, before it is left shut.
const TRIES: usize = 2_000;

/// A pool that is being opened.
#[derive(Debug)]
pub struct Opening {
    terms: PoolTerms,
    digest: [u8; 32],
    /// Each member's reports, by seat.
    reports: Vec<Option<Vec<u8>>>,
}

/// An element that k members reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What it is.
    pub element: Element,
    /// Who reported it, with what they attached.
    pub reports: Vec<(String, Vec<u8>)>,
    /// Who reported it with a share or a label that isn't right.
    pub wrong: Vec<String>,
}

/// What opened, and what didn't.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// What k members or more reported, in the order of its bytes.
    pub groups: Vec<Group>,
    /// Tags that fewer than k members reported.
    pub shut: u64,
    /// Tags that k members reported and that did not open: too many of them were wrong.
    pub spoilt: u64,
}

impl Opening {
    /// Of no reports yet.
    ///
    /// # Errors
    /// If the terms can't be.
    pub fn new(terms: PoolTerms) -> Result<Self> {
        let digest = terms.digest()?;
        let reports = vec![None; terms.epoch.setup().members.len()];
        Ok(Self { terms, digest, reports })
    }

    /// Takes a member's reports, all of them at once, in any order.
    ///
    /// # Errors
    /// If it isn't a member, reported already, or reports an element twice.
    pub fn add(&mut self, member: &str, reports: Vec<u8>) -> Result<()> {
        let bad = |why| Error::Stored { what: "report", why };
        let seat = self.terms.epoch.setup().seat(member).ok_or(Error::Misuse("it isn't a member of this epoch"))?;
        if self.reports[seat].is_some() {
            return Err(bad("this member reported already"));
        }
        let each = self.terms.report();
        if !reports.len().is_multiple_of(each) {
            return Err(bad("it isn't whole reports"));
        }
        let mut tags: Vec<&[u8]> = reports.chunks_exact(each).map(|report| &report[..TAG]).collect();
        tags.sort_unstable();
        if tags.windows(2).any(|two| two[0] == two[1]) {
            return Err(bad("an element is there twice"));
        }
        self.reports[seat] = Some(reports);
        Ok(())
    }

    /// Opens what k members reported.
    ///
    /// # Errors
    /// None that can be: what doesn't open is counted.
    pub fn open(&self) -> Result<Opened> {
        let each = self.terms.report();
        let mut all: Vec<(usize, &[u8])> = Vec::new();
        for (seat, reports) in self.reports.iter().enumerate() {
            all.extend(reports.iter().flat_map(|reports| reports.chunks_exact(each)).map(|report| (seat, report)));
        }
        all.sort_unstable_by(|a, b| a.1[..TAG].cmp(&b.1[..TAG]).then(a.0.cmp(&b.0)));
        let mut opened = Opened::default();
        let mut blamed = vec![0u32; self.reports.len()];
        for group in all.chunk_by(|a, b| a.1[..TAG] == b.1[..TAG]) {
            if group.len() < usize::from(self.terms.threshold) {
                opened.shut += 1;
                continue;
            }
            // Who was wrong before is tried last: else a few could make everyone's shares be tried in all ways, each time.
            let mut order: Vec<usize> = (0..group.len()).collect();
            order.sort_by_key(|at| blamed[group[*at].0]);
            match self.group(group, &order)? {
                Some(group) => {
                    let seats = group.wrong.iter().filter_map(|member| self.terms.epoch.setup().seat(member));
                    seats.for_each(|seat| blamed[seat] += 1);
                    opened.groups.push(group);
                }
                None => opened.spoilt += 1,
            }
        }
        opened.groups.sort_unstable_by(|a, b| a.element.cmp(&b.element));
        Ok(opened)
    }

    fn group(&self, group: &[(usize, &[u8])], order: &[usize]) -> Result<Option<Group>> {
        let k = usize::from(self.terms.threshold);
        let mut chosen: Vec<usize> = (0..k).collect();
        for _ in 0..TRIES {
            let tried: Vec<usize> = chosen.iter().map(|at| order[*at]).collect();
            if let Some(found) = self.with(group, &tried)? {
                return Ok(found);
            }
            if !next(&mut chosen, group.len()) {
                break;
            }
        }
        Ok(None)
    }

    /// If these k shares make the secret that they were dealt from: the group, if k members also name the same element.
    fn with(&self, group: &[(usize, &[u8])], chosen: &[usize]) -> Result<Option<Option<Group>>> {
        let shares: Vec<Share> = chosen
            .iter()
            .filter_map(|at| {
                let (seat, report) = group[*at];
                // The place on the polynomial is the member's seat, never what a report says.
                let mut bytes = vec![u8::try_from(seat + 1).ok()?];
                bytes.extend_from_slice(report.get(TAG..TAG + SHARE)?);
                Share::try_from(bytes.as_slice()).ok()
            })
            .collect();
        let secret = Sharks(self.terms.threshold).recover(&shares).ok().and_then(|bytes| bytes.try_into().ok());
        let Some(secret) = secret.map(Secret) else { return Ok(None) };
        let dealt = secret.shares(self.terms.threshold, group.iter().map(|(seat, _)| *seat).max().unwrap_or(0))?;
        let right = |seat: usize, report: &[u8]| report[TAG..TAG + SHARE] == dealt[seat];
        if !chosen.iter().all(|at| right(group[*at].0, group[*at].1)) {
            return Ok(None);
        }
        let key = secret.key()?;
        let mut named: BTreeMap<Element, Vec<(String, Vec<u8>)>> = BTreeMap::new();
        for (seat, report) in group {
            let member = &self.terms.epoch.setup().members[*seat];
            let plain = open_shared(&key, &bound(&self.digest, member), &report[TAG + SHARE..]);
            if let Some((element, label)) = plain.filter(|_| right(*seat, report)).and_then(|plain| self.read(&plain)) {
                named.entry(element).or_default().push((member.clone(), label));
            }
        }
        // Whoever has the element could report another under its tag: most decide, and k at least.
        let most = named.into_iter().max_by_key(|(_, reports)| reports.len());
        let most = most.filter(|(_, reports)| reports.len() >= usize::from(self.terms.threshold));
        Ok(Some(most.map(|(element, reports)| {
            let members = group.iter().map(|(seat, _)| &self.terms.epoch.setup().members[*seat]);
            let wrong = members.filter(|member| !reports.iter().any(|(name, _)| name == *member)).cloned().collect();
            Group { element, reports, wrong }
        })))
    }

    fn read(&self, plain: &[u8]) -> Option<(Element, Vec<u8>)> {
        let (length, rest) = plain.split_first_chunk::<2>()?;
        let (element, label) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        Some((Element::from_bytes(self.terms.epoch.setup().namespace, element).ok()?, label.to_vec()))
    }
}

/// The next choice of as many out of `of`; `false` after the last.
fn next(chosen: &mut [usize], of: usize) -> bool {
    let k = chosen.len();
    let Some(at) = (0..k).rev().find(|at| chosen[*at] < of - k + at) else { return false };
    chosen[at] += 1;
    for after in at + 1..k {
        chosen[after] = chosen[after - 1] + 1;
    }
    true
}
