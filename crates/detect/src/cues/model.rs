//! Model: a table of n-grams with a weight for each cue and capability.
//! In: token hashes. Out: `Scores`.
//! Invariant: integer sums over windows of 64 tokens, so that neither length nor order of reading changes a score.
//! Not here: how weights are found (`train.rs`) or stored (`file.rs`).

use std::sync::OnceLock;

use super::features::{BLOCK, BLOCKS, Fresh, GRAMS, WINDOW, each_block, stretches, windows};
use super::{CUES, OUTPUTS};

/// Bits of a bucket's number.
pub(super) const LOG_BUCKETS: u32 = 15;
const BUCKETS: usize = 1 << LOG_BUCKETS;
/// Weights to a row, padded so that rows don't straddle cache lines.
pub(super) const LANES: usize = 32;

static SHIPPED: &[u8] = include_bytes!("../../weights/cues.bin");

/// What a text asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Bits (`Cue::bit`) of the cues over their thresholds.
    pub cues: u16,
    /// Place in `Capability::ALL` of the strongest capability.
    pub capability: u8,
    /// Log-odds: the cues in the order of `Cue::ALL`, then the capabilities.
    pub logits: [f32; OUTPUTS],
}

/// The weights.
#[derive(Clone)]
pub struct Model {
    /// What tells a bucket's own n-gram from others that fall into it; 0: empty.
    pub(super) tags: Box<[u16]>,
    pub(super) rows: Box<[Row]>,
    pub(super) heads: [Head; OUTPUTS],
}

/// One n-gram's weights.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Row(pub(super) [i8; LANES]);

/// What turns an output's integer sum into log-odds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Head {
    pub(super) scale: f32,
    pub(super) bias: f32,
    pub(super) threshold: f32,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("features", &self.features()).finish_non_exhaustive()
    }
}

/// Sums over what was read so far.
struct Pool {
    best: [i16; LANES],
    total: [i32; LANES],
    blocks: usize,
}

impl Model {
    /// The weights that Stillwatch ships.
    #[must_use]
    pub fn shipped() -> &'static Model {
        static MODEL: OnceLock<Model> = OnceLock::new();
        // A build whose weights don't load is caught by a test; a model that sees nothing is the harmless way to fail.
        MODEL.get_or_init(|| Model::from_bytes(SHIPPED).unwrap_or_else(|_| Model::empty()))
    }

    /// A model without n-grams: no text has a cue.
    pub(super) fn empty() -> Model {
        let heads = [Head { scale: 0.0, bias: -1.0, threshold: 0.0 }; OUTPUTS];
        Model { tags: vec![0; BUCKETS].into(), rows: vec![Row([0; LANES]); BUCKETS].into(), heads }
    }

    /// How many n-grams have weights.
    #[must_use]
    pub fn features(&self) -> usize {
        self.tags.iter().filter(|&&tag| tag != 0).count()
    }

    /// What a system text and a prompt ask for.
    #[must_use]
    pub fn score(&self, system_tokens: &[u64], prompt_tokens: &[u64]) -> Scores {
        let mut pool = Pool { best: [i16::MIN; LANES], total: [0; LANES], blocks: 0 };
        for text in [system_tokens, prompt_tokens] {
            for stretch in stretches(text) {
                self.read(stretch, &mut pool);
            }
        }
        self.finish(&pool)
    }

    /// The threshold of each cue, as log-odds.
    #[must_use]
    pub fn thresholds(&self) -> [f32; CUES] {
        std::array::from_fn(|cue| self.heads[cue].threshold)
    }

    fn read(&self, stretch: &[u64], pool: &mut Pool) {
        if stretch.is_empty() {
            return;
        }
        let mut sums = [[0i16; LANES]; BLOCKS];
        let mut found = [0u16; BLOCK * GRAMS];
        let mut blocks = 0;
        let mut fresh = Fresh::new();
        each_block(stretch, |at, hashes| {
            let mut n = 0;
            for &hash in hashes {
                let (bucket, tag) = place(hash);
                found[n] = bucket;
                n += usize::from(self.tags[usize::from(bucket)] == tag);
            }
            let mut sum = [0i16; LANES];
            fresh.turn();
            for &bucket in &found[..n] {
                if !fresh.meet(bucket) {
                    continue;
                }
                for (sum, &weight) in sum.iter_mut().zip(&self.rows[usize::from(bucket)].0) {
                    *sum += i16::from(weight);
                }
            }
            sums[at] = sum;
            blocks = at + 1;
        });
        pool.blocks += blocks;
        let sums = &sums[..blocks];
        for sum in sums {
            for (total, &s) in pool.total.iter_mut().zip(sum) {
                *total += i32::from(s);
            }
        }
        for at in 0..windows(blocks) {
            let mut window = [0i16; LANES];
            for sum in sums.iter().skip(at).take(WINDOW) {
                for (w, &s) in window.iter_mut().zip(sum) {
                    *w += s;
                }
            }
            for (best, w) in pool.best.iter_mut().zip(window) {
                *best = (*best).max(w);
            }
        }
    }

    fn finish(&self, pool: &Pool) -> Scores {
        let mut scores = Scores { cues: 0, capability: 0, logits: [0.0; OUTPUTS] };
        let spread = 1.0 / (pool.blocks.max(1) as f32).sqrt();
        for (at, (head, logit)) in self.heads.iter().zip(&mut scores.logits).enumerate() {
            let sum = if at >= CUES {
                pool.total[at] as f32 * spread
            } else if pool.blocks == 0 {
                0.0
            } else {
                f32::from(pool.best[at])
            };
            *logit = head.bias + head.scale * sum;
            if at < CUES && *logit > head.threshold {
                scores.cues |= 1 << at;
            }
        }
        let mut strongest = f32::NEG_INFINITY;
        for (at, &logit) in scores.logits[CUES..].iter().enumerate() {
            if logit > strongest {
                (strongest, scores.capability) = (logit, at as u8);
            }
        }
        scores
    }

    /// An n-gram's weights, if it has any.
    pub(super) fn row(&self, hash: u64) -> Option<&[i8; LANES]> {
        let (bucket, tag) = place(hash);
        (self.tags[usize::from(bucket)] == tag).then(|| &self.rows[usize::from(bucket)].0)
    }
}

/// Where an n-gram lies, and what tells it from others that lie there.
#[inline]
pub(super) fn place(hash: u64) -> (u16, u16) {
    ((hash >> (64 - LOG_BUCKETS)) as u16, hash as u16 | 1)
}
