//! Views: a text as it would read with its encodings undone.
//! In: a text. Out: the text made plain, read backwards and in rot13, and what is encoded in it, each shown once.
//! Invariant: bounded: `DEEP` encodings deep, `MOST` views, `LONG` bytes each; what is beyond these bounds is told, not passed over.
//! Not here: what is looked for (`find.rs`), each encoding (`decode.rs`).

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::decode;
use super::plain::plain;

/// Encodings within encodings that are undone.
const DEEP: usize = 4;
/// Views of one text.
const MOST: usize = 256;
/// Bytes of a text that is looked at.
pub(super) const LONG: usize = 16 << 10;

#[expect(clippy::unwrap_used, reason = "the expressions are constants, read by every test")]
pub(super) fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// Ids, slots and fingerprints of clients, which are no text of anybody's; which ids may be named is seen to elsewhere (`walk.rs`).
static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b[a-z][a-z0-9-]{2,30}--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|'[0-9a-f]{8}'|^\[autonomous-system:number = 42[0-9]{8}\]$|\b[tqd](?:13|12|11|10|s[123]|d[123]|00)[di][0-9]{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}\b",
    )
});

/// One way to read a text.
pub(super) struct View<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// Whether it had to be decoded.
    pub(super) encoded: bool,
    /// Whether it is read backwards.
    pub(super) backwards: bool,
}

/// What came of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Every view was looked at.
    Whole,
    /// The looker had seen enough.
    Enough,
    /// There was more than can be looked at.
    TooMuch,
    /// It holds data that was compressed.
    Packed,
}

/// A text that waits to be looked at.
#[derive(Default)]
struct Waiting {
    text: String,
    depth: usize,
    backwards: bool,
    turned: bool,
}

/// Shows each view until the looker has seen enough (`true`).
pub(super) fn each(text: &str, look: &mut dyn FnMut(&View<'_>) -> bool) -> End {
    if text.len() > LONG {
        return End::TooMuch;
    }
    let text = WITHIN.replace_all(text, "'").into_owned();
    let mut known = HashSet::from([text.clone()]);
    let mut waiting = vec![Waiting { text, depth: 0, backwards: false, turned: false }];
    let mut at = 0;
    while let Some(Waiting { text, depth, backwards, turned }) = waiting.get_mut(at).map(std::mem::take) {
        at += 1;
        let encoded = depth > 0 || turned;
        let seen = plain(&text);
        if look(&View { text: &seen, encoded, backwards })
            || (*seen != *text && look(&View { text: &text, encoded, backwards }))
        {
            return End::Enough;
        }
        let undone = decode::all(&seen);
        if undone.packed {
            return End::Packed;
        }
        for text in undone.texts {
            if text.len() > LONG || depth >= DEEP {
                return End::TooMuch;
            }
            if known.insert(text.clone()) {
                // What is encoded in a text that is read backwards reads forwards.
                waiting.push(Waiting { text, depth: depth + 1, backwards: false, turned });
            }
        }
        // Turned once: what was turned twice in any way reads as it did.
        if !turned && depth < 2 && seen.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            let back: String = seen.chars().rev().collect();
            for (text, backwards) in [(decode::rot13(&seen), false), (back, true)] {
                if known.insert(text.clone()) {
                    waiting.push(Waiting { text, depth, backwards, turned: true });
                }
            }
        }
        if waiting.len() > MOST {
            return End::TooMuch;
        }
    }
    End::Whole
}
