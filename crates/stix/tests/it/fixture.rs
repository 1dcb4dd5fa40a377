//! A campaign that has everything, with secrets planted where they must not come out.
//! In: nothing. Out: a `Tracked` and options; every planted secret begins with `PLANTED`.
//! Invariant: each test sees the same.
//! Not here: what is tested.

use stillwatch_model::saved::{Client, Network, TextSketch};
use stillwatch_model::tracked::{Basis, Claim, Evasion, Evidence, Factor, Likelihood, Note, Status, Tracked};
use stillwatch_model::{Capability, Family, LinkKind, LinkSummary, Severity, Signal, Tokens};
use stillwatch_stix::campaign::{Options, Producer};
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::{Object, effect, notice};

pub(crate) const JA4: &str = "t13d1516h2_8daaf6152771_b186095e22b6";

pub(crate) fn options() -> Options {
    Options {
        producer: Producer { name: "Example Lab".to_owned(), created: "2026-01-01T00:00:00Z".to_owned() },
        expires: Some("2027-03-01T00:00:00Z".to_owned()),
        legal_basis: Some("sharing agreement of 2026, section 3".to_owned()),
        purpose: Some("defence against model extraction".to_owned()),
        ..Options::default()
    }
}

pub(crate) fn template() -> TextSketch {
    TextSketch {
        body: (1..=16).map(|n| if n % 4 == 0 { 0 } else { n * 0x0101_0101 }).collect(),
        system: vec![0xdead_beef, 0, 0xcafe_f00d, 7],
        head: 0x1234_5678,
        tail: 0,
        share: 0.734,
        fills: 31_337,
    }
}

pub(crate) fn injected() -> TextSketch {
    TextSketch { body: vec![0; 16], system: vec![0; 4], head: 0xa1b2_c3d4, tail: 0, share: 0.2, fills: 9_000 }
}

pub(crate) fn campaign() -> Tracked {
    let secret = |what: &str| format!("PLANTED-{what}");
    let claim = |id: &str, likelihood, withdrawn: Option<&str>| Claim {
        id: id.to_owned(),
        actor: "Invented Actor".to_owned(),
        likelihood,
        source: secret("claim-source"),
        author: secret("claim-author"),
        reason: secret("claim-reason"),
        at: "2026-05-20T00:00:00Z".to_owned(),
        withdrawn: withdrawn.map(str::to_owned),
    };
    Tracked {
        id: "campaign--0c4f1b4c-5d9a-5a3e-9f0b-6a8f5a1c2d3e".to_owned(),
        name: Some(secret("name")),
        technique: "templated harvest".to_owned(),
        status: Status::Confirmed,
        assignee: Some(secret("assignee")),
        score: 0.973,
        severity: Severity::Critical,
        actionable: true,
        families: vec![Family::Content, Family::Network],
        first_seen: "2026-05-01T10:11:12.5Z".to_owned(),
        last_seen: "2026-05-14T20:00:00Z".to_owned(),
        created: "2026-05-15T00:00:00Z".to_owned(),
        modified: "2026-05-16T08:00:00.123456Z".to_owned(),
        accounts: 1_234,
        exchanges: 567_891,
        tokens: Tokens { input: 88_888_888, output: 222_222_222, reasoning: 0 },
        techniques: vec![
            "AML.T0024.002".to_owned(),
            "AML.T0008.005".to_owned(),
            "AML.T9999".to_owned(),
            secret("technique"),
        ],
        capabilities: vec![Capability::Reasoning, Capability::ToolUse],
        evasions: vec![Evasion::LoadBalancing, Evasion::CoverTraffic],
        signals: vec![Signal {
            name: "template".to_owned(),
            family: Family::Content,
            value: 0.7,
            contribution: 2.5,
            because: secret("signal-because"),
        }],
        links: vec![LinkSummary { kind: LinkKind::Payment, pairs: 4, strength: 3.0 }],
        texts: vec![template(), injected()],
        networks: networks(),
        clients: vec![
            Client {
                user_agent: Some("it's a \\ client/2.1".to_owned()),
                tls_ja4: Some(JA4.to_owned()),
                exchanges: 400_000,
                accounts: 900,
                strangers: 12,
            },
            Client {
                user_agent: Some("PLANTED-mail@example.com".to_owned()),
                tls_ja4: Some(secret("ja4")),
                exchanges: 5,
                accounts: 2,
                strangers: 0,
            },
            Client {
                user_agent: Some("PLANTED-public-client".to_owned()),
                tls_ja4: None,
                exchanges: 5,
                accounts: 2,
                strangers: 90_000,
            },
        ],
        models: vec![(secret("model"), 12)],
        evidence: vec![Evidence {
            id: "1".to_owned(),
            factor: Factor::Pattern,
            basis: Basis::Observed,
            statement: secret("evidence"),
            source: secret("evidence-source"),
            at: "2026-05-20T00:00:00Z".to_owned(),
            expires: None,
            deleted: None,
        }],
        claims: vec![
            claim("a", Likelihood::VeryLikely, None),
            claim("b", Likelihood::Unlikely, None),
            claim("c", Likelihood::AlmostCertain, Some("2026-05-21T00:00:00Z")),
        ],
        notes: vec![Note {
            id: "n1".to_owned(),
            author: secret("note-author"),
            text: "Came back after the release.".to_owned(),
            at: "2026-05-20T00:00:00Z".to_owned(),
        }],
    }
}

fn networks() -> Vec<Network> {
    let mut all: Vec<Network> = (1..=6)
        .map(|n| Network {
            address: format!("198.51.100.{n}"),
            asn: Some(64_500),
            exchanges: 70_000 / n,
            accounts: 40,
            strangers: n,
        })
        .collect();
    all.push(Network {
        address: "2001:db8::1".to_owned(),
        asn: Some(64_501),
        exchanges: 10,
        accounts: 3,
        strangers: 0,
    });
    all.push(Network { address: "203.0.113.77".to_owned(), asn: None, exchanges: 9, accounts: 3, strangers: 4_000 });
    all.push(Network { address: "PLANTED-address".to_owned(), asn: None, exchanges: 1, accounts: 1, strangers: 0 });
    all
}

/// A notice about the campaign, an acknowledgement of it, and how the campaign's volume changed.
pub(crate) fn notices() -> Vec<String> {
    let (by, other) = (options().producer, Producer { name: "Lab Two".into(), ..Producer::default() });
    let from = "2026-06-02T09:00:00Z".parse().expect("an instant");
    let told = notice::notice(&by, &campaign().id, from, "2026-06-01T00:00:00Z", Tlp::Amber);
    let id = Object::read(&told, 16).expect("an object").head.id.to_string();
    let read = notice::acknowledgement(&other, &id, "2026-06-01T12:00:00Z", Tlp::Amber);
    let changed = effect::effect(&by, &campaign().id, -83.0, "2026-06-20T00:00:00Z", Tlp::Amber);
    vec![told, read, changed]
}
