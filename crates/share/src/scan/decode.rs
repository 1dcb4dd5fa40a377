//! Decode: what is encoded in a text, each encoding undone once.
//! In: a plain text. Out: the texts that are encoded in it; whether compressed data is.
//! Invariant: only what reads as text is given; decoding never makes a text longer.
//! Not here: encodings within encodings (`views.rs`).

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::{Captures, Regex};

use super::views::regex;

static BASE64: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z0-9+/_-]{8,}={0,2}"));
/// The same, wrapped into lines or groups.
static WRAPPED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?:[A-Za-z0-9+/_-]+(?:\r?\n|\\n))+[A-Za-z0-9+/_-]+={0,2}|(?:[A-Za-z0-9+/_-]{4,} ){2,}[A-Za-z0-9+/_-]+={0,2}",
    )
});
static BASE32: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:[A-Z2-7]{12,}|[a-z2-7]{12,})={0,6}"));
static HEX: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?:(?:0x|=)?[0-9a-f]{2}[ :,;._-]{0,2}){6,}"));
static PERCENT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:[%=][0-9a-fA-F]{2})+"));
static UNICODE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\x([0-9a-fA-F]{2})|&#[xX]([0-9a-fA-F]{1,6});?|&#([0-9]{1,7});?|[Uu]\+([0-9a-fA-F]{4,6})|&(commat|period|lowbar|plus|hyphen|dash|colon|sol|dollar|euro|pound|yen|nbsp|equals);",
    )
});
/// Codes of characters in decimal, or in binary.
static CODES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?:\b(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6])\b[ ,;]{1,2}){5,}[0-9]{2,3}"));
static BINARY: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:[01]{8}[ ,]?){5,}"));
/// Letters drawn apart: `j a n e`, `j-a-n-e`.
static SPACED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:\S {1,3}){5,}\S|(?:\S[._*|/-]){5,}\S"));
/// Signs of which the encodings of 85 signs are made, apart from those in words.
static BASE85: LazyLock<Regex> = LazyLock::new(|| regex(r"[!-~]{10,}"));

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
static STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);

/// RFC 1924's and ZeroMQ's alphabets; Adobe's is `!` to `u`.
const ALPHABETS: [&[u8; 85]; 2] = [
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~",
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#",
];

/// First bytes of compressed data: gzip, zstd, bzip2, xz, zip, lz4.
const PACKED: [&[u8]; 6] = [
    &[0x1f, 0x8b, 8],
    &[0x28, 0xb5, 0x2f, 0xfd],
    b"BZh",
    &[0xfd, b'7', b'z', b'X', b'Z'],
    b"PK\x03\x04",
    &[4, 0x22, 0x4d, 0x18],
];

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Undone {
    /// Texts.
    pub(super) texts: Vec<String>,
    /// Whether there is compressed data, which nobody looks through.
    pub(super) packed: bool,
}

/// Every encoding undone.
pub(super) fn all(text: &str) -> Undone {
    let mut undone = Undone::default();
    if text.contains(['%', '=']) {
        let bytes = PERCENT.replace_all(text, |found: &Captures<'_>| {
            let digits = found.get(0).map_or("", |found| found.as_str()).replace(['%', '='], "");
            String::from_utf8_lossy(&hex::decode(digits).unwrap_or_default()).into_owned()
        });
        undone.push(text, &bytes);
    }
    if text.contains(['\\', '&', '+']) {
        undone.push(text, &UNICODE.replace_all(text, |found: &Captures<'_>| escape(found).unwrap_or_default()));
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    for found in HEX.find_iter(text) {
        let digits = found.as_str().replace("0x", "").replace("0X", "");
        let digits: String = digits.chars().filter(char::is_ascii_hexdigit).collect();
        undone.bytes(hex::decode(digits).ok());
    }
    if digits >= 10 {
        for found in CODES.find_iter(text) {
            let codes = found.as_str().split([' ', ',', ';']).filter(|code| !code.is_empty());
            undone.bytes(codes.map(|code| code.parse().ok()).collect());
        }
        for found in BINARY.find_iter(text) {
            let bits: Vec<u8> = found.as_str().bytes().filter(|byte| matches!(byte, b'0' | b'1')).collect();
            let byte = |bits: &[u8]| bits.iter().fold(0_u8, |byte, bit| byte << 1 | (bit & 1));
            undone.bytes(Some(bits.chunks_exact(8).map(byte).collect()));
        }
    }
    for found in BASE64.find_iter(text) {
        undone.base64(found.as_str());
    }
    for found in WRAPPED.find_iter(text) {
        let whole: String = found.as_str().replace("\\n", "").chars().filter(|c| !c.is_whitespace()).collect();
        undone.base64(&whole);
    }
    for found in BASE32.find_iter(text) {
        undone.bytes(Some(base32(found.as_str())));
    }
    for found in BASE85.find_iter(text) {
        undone.base85(found.as_str());
    }
    for found in SPACED.find_iter(text) {
        let apart = found.as_str();
        // Between words there is more room than within.
        let words = |words: &str| words.split("  ").map(|word| word.replace(' ', "")).collect::<Vec<_>>().join(" ");
        let joined = if apart.contains(' ') { words(apart) } else { apart.chars().step_by(2).collect() };
        undone.text(&joined);
    }
    undone
}

/// Each Latin letter moved by half the alphabet.
pub(super) fn rot13(text: &str) -> String {
    let turn = |c: char, first: u8| char::from((c as u8 - first + 13) % 26 + first);
    text.chars()
        .map(|c| match c {
            'a'..='z' => turn(c, b'a'),
            'A'..='Z' => turn(c, b'A'),
            c => c,
        })
        .collect()
}

fn escape(found: &Captures<'_>) -> Option<String> {
    if let Some(name) = found.get(6) {
        let known = [
            ("commat", "@"),
            ("period", "."),
            ("lowbar", "_"),
            ("plus", "+"),
            ("hyphen", "-"),
            ("dash", "-"),
            ("colon", ":"),
            ("sol", "/"),
            ("dollar", "$"),
            ("euro", "€"),
            ("pound", "£"),
            ("yen", "¥"),
            ("nbsp", " "),
            ("equals", "="),
        ];
        return known.iter().find(|(known, _)| *known == name.as_str()).map(|(_, sign)| (*sign).to_owned());
    }
    let number = (1..=5).find_map(|n| {
        let radix = if n == 4 { 10 } else { 16 };
        u32::from_str_radix(found.get(n)?.as_str(), radix).ok()
    });
    number.and_then(char::from_u32).map(String::from)
}

/// RFC 4648, section 6, in either case.
fn base32(run: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in run.bytes().filter(|byte| *byte != b'=') {
        let five = if byte.is_ascii_digit() { byte - b'2' + 26 } else { byte.to_ascii_uppercase() - b'A' };
        held = (held << 5 | u32::from(five)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

/// Groups of five signs to four bytes; a group that stands for no four bytes ends it.
fn base85(run: &str, value: impl Fn(u8) -> Option<u32>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let run: Vec<u32> = run.bytes().map(value).collect::<Option<_>>()?;
    for group in run.chunks(5) {
        let padded = group.iter().copied().chain(std::iter::repeat(84)).take(5);
        let number = padded.fold(0_u64, |number, digit| number * 85 + u64::from(digit));
        let four = u32::try_from(number).ok()?.to_be_bytes();
        bytes.extend(four.iter().take(group.len() - 1));
    }
    Some(bytes)
}

impl Undone {
    fn base64(&mut self, found: &str) {
        let found = found.trim_end_matches('=').replace('-', "+").replace('_', "/");
        // A run may begin with signs that don't belong to it.
        for skip in 0..4 {
            let part = found.get(skip..).unwrap_or_default();
            let part = part.get(..part.len() - usize::from(part.len() % 4 == 1)).unwrap_or_default();
            self.bytes(STANDARD.decode(part).ok());
        }
    }

    fn base85(&mut self, run: &str) {
        let run = run.trim_start_matches("<~").trim_end_matches("~>");
        for alphabet in ALPHABETS {
            let value = |byte| alphabet.iter().position(|known| *known == byte).map(|at| at as u32);
            self.bytes(base85(run, value));
        }
        let value = |byte: u8| (b'!'..=b'u').contains(&byte).then(|| u32::from(byte - b'!'));
        self.bytes(base85(&run.replace('z', "!!!!!"), value));
    }

    fn push(&mut self, before: &str, after: &str) {
        if before != after {
            self.texts.push(after.to_owned());
        }
    }

    /// Bytes that are mostly printable text.
    fn bytes(&mut self, bytes: Option<Vec<u8>>) {
        let Some(bytes) = bytes.filter(|bytes| bytes.len() >= 5) else { return };
        self.packed |= PACKED.iter().any(|first| bytes.starts_with(first)) && bytes.len() >= 12;
        self.text(&String::from_utf8_lossy(&bytes));
        if bytes.contains(&0) {
            for read in [u16::from_le_bytes, u16::from_be_bytes] {
                let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(read));
                self.text(&char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>());
            }
        }
        // Text that stands between other bytes.
        for run in bytes.split(|byte| !byte.is_ascii_graphic() && *byte != b' ') {
            if run.len() >= 10 && run.len() < bytes.len() {
                self.text(&String::from_utf8_lossy(run));
            }
        }
    }

    fn text(&mut self, text: &str) {
        let printable = text.chars().filter(|c| !c.is_control() && *c != '\u{fffd}').count();
        let known = self.texts.iter().any(|view| view == text);
        if printable * 10 >= text.chars().count() * 9 && printable >= 5 && !known {
            self.texts.push(text.to_owned());
        }
    }
}
