//! Errors: everything that can be wrong with an input, and what is said of it.
//! In: broken files. Out: the message, its code and its cure.
//! Invariant: each kind of error has its test here, but for a file that may not be read (`program.rs`).
//! Not here: what a flaw in one line is called (`scan/line.rs`).

use std::{io::Write as _, path::Path};

use stillwatch_engine::scan::{ScanError, ScanOptions};

use crate::opened::{folder, options, read, read_all, read_with};

const LINE: &str = r#"{"time":"2026-03-02T09:00:00Z","account":"a","prompt":"x"}"#;

/// The error as the user sees it, the temporary folder left out.
fn said(error: &ScanError, folder: &Path) -> String {
    let text = format!("{}\n{error}\nhint: {}", error.code(), error.help());
    text.replace(&folder.display().to_string(), "LOGS")
}

fn fails(files: &[(&str, &[u8])], name: &str, options: &ScanOptions) -> String {
    let folder = folder(files);
    let error = read(folder.path().join(name), options).expect_err("an error");
    said(&error, folder.path())
}

#[test]
fn empty_input() {
    insta::assert_snapshot!(fails(&[("a.jsonl", b"")], "a.jsonl", &options()));
    insta::assert_snapshot!(fails(&[("a.jsonl", b"\n \n"), ("b.csv", b"time,account\n")], "", &options()));
    insta::assert_snapshot!(said(&read_all(&[], &options()).expect_err("an error"), Path::new("LOGS")));
}

#[test]
fn packed_emptiness_is_empty_too() {
    let empty = zstd::encode_all(&b""[..], 3).expect("zstd");
    insta::assert_snapshot!(fails(&[("a.zst", &empty)], "a.zst", &options()));
}

#[test]
fn a_path_that_is_not_there() {
    insta::assert_snapshot!(fails(&[], "missing.jsonl", &options()));
}

#[test]
fn a_pattern_that_matches_nothing() {
    insta::assert_snapshot!(fails(&[("a.jsonl", LINE.as_bytes())], "*.parquet", &options()));
}

#[test]
fn a_directory_with_nothing_in_it() {
    insta::assert_snapshot!(fails(&[], "", &options()));
    insta::assert_snapshot!(fails(&[(".hidden", b"x")], "", &options()));
    insta::assert_snapshot!(fails(
        &[("README.md", b"# Logs\n"), ("accounts.jsonl", br#"{"account":"a","plan":"p"}"#)],
        "",
        &options()
    ));
}

#[test]
fn a_path_that_is_no_file() {
    insta::assert_snapshot!(fails(&[("a.jsonl", LINE.as_bytes())], "a.jsonl/b.jsonl", &options()));
}

#[test]
fn a_source_that_does_not_exist() {
    let named = |name: &str| ScanOptions { source: Some(name.into()), ..options() };
    insta::assert_snapshot!(fails(&[("a.jsonl", LINE.as_bytes())], "", &named("litelm")));
    insta::assert_snapshot!(fails(&[("a.jsonl", LINE.as_bytes())], "", &named("splunk")));
}

#[test]
fn a_source_that_it_is_not() {
    let named = |name: &str| ScanOptions { source: Some(name.into()), ..options() };
    insta::assert_snapshot!(fails(&[("a.jsonl", LINE.as_bytes())], "a.jsonl", &named("envoy")));
    insta::assert_snapshot!(fails(&[("a.jsonl", br#"{"level":"info"}"#)], "a.jsonl", &named("kong")));
}

#[test]
fn records_of_no_source() {
    insta::assert_snapshot!(fails(&[("a.jsonl", br#"{"level":"info","message":"started"}"#)], "", &options()));
    insta::assert_snapshot!(fails(&[("a.txt", b"once upon a time\nthere was a log\n")], "a.txt", &options()));
}

#[test]
fn other_containers() {
    insta::assert_snapshot!(fails(&[("a.jsonl", b"\xff\xfe{\0}\0")], "a.jsonl", &options()));
    insta::assert_snapshot!(fails(&[("a.jsonl.bz2", b"BZh91AY&SY")], "", &options()));
}

fn many(count: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0..count {
        let _ = writeln!(
            text,
            r#"{{"time":"2026-03-02T09:00:00Z","account":"acc_{}","prompt":"{number:x}"}}"#,
            number.wrapping_mul(2_654_435_761) % 100_003
        );
    }
    text
}

#[test]
fn a_truncated_gzip_names_the_byte_and_keeps_what_came_before() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&many(50_000)).expect("gzip");
    let mut bytes = encoder.finish().expect("gzip");
    bytes.truncate(400_000);
    let folder = folder(&[("a.jsonl.gz", &bytes)]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        use futures::StreamExt as _;
        let ctx = datafusion::prelude::SessionContext::new();
        let tally = std::sync::Arc::default();
        let inputs = [folder.path().display().to_string()];
        let opened = stillwatch_engine::scan::open(&ctx, &inputs, &options(), std::sync::Arc::clone(&tally))
            .await
            .expect("a log");
        let mut stream = opened.frame.execute_stream().await.expect("a stream");
        let (mut rows, mut error) = (0, None);
        while let Some(batch) = stream.next().await {
            match batch {
                Ok(batch) => rows += batch.num_rows(),
                Err(broken) => error = Some(broken),
            }
        }
        assert!(rows > 10_000, "{rows} rows");
        assert_eq!(tally.good(), rows as u64);
        let error = error.expect("an error");
        insta::assert_snapshot!(said(ScanError::within(&error).expect("ours"), folder.path()));
    });
}

#[test]
fn a_truncated_zstd_and_a_broken_gzip() {
    let mut bytes = zstd::encode_all(&many(50_000)[..], 3).expect("zstd");
    bytes.truncate(bytes.len() / 2);
    let text = fails(&[("a.jsonl.zst", &bytes)], "a.jsonl.zst", &options());
    assert!(text.starts_with("scan::damaged") && text.contains("it ends in the middle"), "{text}");
    let text = fails(&[("a.gz", b"\x1f\x8b\x08\x00nonsense that is no gzip at all")], "a.gz", &options());
    assert!(text.starts_with("scan::damaged") && text.contains("`LOGS/a.gz` is damaged at byte"), "{text}");
}

#[test]
fn a_damaged_parquet() {
    let text = fails(&[("a.parquet", b"PAR1 and then nothing that makes sense")], "", &options());
    assert!(text.starts_with("scan::damaged"), "{text}");
}

#[test]
fn too_many_unusable_records() {
    let mut text = many(50);
    text.extend(b"{\"time\":\"2026-03-02T09:00:00Z\",\"prompt\":\"nobody\"}\nnot json\n");
    text.extend(b"{\"time\":\"1999-01-01T00:00:00Z\",\"account\":\"a\"}\n{\"time\":\"2026-03-02T09:00:00Z\",\"account\":\"\xff\"}\n");
    insta::assert_snapshot!(fails(&[("a.jsonl", &text)], "", &options()));
    let folder = folder(&[("a.jsonl", &text)]);
    let log = read(folder.path(), &ScanOptions { max_bad: 0.1, quote: 3, ..options() }).expect("a log");
    assert_eq!((log.tally.good(), log.tally.bad()), (50, 4));
    let quotes: Vec<String> = log.tally.quotes().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(quotes.join("\n").replace(&folder.path().display().to_string(), "LOGS"));
}

#[test]
fn too_many_unusable_records_end_the_run_early() {
    let mut text = many(9_000);
    for _ in 0..100_000 {
        text.extend(b"not json, nor will it ever be: this is what another program has to say\n");
    }
    let folder = folder(&[("a.jsonl", &text)]);
    match read(folder.path(), &options()) {
        Err(ScanError::TooManyBad { bad, .. }) => assert!(bad < 50_000, "{bad}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn where_unusable_records_lie_and_who_reads_them_changes_no_verdict() {
    // 0.95 % of all, and 1.04 % of all.
    for (bad, stands) in [(2_000, true), (2_200, false)] {
        let bad = b"{\"time\":\"1999-01-01T00:00:00Z\",\"account\":\"a\",\"prompt\":\"x\"}\n".repeat(bad);
        let good = many(209_000);
        for text in [[&bad[..], &good].concat(), [&good[..], &bad].concat()] {
            let folder = folder(&[("a.jsonl", &text), ("b.jsonl", &many(100))]);
            for threads in [1, 16] {
                let read = read_with(&[folder.path().display().to_string()], &options(), threads);
                match read {
                    Ok(log) => assert!(stands, "{} of {}", log.tally.bad(), log.tally.records()),
                    Err(ScanError::TooManyBad { .. }) => assert!(!stands),
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn unusable_exchanges_of_other_sources_are_quoted_with_file_and_line() {
    let mut text = String::new();
    for _ in 0..10 {
        text.push_str(stillwatch_engine::sources::named("kong").expect("a source").sample);
        text.push('\n');
    }
    text.push_str(r#"{"started_at":5,"latencies":{"kong":1},"consumer":{"id":"c"},"ai":{}}"#);
    text.push_str("\n{\"started_at\":1772442904120,\"latencies\":{\"kong\":1},\"ai\":{}}\n{oops\n");
    let folder = folder(&[("a.jsonl", text.as_bytes())]);
    let log = read(folder.path(), &ScanOptions { max_bad: 0.5, ..options() }).expect("a log");
    assert_eq!((log.tally.good(), log.tally.bad()), (10, 3));
    let quotes: Vec<String> = log.tally.quotes().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(quotes.join("\n").replace(&folder.path().display().to_string(), "LOGS"));
}

#[test]
fn a_line_of_a_hundred_megabytes_is_passed_over() {
    let mut text = many(500);
    text.extend(br#"{"time":"2026-03-02T09:00:00Z","account":"long","prompt":""#);
    text.resize(text.len() + 100_000_000, b'x');
    text.extend(b"\"}\n");
    text.extend(many(500));
    let folder = folder(&[("a.jsonl", &text)]);
    let log = read(folder.path(), &options()).expect("a log");
    assert_eq!((log.tally.good(), log.tally.bad()), (1_000, 1));
    let quote = &log.tally.quotes()[0];
    assert_eq!(quote.line, Some(501));
    assert_eq!(quote.why, "100000061 bytes long, more than the 16777216 that a record may have");
    assert!(quote.text.starts_with(r#"{"time":"2026-03-02T09:00:00Z","account":"long""#));
}

#[test]
fn sql_that_cannot_be_used() {
    let with = |sql: &str| {
        let folder = folder(&[("a.jsonl", LINE.as_bytes()), ("own.sql", sql.as_bytes())]);
        let own = ScanOptions { source_sql: Some(folder.path().join("own.sql")), ..options() };
        said(&read(folder.path().join("a.jsonl"), &own).expect_err("an error"), folder.path())
    };
    insta::assert_snapshot!(with("SELEC 1"));
    insta::assert_snapshot!(with(
        "SELECT any_time(record->>'time') AS time, record->>'account' AS acount FROM records"
    ));
    insta::assert_snapshot!(with("SELECT any_time(record->>'time') AS time FROM records"));
    insta::assert_snapshot!(with("DROP TABLE records"));
    insta::assert_snapshot!(with("SELECT * FROM elsewhere"));
}

#[test]
fn records_without_one_exchange() {
    let inputs =
        br#"{"custom_id":"q-1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[]}}"#;
    insta::assert_snapshot!(fails(&[("in.jsonl", inputs)], "in.jsonl", &options()));
}
