//! Texts: which fixed texts accounts share, and how much of each account's traffic carries them.
//! In: the samples of every account. Out: `Texts`: shared anchors, who uses each, and each account's shares.
//! Invariant: an anchor is kept only when at least three accounts use it; the result doesn't depend on the order of accounts.
//! Not here: what sharing a text says (`link.rs`, `signals/template.rs`).
//!
//! A template's fixed part wins a slot of the fingerprint as often as its share of the text, whatever fills the rest; so a
//! template shows as anchors that recur over accounts, however large its slots. No pair of texts is ever compared.

use std::collections::HashMap;

use crate::account::Account;
use crate::fingerprint::BODY;
use crate::sketch::Sample;
use crate::text::fold;

/// Accounts that must use a text before it is called shared.
const MIN_ACCOUNTS: usize = 3;
/// Different fillings that make a template, however often each is sent.
const MANY: u32 = 12;
/// Cells of the counting filter of the first pass, at least and at most: about two a key, so that few keys meet by chance.
const FILTER: (usize, usize) = (1 << 20, 1 << 27);
/// Samples that are sorted at a time: beyond, keys are taken in slices, so that memory doesn't grow with their number.
const SLICE: usize = 1 << 19;

/// Where in the request an anchor was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The system prompt.
    System,
    /// The prompt's first tokens.
    Head,
    /// The prompt's last tokens.
    Tail,
    /// Anywhere in the prompt.
    Body,
}

/// A text that accounts share.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// Its key, unique over places.
    pub key: u64,
    /// Where it was found.
    pub place: Place,
    /// Accounts that use it, ascending.
    pub accounts: Vec<u32>,
    /// The share of each one's samples that carries it.
    pub shares: Vec<f32>,
    /// Distinct prompts that carry it among the samples.
    pub fills: u32,
    /// Samples that carry it.
    pub uses: u32,
}

impl Anchor {
    /// Whether its uses differ: a template is filled, a repeated prompt is sent again.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.place == Place::System
            || self.fills >= MANY
            || (self.fills >= 3 && f64::from(self.fills) >= 0.4 * f64::from(self.uses))
    }
}

/// The shared texts of a population.
#[derive(Debug, Default)]
pub struct Texts {
    /// Shared anchors, by key.
    pub anchors: Vec<Anchor>,
    /// Per account: (index of the anchor, share of its samples), ascending by anchor.
    pub shares: Vec<Vec<(u32, f32)>>,
    /// Shared anchors of every sample, one account after the other.
    found: Vec<u32>,
    /// Where each sample's anchors end in `found`.
    ends: Vec<u32>,
    /// Index of each account's first sample; one more entry than accounts.
    first: Vec<u32>,
}

/// The keys of all anchors of a sample.
pub fn keys(sample: &Sample) -> impl Iterator<Item = (Place, u64)> + '_ {
    let key = |place: u64, value: u32| fold(u64::from(value) | place << 32, 0xd6e8_feb8_6659_fd93);
    let body = sample
        .body
        .iter()
        .enumerate()
        .filter(|&(_, &v)| v != 0)
        .map(move |(i, &v)| (Place::Body, key(16 + i as u64, v)));
    let system = sample
        .system
        .iter()
        .enumerate()
        .filter(|&(_, &v)| v != 0)
        .map(move |(i, &v)| (Place::System, key(8 + i as u64, v)));
    let head = (sample.head != 0).then(|| (Place::Head, key(1, sample.head)));
    let tail = (sample.tail != 0).then(|| (Place::Tail, key(2, sample.tail)));
    system.chain(head).chain(tail).chain(body)
}

/// Number of anchors of the body, for averaging over them.
pub const BODY_ANCHORS: f64 = BODY as f64;

impl Texts {
    /// Finds the shared texts of a population.
    #[must_use]
    pub fn find(accounts: &[Account]) -> Self {
        let samples: usize = accounts.iter().map(|a| a.sketch.samples().len()).sum();
        let cells = (samples * 32).next_power_of_two().clamp(FILTER.0, FILTER.1);
        let mut filter = vec![0u8; cells];
        let mut own = Vec::new();
        for account in accounts {
            own.clear();
            own.extend(account.sketch.samples().iter().flat_map(keys).map(|(_, key)| key));
            own.sort_unstable();
            own.dedup();
            for key in &own {
                let cell = &mut filter[*key as usize % cells];
                *cell = cell.saturating_add(1);
            }
        }
        let mut texts = Self { shares: vec![Vec::new(); accounts.len()], ..Self::default() };
        let slices = (samples / SLICE + 1).next_power_of_two() as u64;
        // (key, account, prompt) of anchors that may be shared; the filter errs on the side of keeping.
        let mut uses: Vec<(u64, u32, u32, Place)> = Vec::new();
        for slice in 0..slices {
            uses.clear();
            for (at, account) in accounts.iter().enumerate() {
                for sample in account.sketch.samples() {
                    for (place, key) in keys(sample) {
                        // Slices of the key's highest bits: anchors come out in the order of their keys.
                        let mine = key.checked_shr(64 - slices.trailing_zeros()).unwrap_or(0) == slice;
                        if mine && usize::from(filter[key as usize % cells]) >= MIN_ACCOUNTS {
                            uses.push((key, at as u32, sample.prompt as u32, place));
                        }
                    }
                }
            }
            uses.sort_unstable();
            for group in uses.chunk_by(|a, b| a.0 == b.0) {
                texts.take(group, accounts);
            }
        }
        drop((filter, uses));
        texts.locate(accounts);
        texts
    }

    /// Notes which shared anchors each sample carries.
    fn locate(&mut self, accounts: &[Account]) {
        let index: HashMap<u64, u32> = self.anchors.iter().zip(0..).map(|(anchor, at)| (anchor.key, at)).collect();
        self.first.push(0);
        for account in accounts {
            for sample in account.sketch.samples() {
                self.found.extend(keys(sample).filter_map(|(_, key)| index.get(&key).copied()));
                self.ends.push(self.found.len() as u32);
            }
            self.first.push(self.ends.len() as u32);
        }
    }

    fn take(&mut self, group: &[(u64, u32, u32, Place)], accounts: &[Account]) {
        let &[(key, _, _, place), ..] = group else { return };
        let mut users: Vec<u32> = group.iter().map(|u| u.1).collect();
        users.dedup();
        if users.len() < MIN_ACCOUNTS {
            return;
        }
        let mut prompts: Vec<u32> = group.iter().map(|u| u.2).collect();
        prompts.sort_unstable();
        prompts.dedup();
        let at = self.anchors.len() as u32;
        let mut shares = Vec::with_capacity(users.len());
        for run in group.chunk_by(|a, b| a.1 == b.1) {
            let account = run[0].1 as usize;
            let samples = accounts[account].sketch.samples().len().max(1);
            let share = run.len() as f32 / samples as f32;
            self.shares[account].push((at, share));
            shares.push(share);
        }
        self.anchors.push(Anchor {
            key,
            place,
            accounts: users,
            shares,
            fills: prompts.len() as u32,
            uses: group.len() as u32,
        });
    }

    /// How much of two accounts' traffic carries the same templates, 0 to 1.
    #[must_use]
    pub fn likeness(&self, a: u32, b: u32) -> f64 {
        self.common(self.shares[a as usize].iter().copied(), self.shares[b as usize].iter().copied())
    }

    /// The largest of the edges', the system prompt's and the body's common share of two lists, ascending by anchor.
    pub fn common(&self, x: impl Iterator<Item = (u32, f32)>, y: impl Iterator<Item = (u32, f32)>) -> f64 {
        let (mut x, mut y) = (x.peekable(), y.peekable());
        let (mut edge, mut body) = (0.0f64, 0.0);
        while let (Some(&(i, s)), Some(&(j, t))) = (x.peek(), y.peek()) {
            if i == j {
                let anchor = &self.anchors[i as usize];
                let both = f64::from(s.min(t));
                if anchor.is_template() {
                    if anchor.place == Place::Body { body += both / BODY_ANCHORS } else { edge = edge.max(both) }
                }
            }
            if i <= j {
                x.next();
            }
            if j <= i {
                y.next();
            }
        }
        edge.max(body).min(1.0)
    }

    /// The shared anchors of each of an account's samples, in the samples' order.
    pub fn samples(&self, account: u32) -> impl Iterator<Item = &[u32]> {
        let (from, to) = (self.first[account as usize] as usize, self.first[account as usize + 1] as usize);
        (from..to).map(|at| {
            let begin = if at == 0 { 0 } else { self.ends[at - 1] };
            &self.found[begin as usize..self.ends[at] as usize]
        })
    }
}
