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
fn secrets() -> Vec<(&'static str, String)> {
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

type Encode = (&'static str, fn(&str) -> String);

const ENCODINGS: [Encode; 14] = [
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
];

fn scanners() -> Scanners {
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
fn leaves(draft: &Draft, content: &str, scanners: &Scanners) -> bool {
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
    ] {
        assert!(leaves(&draft, content, &scanners()), "{content}");
    }
    Ok(())
}
