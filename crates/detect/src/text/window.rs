//! Window: the tokens of 64 bytes at once, from bit sets that say what each byte is.
//! In: 64 bytes, and the 8 behind them. Out: token hashes, and where the first token begins that doesn't end here.
//! Invariant: the same tokens as byte by byte (`text.rs`); what can't be told in a window is left to that.
//! Not here: which bytes make tokens (`CLASS` in `text.rs` says it, and a test holds the two together).
//!
//! Byte by byte a processor guesses where each word ends, and is wrong about once a word. Here it guesses about twice a window.

use super::{K1, K2, NUMBER, SEED, fold, mark};

/// Bytes looked at together.
pub(super) const WINDOW: usize = 64;
/// A window, and what may be read behind it.
pub(super) const REACH: usize = WINDOW + 8;

/// What is where: a bit a byte, the first byte's lowest.
struct Bits {
    /// Letters and digits.
    words: u64,
    numbers: u64,
    marks: u64,
    /// Characters that go on behind the window.
    cut: u64,
}

/// Reads a window's tokens into `found`, `last` being the token before. Gives back how many there are, and how far it read:
/// to the first token that doesn't end here, or all of the window. Reads nothing where byte by byte is better.
#[inline]
pub(super) fn read(window: &[u8; REACH], ends: bool, last: u64, found: &mut [u64; WINDOW]) -> (usize, usize) {
    let (kinds, digits, other) = kinds(window);
    let mut bits = Bits { words: highest(&kinds), numbers: 0, marks: 0, cut: 0 };
    if !digits && !other {
        return walk::<false>(window, &bits, ends, last, found);
    }
    bits.numbers = lane(&kinds, 0);
    if other && !mixture(window, &mut bits) {
        return (0, 0);
    }
    walk::<true>(window, &bits, ends, last, found)
}

/// The highest bit of a kind says letter or digit, the lowest digit. Whether there is a digit; whether anything else needs a
/// closer look: marks, wide characters. Written, as `mixture` is, so that compilers make vector code of it.
#[inline]
fn kinds(window: &[u8; REACH]) -> ([u8; WINDOW], bool, bool) {
    let mut kinds = [0; WINDOW];
    let (mut digits, mut other) = (false, false);
    for (kind, &byte) in kinds.iter_mut().zip(window) {
        let lower = byte | 0x20;
        let digit = byte.wrapping_sub(b'0') < 10;
        let letter = (lower.wrapping_sub(b'a') < 26) | (byte == b'_');
        let bracket = (lower.wrapping_sub(b'{') < 3) | (byte | 2 == b'>');
        let mark = (byte == b'#') | (byte == b'*');
        *kind = (u8::from(letter) << 7) | (u8::from(digit) * 0x81) | (byte & 0x80);
        digits |= digit;
        other |= bracket | mark | (byte >= 0xe2);
    }
    (kinds, digits, other)
}

const SINGLE: u32 = 0; // a mark
const IGNORED: u32 = 1; // first byte of a three-byte punctuation mark
const WIDE: u32 = 2; // first byte of a character that is a token by itself

/// Adds marks, and takes out what is between words beyond ASCII. False where wide characters are.
fn mixture(window: &[u8; REACH], bits: &mut Bits) -> bool {
    let mut kinds = [0; WINDOW];
    let mut any = 0;
    for (kind, &byte) in kinds.iter_mut().zip(window) {
        let bracket = ((byte | 0x20).wrapping_sub(b'{') < 3) & (byte != b'\\');
        let mark = bracket | (byte | 2 == b'>') | (byte == b'#') | (byte == b'*');
        let ignored = (byte == 0xe2) | (byte == 0xef);
        let wide = (byte >= 0xe3) & (byte != 0xee) & (byte != 0xef);
        *kind = u8::from(mark) << SINGLE | u8::from(ignored) << IGNORED | u8::from(wide) << WIDE;
        any |= *kind;
    }
    bits.marks = lane(&kinds, SINGLE);
    let ignored = lane(&kinds, IGNORED);
    bits.words &= !(ignored | ignored << 1 | ignored << 2);
    bits.cut = ignored & 0b11 << 62;
    any >> WIDE == 0
}

/// One bit of each byte, the first byte's lowest.
#[inline]
fn lane(kinds: &[u8; WINDOW], bit: u32) -> u64 {
    let mut bits = 0;
    for (at, chunk) in kinds.chunks_exact(8).enumerate() {
        let ones = (eight(chunk) >> bit) & 0x0101_0101_0101_0101;
        // Brings the eight bits together in the highest byte.
        bits |= (ones.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (at * 8);
    }
    bits
}

/// The same for the highest bits.
#[inline]
fn highest(kinds: &[u8; WINDOW]) -> u64 {
    let mut bits = 0;
    for (at, chunk) in kinds.chunks_exact(8).enumerate() {
        let ones = eight(chunk) & 0x8080_8080_8080_8080;
        bits |= (ones.wrapping_mul(0x0002_0408_1020_4081) >> 56) << (at * 8);
    }
    bits
}

#[inline]
fn walk<const MIXED: bool>(
    window: &[u8; REACH],
    bits: &Bits,
    ends: bool,
    mut last: u64,
    found: &mut [u64; WINDOW],
) -> (usize, usize) {
    let &Bits { words, numbers, marks, cut } = bits;
    // First and last bytes of tokens.
    let mut first = words & !(words << 1) | marks;
    let mut end = words & !(words >> 1) | marks;
    let mut next = WINDOW;
    if MIXED && cut != 0 {
        next = place(cut);
    } else if words >> 63 != 0 && !ends {
        // The last word may go on.
        next = WINDOW - words.leading_ones() as usize;
        if next == 0 {
            return (0, 0);
        }
        first &= !(1 << next);
        end &= u64::MAX >> 1;
    }
    let mut count = 0;
    while first != 0 {
        let (start, length) = (place(first), place(end) + 1 - place(first));
        first &= first - 1;
        end &= end.wrapping_sub(1);
        let mut hash = if length <= 8 { short(window, start, length) } else { long(window, start, length) };
        if MIXED {
            let own = (u64::MAX >> (64 - length)) << start;
            if marks & own != 0 {
                hash = mark(window[start]);
            }
            hash = if numbers & own != 0 { NUMBER } else { hash };
            found[count % WINDOW] = hash;
            count += usize::from((hash != NUMBER) | (last != NUMBER));
            last = hash;
        } else {
            found[count % WINDOW] = hash;
            count += 1;
        }
    }
    (count, next)
}

#[inline]
fn place(bits: u64) -> usize {
    bits.trailing_zeros() as usize % WINDOW
}

const LOWER: u64 = 0x2020_2020_2020_2020;

#[inline]
fn eight(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(eight)
}

/// `word` of 1 to 8 bytes, without a branch.
#[inline]
fn short(window: &[u8; REACH], start: usize, length: usize) -> u64 {
    fold(fold(SEED ^ length as u64 ^ tail(window, start, length), K1), K2)
}

/// `word` of more than 8 bytes.
#[inline]
fn long(window: &[u8; REACH], start: usize, length: usize) -> u64 {
    let (mut hash, mut at, mut left) = (SEED ^ length as u64, start, length);
    while left > 8 {
        hash = fold(hash ^ (eight(&window[at % WINDOW..]) | LOWER), K1);
        (at, left) = (at + 8, left - 8);
    }
    fold(fold(hash ^ tail(window, at, left), K1), K2)
}

/// The last 1 to 8 bytes of a word, lower case: eight as they stand, fewer the other way round.
#[inline]
fn tail(window: &[u8; REACH], start: usize, length: usize) -> u64 {
    let all = eight(&window[start % WINDOW..]) | LOWER;
    let some = all.swap_bytes() >> ((8 - length % 8) * 8 % 64);
    if length == 8 { all } else { some }
}
