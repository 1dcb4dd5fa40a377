//! Texts: sketches of received texts, found by any slot that agrees.
//! In: text sketches with the agreement that each asks for; the anchors of an exchange. Out: which of them it agrees with.
//! Invariant: says of each what `TextSketch::agreement` says; an exchange touches only sketches that share a slot with it.
//! Not here: making anchors (`stillwatch_detect::fingerprint`).

use std::collections::HashMap;

use stillwatch_detect::sketch::Sample;
use stillwatch_model::TextSketch;

/// Index of sketches by slot and value.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// (slot, value) to places in `sketches`.
    at: HashMap<(u8, u32), Vec<u32>>,
    sketches: Vec<Sought>,
}

#[derive(Debug)]
struct Sought {
    wanted: u32,
    fixed: f64,
    minimum: f64,
}

/// Room for counting, used again.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    counts: Vec<u16>,
    touched: Vec<u32>,
}

fn slots<'a>(body: &'a [u32], system: &'a [u32], head: u32, tail: u32) -> impl Iterator<Item = (u8, u32)> + 'a {
    let edges = [(254, head), (255, tail)];
    let body = body.iter().take(64).enumerate().map(|(slot, &value)| (slot as u8, value));
    let system = system.iter().take(64).enumerate().map(|(slot, &value)| (64 + slot as u8, value));
    body.chain(system).chain(edges).filter(|&(_, value)| value != 0)
}

impl Texts {
    /// Adds a sketch that `wanted` asks for.
    pub(crate) fn add(&mut self, wanted: u32, sketch: &TextSketch, minimum: f64) {
        let at = self.sketches.len() as u32;
        for slot in slots(&sketch.body, &sketch.system, sketch.head, sketch.tail) {
            self.at.entry(slot).or_default().push(at);
        }
        self.sketches.push(Sought { wanted, fixed: sketch.fixed() as f64, minimum });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sketches.is_empty()
    }

    /// Shows each sketch that the sample agrees with enough: the indicator's number, and the agreement.
    pub(crate) fn look(&self, sample: &Sample, counting: &mut Counting, mut show: impl FnMut(u32, f64)) {
        counting.counts.resize(self.sketches.len(), 0);
        for slot in slots(&sample.body, &sample.system, sample.head, sample.tail) {
            for &at in self.at.get(&slot).map_or(&[][..], Vec::as_slice) {
                let count = &mut counting.counts[at as usize];
                if *count == 0 {
                    counting.touched.push(at);
                }
                *count += 1;
            }
        }
        for at in counting.touched.drain(..) {
            let sought = &self.sketches[at as usize];
            let agreement = f64::from(std::mem::take(&mut counting.counts[at as usize])) / sought.fixed;
            if agreement >= sought.minimum {
                show(sought.wanted, agreement);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_says_what_comparing_each_says() {
        let mut sample = Sample::default();
        for (slot, value) in sample.body.iter_mut().enumerate() {
            *value = slot as u32 + 1;
        }
        (sample.head, sample.tail) = (7, 9);
        let own = TextSketch {
            body: sample.body.to_vec(),
            system: sample.system.to_vec(),
            head: 7,
            tail: 9,
            ..TextSketch::default()
        };
        let mut other = TextSketch { body: vec![0; 16], system: vec![0; 4], tail: 9, ..TextSketch::default() };
        other.body[..8].copy_from_slice(&[1, 2, 3, 4, 50, 60, 70, 80]);
        let stranger = TextSketch { body: vec![1000; 16], ..TextSketch::default() };
        let all = [&own, &other, &stranger];
        let mut texts = Texts::default();
        for (number, sketch) in all.into_iter().enumerate() {
            texts.add(number as u32, sketch, 0.5);
        }
        let mut counting = Counting::default();
        for _ in 0..2 {
            let mut found = Vec::new();
            texts.look(&sample, &mut counting, |wanted, agreement| found.push((wanted, agreement)));
            found.sort_by_key(|&(wanted, _)| wanted);
            let expected: Vec<(u32, f64)> = all
                .iter()
                .enumerate()
                .map(|(number, sketch)| (number as u32, sketch.agreement(&own)))
                .filter(|&(_, agreement)| agreement >= 0.5)
                .collect();
            assert_eq!(found, expected);
            assert_eq!(found.len(), 2);
        }
    }
}
