//! Fixture: runs as `detect --save` would hand them over, with invented names.
//! In: a day, and who was active. Out: `Saved`.
//! Invariant: the same arguments give the same run.
//! Not here: real traffic.

use stillwatch_model::findings::Window;
use stillwatch_model::report::{Example, Member, Timeline};
use stillwatch_model::saved::{Client, Detail, Network, SAVED_VERSION, Saved, TextSketch};
use stillwatch_model::{
    Campaign, Capability, Family, Findings, LinkKind, LinkSummary, Severity, Signal, Tokens, canonical,
};
use stillwatch_track::By;

/// Midnight of the first day of the story, 2026-03-02.
pub(crate) const START: i64 = 1_772_409_600_000_000;
pub(crate) const HOUR: i64 = 3_600_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Somebody, on a day of the story.
pub(crate) fn by(day: i64) -> By {
    By { author: "ada".into(), at: START + day * DAY + 9 * HOUR }
}

pub(crate) fn instant(at: i64) -> String {
    stillwatch_track::instant(at)
}

/// A finding to be.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) accounts: Vec<String>,
    /// Names the texts: findings of one seed share them.
    pub(crate) text: u32,
    pub(crate) each: u64,
    pub(crate) signals: Vec<&'static str>,
    pub(crate) score: f64,
}

/// Accounts `name-from` to `name-to`.
pub(crate) fn accounts(name: &str, range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("{name}-{n:03}")).collect()
}

pub(crate) fn found(name: &str, range: std::ops::Range<u32>, text: u32) -> Found {
    Found { accounts: accounts(name, range), text, each: 24, signals: vec!["template", "burst"], score: 0.93 }
}

pub(crate) fn texts(seed: u32) -> Vec<TextSketch> {
    let body = (1..=16).map(|slot| if slot % 4 == 0 { 0 } else { seed.wrapping_mul(1000) + slot }).collect();
    vec![TextSketch { body, system: vec![0; 4], head: seed.wrapping_mul(7) + 1, tail: 0, share: 0.9, fills: 50 }]
}

/// A run over `from..to` in hours since the start of the story.
pub(crate) fn run(from: i64, to: i64, findings: &[Found]) -> Saved {
    let (begin, end) = (START + from * HOUR, START + to * HOUR - 1_000_000);
    let mut saved = Saved { schema: SAVED_VERSION, ..Saved::default() };
    saved.findings = Findings {
        schema: 1,
        generated: instant(end),
        exchanges: 100_000,
        accounts: 5000,
        window: Window { from: instant(begin), to: instant(end) },
        ..Findings::default()
    };
    for one in findings {
        let (campaign, detail) = finding(one, begin, end);
        saved.findings.campaigns.push(campaign);
        saved.details.push(detail);
    }
    saved
}

/// A run over one day of the story.
pub(crate) fn day(day: i64, findings: &[Found]) -> Saved {
    run(day * 24, day * 24 + 24, findings)
}

fn finding(one: &Found, begin: i64, end: i64) -> (Campaign, Detail) {
    let exchanges = one.each * one.accounts.len() as u64;
    let family = |name: &str| if name == "template" { Family::Content } else { Family::Identity };
    let signals: Vec<Signal> = one
        .signals
        .iter()
        .map(|name| Signal {
            name: (*name).into(),
            family: family(name),
            value: 0.9,
            contribution: 1.5,
            because: format!("the {name} figure is 0.9"),
        })
        .collect();
    let campaign = Campaign {
        id: canonical::id("campaign", &serde_json::json!({ "accounts": one.accounts })),
        score: one.score,
        severity: Severity::High,
        actionable: true,
        families: vec![Family::Content, Family::Identity],
        accounts: one.accounts.clone(),
        exchanges,
        first_seen: instant(begin + 60_000_000),
        last_seen: instant(end - 60_000_000),
        techniques: vec!["AML.T0024.002".into(), "AML.T0040".into()],
        capabilities: vec![Capability::Coding, Capability::Reasoning],
        signals: signals.clone(),
        links: vec![LinkSummary { kind: LinkKind::Payment, pairs: 10, strength: 4.2 }],
        templates: Vec::new(),
        tokens: Tokens { input: exchanges * 100, output: exchanges * 900, reasoning: exchanges * 50 },
        examples: Vec::new(),
    };
    let hours = ((end - begin) / HOUR + 1) as u64;
    let detail = Detail {
        id: campaign.id.clone(),
        technique: "templated harvest".into(),
        observed: vec![format!("{} accounts sent {exchanges} exchanges.", one.accounts.len())]
            .into_iter()
            .chain(signals.iter().map(|s| format!("T{}.", &s.because[1..])))
            .collect(),
        inferred: vec!["That these accounts are one campaign is very likely (score 0.93).".into()],
        members: one
            .accounts
            .iter()
            .map(|a| Member {
                account: a.clone(),
                score: 0.9,
                exchanges: one.each,
                because: "sends the template".into(),
            })
            .collect(),
        timeline: Timeline {
            from: begin,
            step_seconds: 3600,
            exchanges: (0..hours).map(|h| exchanges / hours + u64::from(h < exchanges % hours)).collect(),
            accounts: vec![one.accounts.len() as u64; hours as usize],
        },
        models: vec![("model-large".into(), exchanges)],
        networks: vec![Network {
            address: format!("198.51.100.{}", one.text % 250),
            asn: Some(64_500),
            exchanges,
            accounts: one.accounts.len() as u64,
            strangers: 0,
        }],
        clients: vec![Client {
            user_agent: Some("harvester/1.0".into()),
            tls_ja4: None,
            exchanges,
            accounts: one.accounts.len() as u64,
            strangers: 3,
        }],
        texts: texts(one.text),
        examples: vec![Example {
            account: one.accounts.first().cloned().unwrap_or_default(),
            time: instant(begin),
            text: "Solve the task and show all steps".into(),
            words: Vec::new(),
        }],
    };
    (campaign, detail)
}
