//! Features: n-grams of token hashes, block by block.
//! In: token hashes. Out: for each block of 16 tokens, the hashes of its n-grams.
//! Invariant: training and scoring see the same n-grams in the same blocks.
//! Not here: which n-grams count (`train.rs`) and how much (`model.rs`).

use crate::text::fold;

/// Tokens to a block: the step by which windows move.
pub(super) const BLOCK: usize = 16;
/// Blocks to a window: what is judged together.
pub(super) const WINDOW: usize = 4;
/// N-grams that end at one token.
pub(super) const GRAMS: usize = 3;
/// A long text is read at its edges, where templates sit: this many tokens at the beginning ...
const HEAD: usize = 192;
/// ... and this many at the end.
const TAIL: usize = 160;
/// The most blocks that one stretch of text has.
pub(super) const BLOCKS: usize = (HEAD + TAIL) / BLOCK;

/// Stands for the token before the first; trained on nothing.
const NONE: u64 = 0x6a09_e667_f3bc_c909;

/// The stretches of a text that are read.
pub(super) fn stretches<T>(tokens: &[T]) -> [&[T]; 2] {
    if tokens.len() <= HEAD + TAIL { [tokens, &[]] } else { [&tokens[..HEAD], &tokens[tokens.len() - TAIL..]] }
}

/// Walks the blocks of one stretch: `each(block, hashes)`.
#[inline]
pub(super) fn each_block(stretch: &[u64], mut each: impl FnMut(usize, &[u64])) {
    let mut hashes = [0; BLOCK * GRAMS];
    let (mut before, mut last) = (NONE, NONE);
    for (at, block) in stretch.chunks(BLOCK).enumerate() {
        for (&token, out) in block.iter().zip(hashes.chunks_exact_mut(GRAMS)) {
            out.copy_from_slice(&grams(before, last, token));
            (before, last) = (last, token);
        }
        each(at, &hashes[..block.len() * GRAMS]);
    }
}

/// The n-grams that end at `token`: itself, with the one before, and with the one before that.
#[inline]
pub(super) fn grams(before: u64, last: u64, token: u64) -> [u64; GRAMS] {
    [
        token,
        fold(last ^ 0xa076_1d64_78bd_642f, token ^ 0xe703_7ed1_a0b4_28db),
        fold(before ^ 0x8ebc_6af0_9c88_c6e3, token ^ 0x5899_65cc_7537_4cc3),
    ]
}

/// Tells n-grams that the window has already from new ones: said twice is not said twice as loudly.
/// A small bitmap by bucket for this block and each of the two before, so now and then a new one is taken for a known one.
pub(super) struct Fresh {
    blocks: [[u64; 64]; WINDOW],
    now: usize,
}

impl Fresh {
    #[inline]
    pub(super) fn new() -> Fresh {
        Fresh { blocks: [[0; 64]; WINDOW], now: 0 }
    }

    /// Goes on to the next block.
    #[inline]
    pub(super) fn turn(&mut self) {
        self.now = (self.now + 1) % WINDOW;
        self.blocks[self.now] = [0; 64];
    }

    /// Whether no n-gram of this bucket was met in this block or the two before; notes that one was.
    #[inline]
    pub(super) fn meet(&mut self, bucket: u16) -> bool {
        let (word, bit) = (usize::from(bucket >> 6) & 63, 1u64 << (bucket & 63));
        let before = self.blocks.iter().fold(0, |all, block| all | block[word]) & bit;
        self.blocks[self.now][word] |= bit;
        before == 0
    }
}

/// How many windows cover `blocks` blocks.
pub(super) fn windows(blocks: usize) -> usize {
    if blocks == 0 { 0 } else { (blocks + 1).saturating_sub(WINDOW).max(1) }
}
