//! Names: the lab's own list, found however they are written.
//! In: names; a text. Out: whether one of them is in it.
//! Invariant: case, accents, white space and letters that look alike (Unicode TS 39, section 4) never hide a name; the cost
//! does not grow with the list.
//! Not here: encodings (`views.rs`), e-mail addresses and numbers (`find.rs`).

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use super::plain::{is_accent, is_invisible};

/// Letters and digits from which on a name is found within words and across signs.
const LONG: usize = 6;
/// Letters from which on it is looked for at all.
const LEAST: usize = 3;

/// The list.
#[derive(Debug, Default)]
pub(super) struct Names {
    count: usize,
    /// Letters and digits alone, found anywhere.
    long: Option<AhoCorasick>,
    /// Short ones, found as words of their own.
    short: Option<AhoCorasick>,
}

impl Names {
    /// The names that have at least three letters. A list too large to be looked for finds everything.
    pub(super) fn of(names: &[String]) -> Self {
        let (mut long, mut short) = (Vec::new(), Vec::new());
        for name in names.iter().filter(|name| weight(name) >= LEAST) {
            let alike = alike(name);
            if weight(name) >= LONG {
                long.push(letters(&alike));
            } else {
                short.push(alike);
            }
        }
        let any = || AhoCorasick::new([""]).ok();
        let build = |patterns: Vec<&str>| {
            if patterns.is_empty() { None } else { AhoCorasick::new(patterns).ok().or_else(any) }
        };
        Names {
            count: long.len() + short.len(),
            long: build(long.iter().map(String::as_str).collect()),
            short: build(short.iter().map(|name| name.as_str()).collect()),
        }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Whether one of them is in a text.
    pub(super) fn are_in(&self, text: &str) -> bool {
        if self.count == 0 {
            return false;
        }
        let alike = alike(text);
        if self.long.as_ref().is_some_and(|names| names.is_match(letters(&alike).as_str())) {
            return true;
        }
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        self.short.as_ref().is_some_and(|names| {
            names.find_overlapping_iter(alike.as_str()).any(|found| {
                let before = alike.get(..found.start()).and_then(|text| text.chars().next_back());
                edge(before) && edge(alike.get(found.end()..).and_then(|text| text.chars().next()))
            })
        })
    }
}

/// Letters and digits of a name; a character of a script that writes without spaces says as much as three.
fn weight(name: &str) -> usize {
    let of = |c: char| if c >= '\u{2e80}' { 3 } else { 1 };
    name.nfkc().filter(|c| c.is_alphanumeric()).map(of).sum()
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What each ASCII character looks like, in small letters.
static ASCII: LazyLock<[String; 128]> =
    LazyLock::new(|| std::array::from_fn(|at| char::from_u32(at as u32).map(seen).unwrap_or_default()));

/// A small letter as it is seen: `0` as `o`, `1` and `i` as `l`, `m` as `rn`.
fn seen(c: char) -> String {
    if c.is_whitespace() {
        return " ".to_owned();
    }
    let small: String = c.to_lowercase().collect();
    skeleton(&small).flat_map(char::to_lowercase).map(|c| if c == 'i' { 'l' } else { c }).collect()
}

/// A text as it is seen: small letters, no accents, white space single, letters that look alike the same.
fn alike(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut push = |seen: &str| {
        for c in seen.chars() {
            if c != ' ' || !(out.is_empty() || out.ends_with(' ')) {
                out.push(c);
            }
        }
    };
    if text.is_ascii() {
        for byte in text.bytes().filter(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace()) {
            push(ASCII.get(usize::from(byte)).map_or("", String::as_str));
        }
    } else {
        let shown = text.nfkd().filter(|c| !is_invisible(*c) && !is_accent(*c));
        // Letters of other scripts first: what a capital looks like is lost once it is small.
        for c in shown {
            if c.is_ascii() {
                push(ASCII.get(c as usize).map_or("", String::as_str));
            } else if c.is_whitespace() {
                push(" ");
            } else {
                skeleton(c.encode_utf8(&mut [0; 4])).for_each(|c| push(&seen(c)));
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let names =
            Names::of(&["Müller Analytics".to_owned(), "Initech".to_owned(), "Ock".to_owned(), "星火".to_owned()]);
        assert_eq!(names.len(), 4);
        for text in [
            "MULLER  analytics",
            "muller-analytics",
            "mu\u{308}llerAnalytics",
            "the lnitech case",
            "1n1tech",
            "\u{406}nit\u{435}\u{441}h",
            "by ock.",
            "0CK",
            "ＩＮＩＴＥＣＨ",
            "由星火公司",
        ] {
            assert!(names.are_in(text), "{text}");
        }
        for text in ["a clock", "mull it over", "unity", ""] {
            assert!(!names.are_in(text), "{text}");
        }
    }
}
