//! Plain: a text as a reader sees it, in characters that rules can be written for.
//! In: a text. Out: the text without compatibility forms, invisible characters, other scripts' digits, odd dashes, dots and spaces.
//! Invariant: ASCII without control characters stays as it is.
//! Not here: encodings (`views.rs`), letters that look alike (`names.rs`).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Compatibility forms undone (full-width digits, ligatures), other scripts' digits made ASCII, invisible characters gone.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && (!byte.is_ascii_control() || byte.is_ascii_whitespace())) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkc().filter(|c| !is_invisible(*c)).map(|c| digit(c).unwrap_or_else(|| sign(c))).collect())
}

pub(super) fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Characters that show nothing (Unicode's Default_Ignorable_Code_Point, its commonly used part, and controls).
pub(super) fn is_invisible(c: char) -> bool {
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

/// Dashes, dots, colons, slashes and spaces that are not ASCII's.
fn sign(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2e3a}' | '\u{2e3b}' | '\u{2043}' => '-',
        '\u{3002}' | '\u{b7}' | '\u{2022}' | '\u{2027}' | '\u{22c5}' | '\u{30fb}' | '\u{6d4}' => '.',
        '\u{2236}' | '\u{a789}' | '\u{2d0}' | '\u{5c3}' => ':',
        '\u{2215}' | '\u{2044}' | '\u{29f8}' => '/',
        '\u{2795}' => '+',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}
