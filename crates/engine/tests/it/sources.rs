//! Sources: every source's sample, and every folder of cases, gives the expected exchanges.
//! In: `src/sources/*.sample.jsonl`, `tests/it/testdata/<case>/*`. Out: snapshots of the native rows.
//! Invariant: nothing is named: every file is recognised by itself.
//! Not here: broken files (`errors.rs`).

use std::{fs, path::PathBuf};

use stillwatch_engine::{
    scan::ScanOptions,
    sources::{list, named},
};

use crate::opened::{folder, options, read};

#[test]
fn every_sample_gives_its_exchange() {
    for source in list().iter().filter(|source| source.name != "anthropic-batch") {
        let folder = folder(&[("log.jsonl", source.sample.as_bytes())]);
        let log = read(folder.path(), &options()).unwrap_or_else(|error| panic!("{}: {error}", source.name));
        assert_eq!(log.opened.source, [(source.name.to_owned(), 1)]);
        insta::assert_snapshot!(format!("sample_{}", source.name), log.rows().join("\n---\n"));
    }
}

#[test]
fn a_source_feeds_what_it_says() {
    for source in list() {
        let folder = folder(&[("log.jsonl", source.sample.as_bytes())]);
        let named = ScanOptions { source: Some(source.name.to_owned()), ..options() };
        let log =
            read(folder.path().join("log.jsonl"), &named).unwrap_or_else(|error| panic!("{}: {error}", source.name));
        let given: Vec<&str> = log.tally.seen().into_iter().collect();
        assert!(given.iter().all(|column| source.feeds.contains(column)), "{}: {given:?}", source.name);
        for row in log.rows() {
            for column in row.lines().filter_map(|line| line.split_once(": ").map(|(column, _)| column)) {
                assert!(source.feeds.contains(&column), "{} gives `{column}` but does not say so", source.name);
            }
        }
    }
}

#[test]
fn every_case_gives_its_exchanges() {
    let cases = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/testdata");
    let mut names: Vec<_> =
        fs::read_dir(&cases).expect("cases").map(|entry| entry.expect("a case").file_name()).collect();
    names.sort();
    for name in names {
        let name = name.to_string_lossy();
        let log = read(cases.join(&*name), &options())
            .unwrap_or_else(|error| panic!("{name}: {error}\nhint: {}", error.help()));
        let mut text = format!("{:?}, {} unusable\n---\n", log.opened.source, log.tally.bad());
        text.push_str(&log.rows().join("\n---\n"));
        insta::assert_snapshot!(format!("case_{name}"), text);
    }
}

#[test]
fn a_folder_may_mix_sources() {
    let of = |name: &str| named(name).expect("a source").sample.as_bytes();
    let folder = folder(&[
        ("a.jsonl", of("native")),
        ("b/c.log", of("litellm")),
        ("b/d.jsonl", of("otel")),
        ("e.jsonl", of("openai")),
        ("accounts.jsonl", br#"{"account":"acc_71f3","created":"2026-01-01T00:00:00Z"}"#),
        ("README.md", b"# What this is\n"),
    ]);
    let log = read(folder.path(), &options()).expect("a log");
    assert_eq!(log.column("account"), ["acc_71f3"; 4]);
    assert_eq!(log.column("prompt"), ["Explain osmosis to a child."; 4]);
    let ignored: Vec<_> = log.opened.ignored.iter().map(|(_, what)| *what).collect();
    assert_eq!(ignored, ["no log", "a file of accounts"]);
}

#[test]
fn a_vendors_name_means_its_batch_files_too() {
    let folder = folder(&[("out.jsonl", named("openai-batch").expect("a source").sample.as_bytes())]);
    let log = read(folder.path(), &ScanOptions { source: Some("openai".into()), ..options() }).expect("a log");
    assert_eq!(log.opened.source, [("openai-batch".to_owned(), 1)]);
}

#[test]
fn the_users_own_sql_reads_what_no_source_does() {
    let folder = folder(&[
        ("own.jsonl", br#"{"when":1772442904,"who":"acc_1","said":{"q":"Hi","a":"Hello"},"n":"7"}"#),
        ("own.sql", b"-- ours\nSELECT any_time(record->>'when') AS time, record->>'who' AS account, record->'said'->>'q' AS prompt,
            record->'said'->>'a' AS completion, record->>'n' AS output_tokens FROM records"),
    ]);
    let own = ScanOptions { source_sql: Some(folder.path().join("own.sql")), ..options() };
    let log = read(folder.path().join("own.jsonl"), &own).expect("a log");
    assert_eq!(
        log.rows(),
        ["time: 2026-03-02T09:15:04Z\naccount: acc_1\nprompt: Hi\ncompletion_bytes: 5\noutput_tokens: 7"]
    );
    assert_eq!(log.opened.present.len(), 5);
}
