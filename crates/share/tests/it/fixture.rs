//! A campaign with every kind of object, and the profiles that are shipped.
//! In: nothing. Out: exported objects, drafts, keys.
//! Invariant: each test sees the same.
//! Not here: what is tested.

use std::error::Error;

use ed25519_dalek::SigningKey;
use stillwatch_model::saved::{Client, Network, TextSketch};
use stillwatch_model::tracked::{Claim, Evasion, Likelihood, Note, Status, Tracked};
use stillwatch_model::{Capability, Family, Severity, Tokens};
use stillwatch_share::{Draft, Files, Profile, Recipient, SIGNATURE, TokenKey, Trust, sign};
use stillwatch_stix::campaign::{Options, Producer, objects};
use stillwatch_stix::marking::{Pap, Tlp};

pub(crate) type Done = Result<(), Box<dyn Error>>;
pub(crate) const PROFILES: [&str; 5] = ["conservative", "expanded", "government", "public", "internal"];
pub(crate) const NOW: &str = "2026-11-25T12:00:00Z";

/// The files of a shipped profile.
pub(crate) fn files(name: &str) -> Result<Files, Box<dyn Error>> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(format!("{}/../../profiles/{name}", env!("CARGO_MANIFEST_DIR")))? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?);
    }
    Ok(files)
}

pub(crate) fn draft(name: &str) -> Result<Draft, Box<dyn Error>> {
    Ok(Draft::read(files(name)?)?)
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The files with a signature.
pub(crate) fn signed(mut files: Files) -> Result<Files, Box<dyn Error>> {
    let signature = sign(&Draft::read(files.clone())?, &key());
    files.insert(SIGNATURE.to_owned(), signature);
    Ok(files)
}

pub(crate) fn profile(name: &str) -> Result<Profile, Box<dyn Error>> {
    let trust = Trust { keys: &[key().verifying_key()], now: NOW.parse()?, last_seen: None };
    Ok(Profile::load(signed(files(name)?)?, &trust)?)
}

/// Somebody in the profile's first audience.
pub(crate) fn recipient(draft: &Draft) -> Recipient {
    let member = draft.about.audience.first().and_then(|audience| audience.members.first());
    Recipient { member: member.cloned().unwrap_or_else(|| "anybody.example".to_owned()), key: TokenKey::new(&[9; 32]) }
}

/// A campaign as it is exported, with everything that the sender can choose to tell.
pub(crate) fn exported(tlp: Tlp, status: Status) -> Vec<String> {
    let options = Options {
        producer: Producer { name: "Example Lab".to_owned(), created: "2026-01-01T00:00:00Z".to_owned() },
        expires: Some("2027-03-01T00:00:00Z".to_owned()),
        legal_basis: Some("sharing agreement of 2026, section 3".to_owned()),
        purpose: Some("defence against model extraction".to_owned()),
        tlp,
        pap: Some(if tlp == Tlp::Clear { Pap::Clear } else { Pap::Amber }),
        names: true,
        claims: true,
        notes: true,
        ..Options::default()
    };
    objects(&campaign(status), &options)
}

fn campaign(status: Status) -> Tracked {
    let text = TextSketch {
        body: (1..=16).map(|n| if n % 4 == 0 { 0 } else { n * 0x0101_0101 }).collect(),
        system: vec![0xdead_beef, 0, 0xcafe_f00d, 7],
        head: 0x1234_5678,
        tail: 0x0bad_cafe,
        share: 0.734,
        fills: 31_337,
    };
    Tracked {
        id: "campaign--0c4f1b4c-5d9a-5a3e-9f0b-6a8f5a1c2d3e".to_owned(),
        name: Some("Quiet Heron".to_owned()),
        technique: "templated harvest".to_owned(),
        status,
        score: 0.973,
        severity: Severity::Critical,
        families: vec![Family::Content, Family::Network],
        first_seen: "2026-05-01T10:11:12.5Z".to_owned(),
        last_seen: "2026-05-14T20:00:00Z".to_owned(),
        created: "2026-05-15T00:00:00Z".to_owned(),
        modified: "2026-05-16T08:00:00.123456Z".to_owned(),
        accounts: 1_234,
        exchanges: 567_891,
        tokens: Tokens { input: 88_888_888, output: 222_222_222, reasoning: 3_000 },
        techniques: vec!["AML.T0024.002".to_owned(), "AML.T0008.005".to_owned()],
        capabilities: vec![Capability::Reasoning, Capability::ToolUse],
        evasions: vec![Evasion::LoadBalancing],
        texts: vec![text],
        networks: networks(),
        clients: vec![Client {
            user_agent: Some("harvest-client/2.1 (linux)".to_owned()),
            tls_ja4: Some("t13d1516h2_8daaf6152771_b186095e22b6".to_owned()),
            exchanges: 400_000,
            accounts: 900,
            strangers: 12,
        }],
        claims: vec![Claim {
            id: "a".to_owned(),
            actor: "Invented Actor".to_owned(),
            likelihood: Likelihood::VeryLikely,
            source: "somebody".to_owned(),
            author: "an analyst".to_owned(),
            reason: "because".to_owned(),
            at: "2026-05-20T00:00:00Z".to_owned(),
            withdrawn: None,
        }],
        notes: vec![Note {
            id: "n1".to_owned(),
            author: "an analyst".to_owned(),
            text: "Came back after the release.".to_owned(),
            at: "2026-05-20T00:00:00Z".to_owned(),
        }],
        assignee: None,
        actionable: true,
        signals: Vec::new(),
        links: Vec::new(),
        models: Vec::new(),
        evidence: Vec::new(),
    }
}

fn networks() -> Vec<Network> {
    let one = |address: String, asn| Network { address, asn: Some(asn), exchanges: 700, accounts: 40, strangers: 1 };
    let mut all: Vec<Network> = (1..=6).map(|n| one(format!("198.51.100.{n}"), 64_500)).collect();
    all.push(one("2001:db8::1".to_owned(), 64_501));
    all
}
