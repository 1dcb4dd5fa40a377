//! Reading: the same records give the same exchanges however they are packed and shaped.
//! In: native logs. Out: rows and counts.
//! Invariant: packing, shape and splitting change nothing.
//! Not here: Parquet (`parquet.rs`) and other sources (`sources.rs`).

use std::{fmt::Write as _, io::Write as _};

use stillwatch_engine::scan::ScanOptions;

use crate::opened::{folder, options, read, read_all};

const LINES: &str = "{\"time\":\"2026-03-02T09:00:00Z\",\"account\":\"a\",\"prompt\":\"One, \\\"two\\\"\",\"input_tokens\":3,\"tools\":[\"x\",\"y\"],\"refusal\":false}
{\"time\":\"2026-03-02T09:00:01Z\",\"account\":\"b\",\"messages\":[{\"role\":\"user\",\"content\":\"Three\"}],\"completion\":\"Four\",\"temperature\":0.5}
";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

#[test]
fn packing_and_shape_change_nothing() {
    let lines = LINES.as_bytes();
    let expected = read(folder(&[("a.jsonl", lines)]).path(), &options()).expect("a log").rows();
    assert_eq!(expected.len(), 2);
    let array = format!("[\n{}]", LINES.trim_end().replace('\n', ",\n"));
    let pretty = LINES.replace(",\"", ",\n  \"").replace("}\n", "\n}\n").replace("{\"time", "{\n  \"time");
    let table = "time,account,prompt,input_tokens,tools,refusal,messages,completion,temperature\n\
        2026-03-02T09:00:00Z,a,\"One, \"\"two\"\"\",3,\"[\"\"x\"\",\"\"y\"\"]\",false,,,\n\
        1772442001,b,,,,,\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"Three\"\"}]\",Four,0.5\n";
    let mut two_members = gzip(&lines[..40]);
    two_members.extend(gzip(&lines[40..]));
    let forms: [(&str, Vec<u8>); 10] = [
        ("gzip.jsonl.gz", gzip(lines)),
        ("gzip_by_another_name.jsonl", gzip(lines)),
        ("gzip_of_two_members.gz", two_members),
        ("zstd.jsonl.zst", zstd::encode_all(lines, 3).expect("zstd")),
        ("carriage_returns.jsonl", LINES.replace('\n', "\r\n\r\n").into_bytes()),
        ("mark.jsonl", [b"\xef\xbb\xbf", lines].concat()),
        ("array.json", array.into_bytes()),
        ("pretty.json", pretty.into_bytes()),
        ("table.csv", table.as_bytes().to_vec()),
        ("table.csv.gz", gzip(table.as_bytes())),
    ];
    for (name, bytes) in forms {
        let folder = folder(&[(name, &bytes)]);
        let log = read(folder.path(), &options()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(log.rows(), expected, "{name}");
        assert_eq!((log.tally.good(), log.tally.bad()), (2, 0), "{name}");
        assert_eq!(log.tally.bytes(), bytes.len() as u64, "{name}");
    }
}

#[test]
fn a_large_file_is_split_and_nothing_is_lost_or_doubled() {
    let mut text = String::new();
    for number in 0..60_000 {
        let second = number % 60;
        let _ = writeln!(
            text,
            r#"{{"time":"2026-03-02T09:00:{second:02}Z","account":"acc_{number}","prompt":"{}"}}"#,
            "x".repeat(number % 97)
        );
    }
    let mut broken: Vec<&str> = text.lines().collect();
    broken[41_233] = "{broken";
    broken[59_999] = "{broken";
    let folder = folder(&[("a.jsonl", broken.join("\n").as_bytes())]);
    let log = read(folder.path(), &options()).expect("a log");
    let mut accounts = log.column("account");
    accounts.sort();
    accounts.dedup();
    assert_eq!(accounts.len(), 59_998);
    assert_eq!((log.tally.good(), log.tally.bad()), (59_998, 2));
    let lines: Vec<_> = log.tally.quotes().iter().map(|quote| quote.line).collect();
    assert_eq!(lines, [Some(41_234), Some(60_000)]);
}

#[test]
fn only_what_is_asked_for_is_built() {
    let folder = folder(&[("a.jsonl", LINES.as_bytes())]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let count = runtime.block_on(async {
        let ctx = datafusion::prelude::SessionContext::new();
        let inputs = [folder.path().display().to_string()];
        let tally = std::sync::Arc::default();
        let opened = stillwatch_engine::scan::open(&ctx, &inputs, &options(), std::sync::Arc::clone(&tally))
            .await
            .expect("a log");
        let count = opened.frame.clone().count().await.expect("a count");
        (count, tally.good())
    });
    assert_eq!(count, (2, 2));
}

#[test]
fn names_are_found_once_and_in_order() {
    let folder = folder(&[
        ("x/b.jsonl", LINES.as_bytes()),
        ("x/a [1].jsonl", LINES.as_bytes()),
        ("x/.hidden.jsonl", b"{"),
        ("x/_SUCCESS", b""),
    ]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let log = read_all(&[path("x"), path("x/b.jsonl"), path("*/*.jsonl")], &options()).expect("a log");
    assert_eq!(log.tally.good(), 4);
    let log = read_all(&[path("x/a [1].jsonl")], &options()).expect("a log");
    assert_eq!(log.tally.good(), 2);
    let log = read_all(&[path("**/b.*")], &options()).expect("a log");
    assert_eq!(log.tally.good(), 2);
}

#[test]
fn a_record_without_account_gets_the_default_one() {
    let folder = folder(&[(
        "a.jsonl",
        br#"{"time":"2026-03-02T09:00:00Z","account":null,"prompt":"x","input_tokens":1,"messages":[]}"#,
    )]);
    let log = read(
        folder.path(),
        &ScanOptions { source: Some("native".into()), default_account: Some("lab".into()), ..options() },
    );
    assert_eq!(log.expect("a log").column("account"), ["lab"]);
}
