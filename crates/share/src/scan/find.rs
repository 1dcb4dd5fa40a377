//! Find: what must not leave, in a text that is plain.
//! In: a text. Out: the kind of the first thing found.
//! Invariant: rather one too many than one too few: what is held for nothing a person sees, what slips nobody does.
//! Not here: encodings (`views.rs`), the lab's own names and prompts (`mod.rs`).

use std::sync::LazyLock;

use regex::Regex;

use super::views::regex;

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)[\p{L}\p{N}._%+'-]+\s?(?:@|[\[({<]\s?(?:at|@)\s?[\])}>]|\sat\s)\s?[\p{L}\p{N}-]+",
        r"\s?(?:\.|[\[({<]\s?(?:dot|\.)\s?[\])}>]|\sdot\s)\s?[\p{L}]{2,}",
        // Written as a word of a vocabulary.
        r"|[a-z0-9]+[._-]at[._-][a-z0-9]+(?:[._-]dot)?[._-](?:com|net|org|edu|gov|mil|int|info|biz|io|ai|app|dev|cn|de|uk|eu|ru|jp|fr|in|example)\b"
    ))
});
/// A number with its country; read backwards only this one, since any date and time has two noughts somewhere.
static ABROAD: LazyLock<Regex> = LazyLock::new(|| regex(r"\+[ ().-]{0,2}[0-9](?:[ ()./-]{0,3}[0-9]){6,14}"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b00[ ().-]{0,2}[0-9](?:[ ()./-]{0,3}[0-9]){6,14}|\(?\b0?[0-9]{2,4}\)?[ /-]{1,2}[0-9]{3,4}[ -][0-9]{3,4}\b|\b[0-9]{10,12}\b",
    )
});
static DIGITS: LazyLock<Regex> = LazyLock::new(|| regex(r"[0-9](?:[ ._-]{0,2}[0-9]){12,18}"));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| regex(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?\b"));
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:\b(?:sk|pk|rk)[-_](?:ant|live|test|proj|or|svcacct)?[-_]?[A-Za-z0-9_-]{12,}|\b(?:AKIA|ASIA|AGPA|AROA)[A-Z0-9]{12,}",
        r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{30,}",
        r"|\bglpat-[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}|\bhf_[A-Za-z0-9]{20,}|\bSG\.[A-Za-z0-9_-]{16,}",
        r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|-----BEGIN ?[A-Z ]*(?:PRIVATE|SECRET)|\bAGE-SECRET-KEY-|\bya29\.[A-Za-z0-9_-]{20,}",
        r"|(?i:\bbearer\s+[a-z0-9._~+/-]{16,}|\b(?:api[_-]?key|secret|passw(?:or)?d|token|pwd)\s*[:=]\s*\S{6,}|://[^\s/:@]+:[^\s/:@]+@))"
    ))
});
static RUN: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z0-9+/=_-]{20,}"));
static PRICE: LazyLock<Regex> = LazyLock::new(|| {
    let word = "USD|EUR|GBP|CNY|RMB|JPY|CHF|INR|KRW|CAD|AUD|dollars?|euros?|pounds?|yuan|yen|cents?";
    regex(&format!(
        r"(?i)[$€£¥₹₩₽]\s?[0-9]|[0-9]\s?[$€£¥₹₩₽]|\b(?:{word})\s?[0-9]|[0-9](?:\s?(?:k|m|bn|million|billion))?\s?(?:{word})\b"
    ))
});

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As it stands.
    Whole,
    /// From its end: noughts before a number are no country's then.
    Backwards,
    /// Put together of two: where they meet, words look like random signs.
    Seam,
}

/// The first thing found.
pub(super) fn in_text(text: &str, reading: Reading) -> Option<&'static str> {
    let random = || RUN.find_iter(text).any(|run| is_random(run.as_str()));
    if SECRET.is_match(text) || (reading != Reading::Seam && random()) {
        return Some("a key or secret");
    }
    if (text.contains(['@', '[', '(', '{', '<']) || has_at(text)) && EMAIL.is_match(text) {
        return Some("an e-mail address");
    }
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        // Network addresses have many digits too.
        let rest = ADDRESS.replace_all(text, "address");
        if DIGITS.find_iter(&rest).any(|found| is_card(found.as_str())) {
            return Some("a card number");
        }
        if ABROAD.is_match(&rest) || (reading != Reading::Backwards && PHONE.is_match(&rest)) {
            return Some("a telephone number");
        }
        if PRICE.is_match(&rest) {
            return Some("a price");
        }
    }
    None
}

/// Whether it has `at` as a word, or between signs.
fn has_at(text: &str) -> bool {
    let apart = |byte: u8| !byte.is_ascii_alphanumeric();
    text.as_bytes()
        .windows(4)
        .any(|w| matches!(w, &[a, b, c, d] if apart(a) && b | 32 == b'a' && c | 32 == b't' && apart(d)))
}

/// Luhn's check (ISO/IEC 7812-1, annex B) over 13 to 19 digits, anywhere in a run.
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    (13..=digits.len()).any(|length| digits.windows(length).any(is_luhn))
}

fn is_luhn(digits: &[u32]) -> bool {
    let double = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits.iter().rev().enumerate().map(|(at, d)| if at % 2 == 1 { double(*d) } else { *d }).sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

/// Whether a run of signs looks drawn at random: letters of both cases and digits, more than 3.5 bits a sign.
fn is_random(run: &str) -> bool {
    let has = |is: fn(&u8) -> bool| run.bytes().any(|byte| is(&byte));
    if !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)) {
        // Long hexadecimal runs are keys or hashes of something.
        return run.len() >= 32 && run.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let mut counts = [0_u32; 256];
    for byte in run.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = run.len() as f64;
    let bits: f64 =
        counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length).map(|p| -p * p.log2()).sum();
    bits > 3.5
}
