//! Hunt: what others told of, looked for in logs and in sketches.
//! In: a synthetic week, campaigns saved from it, bundles made of them. Out: matches, refusals, sightings.
//! Invariant: what is found is the campaign's; what can't be seen is said.
//! Not here: parsing patterns (`stillwatch_pattern`), making bundles (`stillwatch_stix`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use stillwatch_model::hunted::{Hunted, MatchKind};
use stillwatch_model::saved::Saved;
use stillwatch_model::tracked::{Status, Tracked};
use stillwatch_stix::campaign::{Options, Producer, bundle_of};

use crate::opened::folder;
use crate::program::{engine, err, out, run, week};

/// What `detect --save` hands to the store.
fn saved(folder: &Path) -> Saved {
    let output = run(folder, &["detect", "traffic.jsonl", "--accounts", "accounts.jsonl", "--save", "--data", "store"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let spool: Vec<_> = fs::read_dir(folder.join("store/spool")).expect("a spool").flatten().collect();
    assert_eq!(spool.len(), 1, "one run, one file");
    serde_json::from_slice(&fs::read(spool[0].path()).expect("the run")).expect("a run")
}

/// A campaign as the store would have it.
fn tracked(saved: &Saved, at: usize) -> Tracked {
    let (found, detail) = (&saved.findings.campaigns[at], &saved.details[at]);
    Tracked {
        id: found.id.clone(),
        name: None,
        technique: detail.technique.clone(),
        status: Status::Confirmed,
        assignee: None,
        score: found.score,
        severity: found.severity,
        actionable: found.actionable,
        families: found.families.clone(),
        first_seen: found.first_seen.clone(),
        last_seen: found.last_seen.clone(),
        created: saved.findings.generated.clone(),
        modified: saved.findings.generated.clone(),
        accounts: found.accounts.len() as u64,
        exchanges: found.exchanges,
        tokens: found.tokens.clone(),
        techniques: found.techniques.clone(),
        capabilities: found.capabilities.clone(),
        evasions: Vec::new(),
        signals: found.signals.clone(),
        links: found.links.clone(),
        texts: detail.texts.clone(),
        networks: detail.networks.clone(),
        clients: detail.clients.clone(),
        models: detail.models.clone(),
        evidence: Vec::new(),
        claims: Vec::new(),
        notes: Vec::new(),
    }
}

fn bundle(folder: &Path, saved: &Saved, at: usize) {
    let producer = Producer { name: "Harbor Lab".into(), created: "2026-01-01T00:00:00Z".into() };
    let options = Options { producer, networks: 40, ..Options::default() };
    fs::write(folder.join("bundle.json"), bundle_of(&[tracked(saved, at)], &options)).expect("a bundle");
}

fn hunted(folder: &Path, arguments: &[&str]) -> Hunted {
    let output = run(folder, &[&["hunt", "--format", "json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    serde_json::from_slice(&output.stdout).expect("matches")
}

#[test]
fn a_campaign_that_was_told_is_found_in_logs_and_in_sketches() {
    let folder = week(12_000, 600);
    let saved = saved(folder.path());
    let (at, found) = saved
        .findings
        .campaigns
        .iter()
        .enumerate()
        .filter(|(at, _)| !saved.details[*at].texts.is_empty() && !saved.details[*at].networks.is_empty())
        .max_by_key(|(_, campaign)| campaign.accounts.len())
        .expect("a campaign with texts and addresses");
    bundle(folder.path(), &saved, at);
    let members: BTreeSet<&str> = found.accounts.iter().map(String::as_str).collect();

    // The indicators are of March: they are over by now.
    let over = hunted(folder.path(), &["bundle.json", "traffic.jsonl"]);
    assert!(over.matches.iter().all(|m| m.kind == MatchKind::Shape), "{:?}", over.matches);
    assert!(over.refused.iter().any(|refused| refused.because.contains("it was valid until")));

    let logs = hunted(
        folder.path(),
        &["bundle.json", "traffic.jsonl", "--accounts", "accounts.jsonl", "--expired", "--no-shipped-lists"],
    );
    let of = |kind: MatchKind, hunted: &Hunted| {
        hunted.matches.iter().filter(|found| found.kind == kind).cloned().collect::<Vec<_>>()
    };
    let texts = of(MatchKind::Text, &logs);
    let text = texts.iter().max_by_key(|text| text.accounts).expect("the text is found");
    assert!(text.accounts as usize * 10 >= members.len() * 8, "{} of {}", text.accounts, members.len());
    assert!(text.among.iter().filter(|account| members.contains(account.as_str())).count() >= 18, "{:?}", text.among);
    let addresses = of(MatchKind::Pattern, &logs);
    assert!(addresses.iter().any(|m| m.name == "Exit address"), "{addresses:?}");
    assert!(of(MatchKind::Shape, &logs).iter().any(|m| m.indicates.contains(&found.id)), "its own shape is alike");

    // `detect --save` kept the week's sketches: no log is needed any more.
    let sketches = hunted(folder.path(), &["bundle.json", "--data", "store", "--expired", "--no-shipped-lists"]);
    assert!(sketches.sketches);
    assert!(of(MatchKind::Text, &sketches).iter().any(|m| m.indicator == text.indicator));
    assert!(of(MatchKind::Pattern, &sketches).iter().any(|m| m.name == "Exit address"));
}

/// A bundle of indicators with these patterns.
fn patterns(folder: &Path, patterns: &[&str]) {
    let objects: Vec<serde_json::Value> = patterns
        .iter()
        .enumerate()
        .map(|(number, pattern)| {
            serde_json::json!({
                "type": "indicator", "spec_version": "2.1",
                "id": format!("indicator--00000000-0000-4000-8000-{number:012}"),
                "created": "2026-03-01T00:00:00.000Z", "modified": "2026-03-01T00:00:00.000Z",
                "name": format!("n{number}"), "pattern": pattern, "pattern_type": "stix",
                "valid_from": "2026-03-01T00:00:00Z",
            })
        })
        .collect();
    let bundle = serde_json::json!({
        "type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": objects
    });
    fs::write(folder.join("patterns.json"), bundle.to_string()).expect("a bundle");
}

const LOG: &str = r#"{"time":"2026-03-02T09:00:00Z","account":"a","ip":"203.0.114.7","asn":64500,"user_agent":"kestrel/1","prompt":"x"}
{"time":"2026-03-02T09:00:30Z","account":"b","ip":"203.0.114.9","asn":64500,"user_agent":"heron/2","prompt":"y"}
{"time":"2026-03-02T10:00:00Z","account":"b","ip":"2a02:db9::5","user_agent":"kestrel/1","prompt":"z"}
"#;

#[test]
fn patterns_of_one_and_of_several_exchanges_hold_whatever_the_order_of_the_log() {
    let folder = folder(&[("log.jsonl", LOG.as_bytes())]);
    let turned: String = LOG.lines().rev().map(|line| format!("{line}\n")).collect();
    fs::write(folder.path().join("turned.jsonl"), turned).expect("a log");
    patterns(
        folder.path(),
        &[
            "[ipv4-addr:value ISSUBSET '203.0.114.0/29']",
            "[ipv6-addr:value = '2a02:db9::5' OR autonomous-system:number = 64499]",
            "[ipv4-addr:value = '203.0.114.7'] FOLLOWEDBY [ipv4-addr:value = '203.0.114.9'] WITHIN 60 SECONDS",
            "[ipv4-addr:value = '203.0.114.9'] FOLLOWEDBY [ipv4-addr:value = '203.0.114.7']",
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' LIKE 'kestrel%'] REPEATS 2 TIMES",
            "[file:hashes.'SHA-256' = 'aa']",
            "[ipv4-addr:value = '10.0.0.1']",
            "[ipv4-addr:value = 'unclosed",
        ],
    );
    let names = |hunted: &Hunted| {
        let mut names: Vec<(String, u64)> =
            hunted.matches.iter().map(|found| (found.name.clone(), found.accounts)).collect();
        names.sort();
        names
    };
    let expected = vec![("n0".to_owned(), 1), ("n1".to_owned(), 1), ("n2".to_owned(), 2), ("n4".to_owned(), 2)];
    for log in ["log.jsonl", "turned.jsonl"] {
        let found = hunted(folder.path(), &["patterns.json", log]);
        assert_eq!(names(&found), expected, "{log}");
        let refused: Vec<&str> = found.refused.iter().map(|refused| refused.because.as_str()).collect();
        assert_eq!(refused.len(), 2, "{refused:?}");
        assert!(refused.iter().any(|because| because.contains("cannot be seen in API traffic")), "{refused:?}");
        assert_eq!(found.warned.len(), 1);
        assert!(found.warned[0].list.contains("1918"), "{:?}", found.warned);
    }
    let table = run(folder.path(), &["hunt", "patterns.json", "log.jsonl"]);
    insta::assert_snapshot!(out(&table));

    let mine = run(folder.path(), &["hunt", "patterns.json", "log.jsonl", "--sightings", "mine.json", "--exit-code"]);
    assert_eq!(mine.status.code(), Some(1), "something matched");
    let bundle = fs::read(folder.path().join("mine.json")).expect("sightings");
    let faults = stillwatch_stix::validate::validate(&bundle, &Default::default());
    assert!(faults.iter().all(|fault| fault.severity != stillwatch_stix::Severity::Error), "{faults:?}");
    assert_eq!(String::from_utf8_lossy(&bundle).matches("sighting_of_ref").count(), 4);
}

#[test]
fn sketches_refuse_what_hashes_cannot_show() {
    let folder = folder(&[("log.jsonl", LOG.as_bytes())]);
    let made = run(folder.path(), &["sketch", "log.jsonl", "--out", "s.parquet"]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    patterns(
        folder.path(),
        &["[ipv4-addr:value IN ('203.0.114.7','203.0.114.8')]", "[ipv4-addr:value ISSUBSET '203.0.114.0/24']"],
    );
    let found = hunted(folder.path(), &["patterns.json", "s.parquet"]);
    assert_eq!(found.matches.len(), 1);
    assert_eq!((found.matches[0].name.as_str(), found.matches[0].among.as_slice()), ("n0", &["a".to_owned()][..]));
    assert!(found.refused[0].because.contains("hashes"), "{:?}", found.refused);
}

#[test]
fn what_is_no_bundle_is_told_with_a_cure() {
    let folder =
        folder(&[("log.jsonl", LOG.as_bytes()), ("bad.json", b"{\"type\": \"bun"), ("list.txt", b"nowhere\n")]);
    for arguments in [
        &["missing.json", "log.jsonl"][..],
        &["bad.json", "--data", "nowhere"],
        &["bad.json", "log.jsonl"],
        &["log.jsonl", "log.jsonl"],
        &["bad.json", "log.jsonl", "--warning-list", "list.txt"],
    ] {
        let output = engine(folder.path()).arg("hunt").args(arguments).output().expect("the program runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", err(&output));
        assert!(err(&output).starts_with("error: ") && err(&output).contains("hint: "), "{}", err(&output));
    }
}
