//! Planted secrets, none of which gets out in any encoding; and what isn't one passes.
//! In: secrets of each kind, each in each encoding, in the widest profile's free text. Out: passes or fails.
//! Invariant: the corpus is a table: kinds times encodings times places.
//! Not here: which fields may hold free text at all.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Draft, Set};
use stillwatch_stix::marking::{Pap, Tlp};

use crate::fixture::{Done, draft, recipient};

/// Invented, all of them: numbers are those of test cards and of numbers kept for films.
pub(crate) fn secrets() -> Vec<(&'static str, String)> {
    // Put together here, so that no program takes this file for a leak.
    let key = |front: &str, rest: &str| format!("{front}{rest}");
    vec![
        ("e-mail", "jane.doe@customer.example".to_owned()),
        ("e-mail", "jane [at] customer [dot] example".to_owned()),
        ("phone", "+1 (202) 555-0143".to_owned()),
        ("phone", "+49 30 5550 1234".to_owned()),
        ("phone", "202-555-0143".to_owned()),
        ("card", "4111 1111 1111 1111".to_owned()),
        ("card", "5500005555555559".to_owned()),
        ("card", "3782-822463-10005".to_owned()),
        ("key", key("sk-", "ant-api03-Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5")),
        ("key", key("AKIA", "IOSFODNN7EXAMPLE")),
        ("key", key("ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8")),
        ("key", key("xoxb-", "123456789012-abcdefABCDEF")),
        ("key", key("-----BEGIN ", "PRIVATE KEY-----")),
        ("key", key("password: ", "hunter2hunter2")),
        ("key", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY9".to_owned()),
        ("key", key("https://user:", "secret@host.example/")),
        ("price", "USD 12,500".to_owned()),
        ("price", "€ 3.20".to_owned()),
        ("price", "15 dollars".to_owned()),
        ("name", "Müller Analytics".to_owned()),
        ("name", "zephyrcorp".to_owned()),
        ("prompt", "You are an expert data analyst, be thorough".to_owned()),
    ]
}

pub(crate) type Encode = (&'static str, fn(&str) -> String);

pub(crate) const ENCODINGS: [Encode; 30] = [
    ("plain", |text| text.to_owned()),
    ("base64", |text| BASE64_STANDARD.encode(text)),
    ("base64url", |text| BASE64_URL_SAFE_NO_PAD.encode(text)),
    ("base64 of UTF-16", |text| {
        BASE64_STANDARD.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
    }),
    ("base64 twice", |text| BASE64_STANDARD.encode(BASE64_STANDARD.encode(text))),
    ("hex", |text| hex::encode(text)),
    ("hex of base64", |text| hex::encode(BASE64_STANDARD.encode(text))),
    ("hex with spaces", |text| text.bytes().map(|byte| format!("{byte:02X} ")).collect()),
    ("percent", |text| text.bytes().map(|byte| format!("%{byte:02x}")).collect()),
    ("unicode escapes", |text| text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()),
    ("HTML numbers", |text| text.chars().map(|c| format!("&#{};", u32::from(c))).collect()),
    ("full width", |text| {
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c);
        text.chars().map(wide).collect()
    }),
    ("zero-width joiners", |text| text.chars().flat_map(|c| [c, '\u{200d}']).collect()),
    ("other digits", |text| {
        let other = |c: char| c.to_digit(10).and_then(|n| char::from_u32(0x966 + n)).unwrap_or(c);
        text.chars().map(other).collect()
    }),
    ("base64 four times", |text| (0..4).fold(text.to_owned(), |text, _| BASE64_STANDARD.encode(text))),
    ("base64 in lines", |text| {
        let whole = BASE64_STANDARD.encode(text);
        whole.as_bytes().chunks(12).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
    }),
    ("base64 of hex", |text| BASE64_STANDARD.encode(hex::encode(text))),
    ("base32", |text| base32(text)),
    ("base32, small letters", |text| base32(text).to_lowercase()),
    ("ascii85", |text| base85(text, |digit| char::from(digit + b'!'))),
    ("hex with 0x", |text| text.bytes().map(|byte| format!("0x{byte:02x}, ")).collect()),
    ("hex with colons", |text| text.bytes().map(|byte| format!("{byte:02x}:")).collect()),
    ("quoted-printable", |text| text.bytes().map(|byte| format!("={byte:02X}")).collect()),
    ("backwards", |text| text.chars().rev().collect()),
    ("base64 backwards", |text| BASE64_STANDARD.encode(text).chars().rev().collect()),
    ("rot13", rot13),
    ("letters apart", |text| text.chars().map(|c| format!("{c} ")).collect()),
    ("bits", |text| text.bytes().map(|byte| format!("{byte:08b} ")).collect()),
    ("decimal codes", |text| text.bytes().map(|byte| format!("{byte} ")).collect()),
    ("other dashes, dots and spaces", |text| {
        text.replace('-', "\u{2010}").replace('.', "\u{3002}").replace(' ', "\u{a0}").replace('@', "\u{fe6b}")
    }),
];

fn rot13(text: &str) -> String {
    let turn = |c: char, first: u8| char::from((c as u8 - first + 13) % 26 + first);
    let turned = |c: char| match c {
        'a'..='z' => turn(c, b'a'),
        'A'..='Z' => turn(c, b'A'),
        c => c,
    };
    text.chars().map(turned).collect()
}

/// RFC 4648, section 6, without padding.
fn base32(text: &str) -> String {
    let bits: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
    let five = |bits: &[u8]| {
        bits.iter().chain(std::iter::repeat_n(&b'0', 5 - bits.len())).fold(0, |n, bit| n << 1 | (bit & 1))
    };
    bits.as_bytes()
        .chunks(5)
        .map(|bits| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(five(bits))]))
        .collect()
}

fn base85(text: &str, sign: fn(u8) -> char) -> String {
    let mut out = String::new();
    for four in text.as_bytes().chunks(4) {
        let mut padded = [0; 4];
        padded[..four.len()].copy_from_slice(four);
        let number = u32::from_be_bytes(padded);
        let digits = [85 * 85 * 85 * 85, 85 * 85 * 85, 85 * 85, 85, 1].map(|n| (number / n % 85) as u8);
        out.extend(digits.iter().take(four.len() + 1).map(|digit| sign(*digit)));
    }
    out
}

pub(crate) fn scanners() -> Scanners {
    let prompt = |text: &str| text.contains("expert data analyst");
    Scanners::new(&["Müller Analytics".to_owned(), "ZephyrCorp".to_owned()], Some(Box::new(prompt)))
}

fn note(content: &str) -> Value {
    json!({
        "type": "note", "id": "note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "spec_version": "2.1",
        "created": "2026-05-01T00:00:00.000Z", "modified": "2026-05-01T00:00:00.000Z",
        "object_marking_refs": [Tlp::Green.id(), Pap::Amber.id()], "content": content,
        "object_refs": ["campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"]
    })
}

fn campaign() -> Value {
    json!({
        "type": "campaign", "id": "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "spec_version": "2.1",
        "created": "2026-05-01T00:00:00.000Z", "modified": "2026-05-01T00:00:00.000Z",
        "object_marking_refs": [Tlp::Green.id(), Pap::Amber.id()], "name": "Quiet Heron"
    })
}

/// What of a note with that content leaves under the profile that lets most leave.
pub(crate) fn leaves(draft: &Draft, content: &str, scanners: &Scanners) -> bool {
    let texts = [note(content).to_string(), campaign().to_string()];
    let set = Set::of(texts.iter().map(String::as_str));
    let decided = Desk::new(draft, recipient(draft), scanners).decide(&set);
    decided.first().is_some_and(Result::is_ok)
}

#[test]
fn no_planted_secret_gets_out_in_any_encoding() -> Done {
    let (draft, scanners) = (draft("internal")?, scanners());
    let mut out = Vec::new();
    for (kind, secret) in secrets() {
        for (how, encode) in ENCODINGS {
            for around in ["{}", "Seen again: {} (see above)."] {
                if leaves(&draft, &around.replace("{}", &encode(&secret)), &scanners) {
                    out.push(format!("{kind}, {how}, in `{around}`: {secret}"));
                }
            }
        }
    }
    assert!(out.is_empty(), "{} got out:\n{}", out.len(), out.join("\n"));
    Ok(())
}

#[test]
fn what_is_no_secret_passes() -> Done {
    let draft = draft("internal")?;
    for content in [
        "Came back after the release of May, with the same template.",
        "Seen from 198.51.100.7 and 198.51.100.0/24 on 2026-05-14.",
        "Technique AML.T0024.002; client harvest-client/2.1 (linux).",
        "About 40 accounts, three addresses each, 12 hours apart.",
        "It looks at the template and not at the price of anything.",
        "Active from 2026-05-01 00:00 to 2026-11-30 00:00, from AS64500, over HTTP/2 and IPv6 (2001:db8:1:2::9).",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
        "Techniques AML.T0024.000, AML.T0024.002 and T1090.003; tactics exfiltration and ML-attack staging (v4.9.0).",
        "Accounts/day: 12, 15, 18, 22, 31, 40, 44; all asked 1/2/3/4-shot prompts. See RFC 9110, section 15.5.",
        "Adversaries may steal intellectual property by asking a model's API again and again (ATLAS, 'Extract ML Model').",
    ] {
        assert!(leaves(&draft, content, &scanners()), "{content}");
    }
    Ok(())
}
