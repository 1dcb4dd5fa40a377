//! Views: a text as it would read with its encodings undone.
//! In: a text. Out: the text normalised, and what base64, base64url, hexadecimal, percent, `\u`, `\x` and HTML numbers in it say.
//! Invariant: bounded: three encodings deep, 64 views, 16 KiB each.
//! Not here: what is looked for (`find.rs`).

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization;

const DEEP: usize = 3;
const MOST: usize = 64;
const LONG: usize = 16 << 10;

#[expect(clippy::unwrap_used, reason = "the expressions are constants, read by every test")]
pub(super) fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    regex(&format!(
        r"^(?:[a-z0-9-]{{3,32}}--{uuid}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:.]{{8,15}}Z|[0-9a-f]{{8}}|token-[0-9a-f]{{32}}|[0-9]{{1,6}})$"
    ))
});
/// Ids and slots within patterns, which are no text of anybody's.
static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"extension-definition--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|'[0-9a-f]{8}'|\b[tqd](?:13|12|11|10|s[123]|d[123]|00)[di][0-9]{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}\b",
    )
});
static BASE64: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z0-9+/_-]{8,}={0,2}"));
static HEX: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?:[0-9a-f]{2}[ :,]?){6,}"));
static PERCENT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:%[0-9a-fA-F]{2})+"));
static UNICODE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\x([0-9a-fA-F]{2})|&#x([0-9a-fA-F]{1,6});?|&#([0-9]{1,7});?|[Uu]\+([0-9a-fA-F]{4,6})",
    )
});
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
static DECODERS: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT),
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT),
];

/// Whether a text is of a form that can't say anything: ids, timestamps, slots, tokens, short numbers.
pub(super) fn is_harmless(text: &str) -> bool {
    text.len() <= 72 && HARMLESS.is_match(text)
}

/// Whether a text is one word of small letters, as properties and vocabularies have them.
pub(super) fn is_word(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Shows each view until the looker has seen enough (`true`).
pub(super) fn each(text: &str, look: &mut dyn FnMut(&str, usize) -> bool) {
    let text = WITHIN.replace_all(cut(text), "'");
    let mut waiting = vec![(text.into_owned(), 0)];
    let mut seen = 0;
    while let Some((text, depth)) = waiting.pop() {
        seen += 1;
        let plain = plain(&text);
        if look(&plain, depth) || (plain != text && look(&text, depth)) || seen >= MOST {
            return;
        }
        if depth < DEEP {
            waiting.extend(decoded(&plain).into_iter().map(|text| (text, depth + 1)));
        }
    }
}

/// Compatibility forms undone (full-width digits, ligatures), other scripts' digits made ASCII, invisible characters gone.
fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    text.nfkc().filter(|c| !is_invisible(*c)).map(|c| digit(c).unwrap_or(c)).collect()
}

/// Lower case, accents gone, white space single.
pub(super) fn squeezed(text: &str) -> String {
    let plain: String =
        text.nfkd().filter(|c| !is_invisible(*c) && !is_accent(*c)).flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Characters that show nothing (Unicode's Default_Ignorable_Code_Point, its commonly used part, and controls).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && !c.is_whitespace())
}

/// Decimal digits of scripts in use: each block of ten begins at a zero.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 20] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
        0x1040, 0x17e0, 0x1810, 0x1946, 0xff10,
    ];
    ZEROS.iter().find_map(|zero| char::from_digit(u32::from(c).checked_sub(*zero).filter(|n| *n < 10)?, 10))
}

fn decoded(text: &str) -> Vec<String> {
    let mut views = Vec::new();
    if text.contains('%') {
        let bytes = PERCENT.replace_all(text, |found: &Captures<'_>| {
            String::from_utf8_lossy(&hex::decode(found[0].replace('%', "")).unwrap_or_default()).into_owned()
        });
        push(&mut views, text, &bytes);
    }
    if text.contains(['\\', '&', '+']) {
        let undone = UNICODE.replace_all(text, |found: &Captures<'_>| {
            let number = (1..=5).find_map(|n| {
                let radix = if n == 4 { 10 } else { 16 };
                u32::from_str_radix(found.get(n)?.as_str(), radix).ok()
            });
            number.and_then(char::from_u32).map(String::from).unwrap_or_default()
        });
        push(&mut views, text, &undone);
    }
    for found in HEX.find_iter(text) {
        let digits: String = found.as_str().chars().filter(char::is_ascii_hexdigit).collect();
        readable(&mut views, hex::decode(digits).ok());
    }
    for found in BASE64.find_iter(text) {
        let found = found.as_str().trim_end_matches('=');
        for decoder in &DECODERS {
            // A run may begin with signs that don't belong to it.
            for skip in 0..4 {
                let part = found.get(skip..).unwrap_or_default();
                let part = part.get(..part.len() - usize::from(part.len() % 4 == 1)).unwrap_or_default();
                readable(&mut views, decoder.decode(part).ok());
            }
        }
    }
    views.truncate(MOST);
    views
}

fn push(views: &mut Vec<String>, before: &str, after: &str) {
    if before != after {
        views.push(cut(after).to_owned());
    }
}

/// Bytes that are mostly printable text.
fn readable(views: &mut Vec<String>, bytes: Option<Vec<u8>>) {
    let Some(bytes) = bytes.filter(|bytes| bytes.len() >= 5) else { return };
    printable(views, &String::from_utf8_lossy(&bytes));
    if bytes.contains(&0) {
        for read in [u16::from_le_bytes, u16::from_be_bytes] {
            let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(read));
            printable(views, &char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>());
        }
    }
}

fn printable(views: &mut Vec<String>, text: &str) {
    let printable = text.chars().filter(|c| !c.is_control() && *c != '\u{fffd}').count();
    let known = views.iter().any(|view| view == text);
    if printable * 10 >= text.chars().count() * 9 && printable >= 5 && !known {
        views.push(cut(text).to_owned());
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONG)).unwrap_or(text)
}
