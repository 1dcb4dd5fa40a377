//! Sorted: elements as they are gathered.
//! In: elements with what is known of each, in any order, some of them twice. Out: each once, in the order of its bytes.
//! Invariant: one allocation for all: an element takes 23 bytes besides its own, and 4 for its place; of what comes twice, the earliest and
//! the latest, the surest and the sum are known.
//! Not here: labels, files.

use stillwatch_matching::templates::ANCHORS;
use stillwatch_matching::{Element, Namespace};
use stillwatch_model::Micros;

use crate::error::{Error, Result};
use crate::matching::agreed::Known;

/// Bytes of what is known: two times, a count, how sure; and of the element's length.
const HEAD: usize = 2 + 8 + 8 + 4 + 1;
/// Times that nobody said.
const NEVER: Micros = Micros::MIN;
/// A certainty that nobody said.
const UNSURE: u8 = u8::MAX;

/// Elements as they are gathered.
#[derive(Debug)]
pub(super) struct Sorted {
    pub(super) namespace: Namespace,
    /// Of each: its length, what is known, the element; where there are sketches, the sketch.
    arena: Vec<u8>,
    places: Vec<u32>,
    /// Bytes of a sketch with each; 0: none has one.
    pub(super) sketch: usize,
    longest: usize,
}

impl Sorted {
    pub(super) fn new(namespace: Namespace, sketch: bool) -> Self {
        let sketch = if sketch && namespace == Namespace::Template { 2 * ANCHORS } else { 0 };
        Self { namespace, arena: Vec::new(), places: Vec::new(), sketch, longest: 0 }
    }

    pub(super) fn add(&mut self, element: &Element, known: &Known, sketch: Option<&[u8]>) -> Result<()> {
        let bytes = element.as_bytes();
        let full = || Error::setup("the set takes more than 4 GiB", "match it in parts, or in another namespace");
        self.places.push(u32::try_from(self.arena.len()).map_err(|_| full())?);
        self.arena.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.arena.extend_from_slice(&known.first_seen.unwrap_or(NEVER).to_le_bytes());
        self.arena.extend_from_slice(&known.last_seen.unwrap_or(NEVER).to_le_bytes());
        let count = known.count.map_or(0, |count| u32::try_from(count.max(1)).unwrap_or(u32::MAX));
        self.arena.extend_from_slice(&count.to_le_bytes());
        self.arena.push(known.confidence.map_or(UNSURE, |sure| sure.min(100)));
        self.arena.extend_from_slice(bytes);
        if self.sketch > 0 {
            let start = self.arena.len();
            self.arena.extend_from_slice(sketch.unwrap_or_default());
            self.arena.resize(start + self.sketch, 0);
        }
        self.longest = self.longest.max(bytes.len());
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Bytes of the longest element.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Puts them in order.
    pub(super) fn sort(&mut self) {
        let mut places = std::mem::take(&mut self.places);
        places.sort_unstable_by(|a, b| self.element(*a).cmp(self.element(*b)).then(a.cmp(b)));
        self.places = places;
    }

    /// Each once, after `sort`: the element, what is known of it, the sketch of the first.
    pub(super) fn each(&self) -> impl Iterator<Item = (&[u8], Known, &[u8])> {
        self.places.chunk_by(|a, b| self.element(*a) == self.element(*b)).filter_map(|same| {
            let first = *same.first()?;
            let known = same.iter().map(|at| self.known(*at)).reduce(both)?;
            Some((self.element(first), known, self.sketch_of(first)))
        })
    }

    fn length(&self, at: u32) -> usize {
        let at = at as usize;
        usize::from(u16::from_le_bytes([self.arena[at], self.arena[at + 1]]))
    }

    fn element(&self, at: u32) -> &[u8] {
        let start = at as usize + HEAD;
        &self.arena[start..start + self.length(at)]
    }

    fn sketch_of(&self, at: u32) -> &[u8] {
        let start = at as usize + HEAD + self.length(at);
        &self.arena[start..start + self.sketch]
    }

    fn known(&self, at: u32) -> Known {
        let head = &self.arena[at as usize..at as usize + HEAD];
        let time = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&head[at..at + 8]);
            Some(Micros::from_le_bytes(bytes)).filter(|time| *time != NEVER)
        };
        let count = u32::from_le_bytes([head[18], head[19], head[20], head[21]]);
        Known {
            first_seen: time(2),
            last_seen: time(10),
            confidence: Some(head[22]).filter(|sure| *sure != UNSURE),
            count: (count > 0).then_some(u64::from(count)),
        }
    }
}

/// What is known of the same element from two places.
fn both(a: Known, b: Known) -> Known {
    Known {
        first_seen: a.first_seen.into_iter().chain(b.first_seen).min(),
        last_seen: a.last_seen.into_iter().chain(b.last_seen).max(),
        confidence: a.confidence.into_iter().chain(b.confidence).max(),
        count: match (a.count, b.count) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        },
    }
}
