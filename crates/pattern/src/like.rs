//! Like: wildcards (STIX 2.1, 9.6, `LIKE`).
//! In: a template with `%` and `_`. Out: whether it covers a whole text.
//! Invariant: both sides in NFC; time is at most the product of the two lengths; nothing is escaped, as the spec has no escape.
//! Not here: regular expressions (`pcre.rs`).

use std::borrow::Cow;

use memchr::memmem::Finder;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A template, ready to be laid over texts.
#[derive(Debug, Clone)]
pub(crate) struct Like {
    /// What stands between its `%`s; the first is tied to the begin, the last to the end.
    parts: Vec<Part>,
}

/// Text in which `_` is any one character.
#[derive(Debug, Clone)]
enum Part {
    Plain(Box<Finder<'static>>),
    Letters(Vec<char>),
}

impl Like {
    pub(crate) fn new(template: &str) -> Self {
        Self { parts: nfc(template).split('%').map(Part::new).collect() }
    }

    /// Whether the template covers the whole text, line breaks included.
    pub(crate) fn covers(&self, text: &str) -> bool {
        let text = nfc(text);
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| only.begins(&text) == Some(""));
        };
        let Some(mut rest) = first.begins(&text) else { return false };
        for part in middle {
            match part.leftmost(rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        last.ends(rest)
    }
}

impl Part {
    fn new(text: &str) -> Self {
        if text.contains('_') {
            Part::Letters(text.chars().collect())
        } else {
            Part::Plain(Box::new(Finder::new(text.as_bytes()).into_owned()))
        }
    }

    /// What is left of a text that begins with it.
    fn begins<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Part::Plain(part) => text.as_bytes().starts_with(part.needle()).then(|| &text[part.needle().len()..]),
            Part::Letters(part) => {
                let mut rest = text.chars();
                let fits =
                    part.iter().all(|wanted| rest.next().is_some_and(|letter| *wanted == '_' || *wanted == letter));
                fits.then_some(rest.as_str())
            }
        }
    }

    /// What is left after the first place where it stands.
    fn leftmost<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Part::Plain(part) => part.find(text.as_bytes()).map(|at| &text[at + part.needle().len()..]),
            Part::Letters(_) => {
                text.char_indices().map(|(at, _)| at).chain([text.len()]).find_map(|at| self.begins(&text[at..]))
            }
        }
    }

    fn ends(&self, text: &str) -> bool {
        match self {
            Part::Plain(part) => text.as_bytes().ends_with(part.needle()),
            Part::Letters(part) => {
                let skipped = text.chars().count().checked_sub(part.len());
                skipped.is_some_and(|skipped| {
                    let at = text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at);
                    self.begins(&text[at..]) == Some("")
                })
            }
        }
    }
}

/// The text in Normalization Form C, copied only where it isn't yet (STIX 2.1, 9.6).
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}
