//! Like: wildcards (STIX 2.1, 9.6, `LIKE`).
//! In: a template with `%` and `_`. Out: whether it covers a whole text.
//! Invariant: both sides in NFC; time is at most the product of the two lengths; nothing is escaped, as the spec has no escape.
//! Not here: regular expressions (`pcre.rs`).

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A template, ready to be laid over texts.
#[derive(Debug, Clone)]
pub(crate) struct Like {
    /// The template's letters between its `%`s; the first is tied to the begin, the last to the end.
    parts: Vec<Vec<char>>,
}

impl Like {
    pub(crate) fn new(template: &str) -> Self {
        Self { parts: nfc(template).split('%').map(|part| part.chars().collect()).collect() }
    }

    /// Whether the template covers the whole text, line breaks included.
    pub(crate) fn covers(&self, text: &str) -> bool {
        let text = nfc(text);
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| begins(only, &text) == Some(""));
        };
        let Some(mut rest) = begins(first, &text) else { return false };
        for part in middle {
            match leftmost(part, rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        let tail = rest.chars().count().checked_sub(last.len());
        tail.and_then(|skipped| rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(skipped))
            .is_some_and(|at| begins(last, &rest[at..]) == Some(""))
    }
}

/// What is left of a text that begins with a part.
fn begins<'a>(part: &[char], text: &'a str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in part {
        let letter = rest.next()?;
        if *wanted != '_' && *wanted != letter {
            return None;
        }
    }
    Some(rest.as_str())
}

/// What is left after the first place where a part stands.
fn leftmost<'a>(part: &[char], text: &'a str) -> Option<&'a str> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).find_map(|at| begins(part, &text[at..]))
}

/// The text in Normalization Form C, copied only where it isn't yet (STIX 2.1, 9.6).
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}
