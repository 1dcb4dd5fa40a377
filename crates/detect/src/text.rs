//! Text: one pass over a prompt, from bytes to token hashes.
//! In: UTF-8 text. Out: `Tokens`, a reusable buffer of 64-bit token hashes with the variable parts neutralised.
//! Invariant: the same text gives the same hashes on every machine and build; no text is kept.
//! Not here: what is done with tokens (`fingerprint.rs`, `cues/`).

mod window;

use window::{REACH, WINDOW};

/// Hash of every token that holds a digit: numbers, dates, hexadecimal ids and versions fill slots, they don't make templates.
pub const NUMBER: u64 = 0x9e6c_63d0_876a_3f6b;

const SEED: u64 = 0x2d35_8dcc_aa6c_78a5;
const K1: u64 = 0x8bb8_4b93_962e_acc9;
const K2: u64 = 0x4b33_a62e_d433_d4a3;

const SKIP: u8 = 0; // white space, most punctuation, and what no byte of UTF-8 can be
const LETTER: u8 = 1; // ASCII letters, `_`, and the bytes of alphabetic scripts beyond ASCII
const DIGIT: u8 = 2;
const MARK: u8 = 3; // punctuation that structures prompts, a token by itself: < > [ ] { } # * |
const WIDE3: u8 = 4; // first byte of a three-byte character that is a token by itself (Han, kana, hangul)
const WIDE4: u8 = 5; // first byte of a four-byte character (rare Han, emoji)
const SKIP3: u8 = 6; // first byte of a three-byte punctuation mark (general and full-width punctuation)

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut class = [SKIP; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'#' | b'*' | b'|' => MARK,
            0xe2 | 0xef => SKIP3,
            0xe3..=0xed => WIDE3,
            0xf0..=0xf4 => WIDE4,
            0x80..=0xff => LETTER,
            _ => SKIP,
        };
        byte += 1;
    }
    class
}

/// Multiplies to 128 bits and folds the halves: the mixing step of every hash here (as in wyhash and rapidhash).
#[inline]
#[must_use]
pub fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Hash of a string as a whole: keys (addresses, clients, models), and exact prompts.
#[inline]
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    rapidhash::v3::rapidhash_v3(bytes)
}

/// A reusable buffer of token hashes.
#[derive(Debug, Default, Clone)]
pub struct Tokens {
    /// Longer than what was read last: room that needn't be made again.
    hashes: Vec<u64>,
    count: usize,
}

impl Tokens {
    /// Replaces the buffer's tokens by those of `text`; keeps its memory.
    pub fn read(&mut self, text: &str) -> &[u64] {
        self.count = 0;
        self.scan(text.as_bytes());
        self.as_slice()
    }

    /// The tokens read last.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        &self.hashes[..self.count]
    }

    /// Like `each_token`, but a window at a time where that can be.
    fn scan(&mut self, bytes: &[u8]) {
        let mut padded;
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let window = if let Some(window) = rest.first_chunk::<{ REACH }>() {
                window
            } else {
                padded = [0; REACH];
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            };
            if self.hashes.len() < self.count + WINDOW {
                self.hashes.resize((self.count + WINDOW) * 2, 0);
            }
            let last = self.as_slice().last().copied().unwrap_or(0);
            let Some(room) = self.hashes[self.count..].first_chunk_mut() else { return };
            let (found, read) = window::read(window, rest.len() <= WINDOW, last, room);
            self.count += found;
            at += read;
            if read == 0 {
                // Wide characters, which seldom come alone, or a word longer than a window.
                at = each_token(bytes, at, at + 4 * WINDOW, |hash, _, _| self.push(hash));
            }
        }
    }

    fn push(&mut self, hash: u64) {
        // "3.14", "10,000" and "2026-03-02" are one slot each.
        if hash == NUMBER && self.as_slice().last() == Some(&NUMBER) {
            return;
        }
        if self.hashes.len() == self.count {
            self.hashes.resize((self.count + WINDOW) * 2, 0);
        }
        self.hashes[self.count] = hash;
        self.count += 1;
    }
}

/// The token hashes of `text`, each with the bytes that it came from: slower, for explanations.
#[must_use]
pub fn tokens_with_text(text: &str) -> Vec<(u64, &str)> {
    let mut out = Vec::new();
    each_token(text.as_bytes(), 0, usize::MAX, |hash, from, to| {
        if let Some(word) = text.get(from..to) {
            out.push((hash, word));
        }
    });
    out
}

/// Reads the tokens that begin from `from` on and before `until`: byte by byte, any text. Gives back where the next may begin.
#[inline]
fn each_token(bytes: &[u8], from: usize, until: usize, mut emit: impl FnMut(u64, usize, usize)) -> usize {
    let mut at = from;
    while at < until.min(bytes.len()) {
        let class = CLASS[usize::from(bytes[at])];
        match class {
            LETTER | DIGIT => {
                let start = at;
                let mut seen = 0;
                while let Some(&byte) = bytes.get(at) {
                    let class = CLASS[usize::from(byte)];
                    if class != LETTER && class != DIGIT {
                        break;
                    }
                    seen |= class;
                    at += 1;
                }
                let hash = if seen & DIGIT != 0 { NUMBER } else { word(&bytes[start..at]) };
                emit(hash, start, at);
            }
            SKIP => at += 1,
            MARK => {
                emit(mark(bytes[at]), at, at + 1);
                at += 1;
            }
            // U+3000 to U+303F: ideographic space, full stop, brackets.
            WIDE3 if bytes[at] == 0xe3 && bytes.get(at + 1) == Some(&0x80) => at += 3,
            WIDE3 | WIDE4 => {
                let end = (at + if class == WIDE3 { 3 } else { 4 }).min(bytes.len());
                emit(word(&bytes[at..end]), at, end);
                at = end;
            }
            _ => at += 3,
        }
    }
    at
}

/// Hash of a mark.
#[inline]
fn mark(byte: u8) -> u64 {
    fold(u64::from(byte) ^ SEED, K1)
}

/// Hash of one word, ASCII case ignored.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    let mut hash = SEED ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut eight = [0; 8];
        eight.copy_from_slice(chunk);
        hash = fold(hash ^ (u64::from_le_bytes(eight) | LOWER), K1);
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut last = 0u64;
        for &byte in rest {
            last = last << 8 | u64::from(byte | 0x20);
        }
        hash = fold(hash ^ last, K1);
    }
    fold(hash, K2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens_with_text(text).into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn words_marks_and_wide_characters_are_tokens() {
        assert_eq!(
            words("Explain <think>, über-fast: 你好。(v2)"),
            ["Explain", "<", "think", ">", "über", "fast", "你", "好", "v2"]
        );
    }

    #[test]
    fn case_and_numbers_are_neutral() {
        let mut a = Tokens::default();
        let mut b = Tokens::default();
        assert_eq!(a.read("Send 12 invoices by 2026-03-02, PLEASE"), b.read("send 7 Invoices by 1999/12/31 please"));
    }

    proptest::proptest! {
        #[test]
        fn windows_see_what_is_seen_byte_by_byte(
            pieces in proptest::collection::vec("[ -~]{0,9}|[a-z]{1,8} |[a-zA-Z_]{9,30}|[a-z]{60,140}|[0-9.,]{1,6}|[<>#*|\\\\{}^~]|[’“”…，！]|[好の]|[é𠀀😀\u{e000}]|\\PC", 0..60),
        ) {
            let text = pieces.concat();
            let (mut fast, mut slow) = (Tokens::default(), Tokens::default());
            each_token(text.as_bytes(), 0, usize::MAX, |hash, _, _| slow.push(hash));
            proptest::prop_assert_eq!(fast.read(&text), slow.as_slice());
        }
    }

    #[test]
    fn odd_bytes_never_panic() {
        let mut tokens = Tokens::default();
        for text in ["", "\u{10ffff}", "\u{ffff}", "é", "𠀀𠀁", "…", "a\u{0}b", "ｆｕｌｌ"] {
            tokens.read(text);
        }
    }
}
