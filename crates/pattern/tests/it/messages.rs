//! Messages: what people read when a pattern is wrong, refused or out of reach.
//! In: patterns. Out: snapshots of every message with its place and cure.
//! Invariant: one line a message; place, what was expected, what was found, what to do.
//! Not here: which patterns are right (`vectors.rs`).

use std::error::Error;

use stillwatch_pattern::{Exchanges, Limits, Pattern, reach};

fn syntax(patterns: &[&str]) -> String {
    let told = patterns.iter().map(|text| match text.parse::<Pattern>() {
        Ok(pattern) => format!("{text}\n  read as {pattern}\n"),
        Err(error) => format!("{text}\n  {error}\n  hint: {}\n", error.hint.as_deref().unwrap_or("none")),
    });
    told.collect()
}

#[test]
fn wrong_patterns() {
    let told = syntax(&[
        "",
        "ipv4-addr:value = '203.0.113.5'",
        "[ipv4-addr:value = 203]",
        "[ipv4-addr:value = 203.0.113.5]",
        "[ipv4-addr:value = \"203.0.113.5\"]",
        "[ipv4-addr:value == '203.0.113.5'",
        "[ipv4-addr:value = '203.0.113.5' and ipv4-addr:value = '203.0.113.6']",
        "[ipv4-addr:value = '203.0.113.5']\nAND (\n  [ipv4-addr.value = '203.0.113.6'])",
        "[network-traffic:extensions.http-request-ext.request_method = 'post']",
        "[x:START = 5]",
        "[x:a NOT 5]",
        "[NOT x:a = 5]",
        "[x:a > true]",
        "[x:a = True]",
        "[x:a IN (1, 'a')]",
        "[x:a = 007]",
        "[x:a = 99999999999999999999]",
        "[x:a = h'abc']",
        "[x:a = b'YQ']",
        "[x:a = t'2024-02-30T00:00:00Z']",
        "[x:a MATCHES 'a\\.b']",
        "[x:a = 'open",
        "[x:a = 5] WITHIN 5 MINUTES",
        "[x:a = 5] WITHIN 0 SECONDS",
        "[x:a = 5] REPEATS 0 TIMES",
        "[x:a = 5] START '2024-01-01T00:00:00Z' STOP '2024-01-02T00:00:00Z'",
        "[x:a = 5] within 5 seconds",
        "[x:a = 5] /* open",
        "[x:a[b] = 5]",
        "[x:a = 5] [x:a = 6]",
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn limits_are_told() {
    let deep = format!("{}[x:a = 5]{}", "(".repeat(65), ")".repeat(65));
    let inside = format!("[{}x:a = 5{}]", "(".repeat(65), ")".repeat(65));
    let long = format!("[x:a = '{}']", "a".repeat(300 << 10));
    let told: Vec<String> = [deep, inside, long]
        .iter()
        .map(|text| syntax(&[text]).lines().skip(1).collect::<Vec<_>>().join("\n"))
        .collect();
    let told = told.join("\n");
    insta::assert_snapshot!(told);
}

#[test]
fn refused_patterns() -> Result<(), Box<dyn Error>> {
    let many = (0..30).map(|at| format!("([x:a = {at}] AND [x:b = 0])")).collect::<Vec<_>>().join(" OR ");
    let cases = [
        r"[x:a MATCHES '(?<=foo)bar']".to_owned(),
        r"[x:a MATCHES 'foo(?!bar)']".to_owned(),
        r"[x:a MATCHES '(a)\\1']".to_owned(),
        r"[x:a MATCHES 'a++b']".to_owned(),
        r"[x:a MATCHES '(?>a+)b']".to_owned(),
        r"[x:a MATCHES '(a|(?R))']".to_owned(),
        r"[x:a MATCHES 'a(?#why)b']".to_owned(),
        r"[x:a MATCHES '\\0']".to_owned(),
        r"[x:a MATCHES '\\Qa.b\\E']".to_owned(),
        r"[x:a MATCHES '\\Ga']".to_owned(),
        r"[x:a MATCHES 'a\\Kb']".to_owned(),
        r"[x:a MATCHES '\\R']".to_owned(),
        r"[x:a MATCHES '\\X']".to_owned(),
        r"[x:a MATCHES '(*FAIL)a']".to_owned(),
        r"[x:a MATCHES '(?P<n>a)(?P=n)']".to_owned(),
        r"[x:a MATCHES '(?|(a)|(b))']".to_owned(),
        r"[x:a MATCHES '(a']".to_owned(),
        r"[x:a MATCHES '((a{1,999}){1,999}){1,999}']".to_owned(),
        "[x:a ISSUBSET 'somewhere']".to_owned(),
        "[x:a = 1] REPEATS 20000 TIMES".to_owned(),
        format!("({many}) REPEATS 2 TIMES"),
    ];
    let mut told = String::new();
    for text in &cases {
        match text.parse::<Pattern>()?.compile(&Limits::default()) {
            Ok(_) => told += &format!("{text}\n  is evaluated\n"),
            Err(refusal) => {
                told +=
                    &format!("{}\n  {refusal}\n  hint: {}\n", text.chars().take(60).collect::<String>(), refusal.hint)
            }
        }
    }
    insta::assert_snapshot!(told);
    Ok(())
}

#[test]
fn what_cannot_be_seen() -> Result<(), Box<dyn Error>> {
    let places = Exchanges::new(&[
        "network-traffic:extensions.'extension-definition--7d5c1f0e-3c52-4f3f-9a55-5b6a6d1c7f10'.ja4",
    ])?;
    let mut told = String::new();
    for text in [
        "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
        "[ipv4-addr:value = '203.0.113.5'] OR [file:name = 'a' AND file:size = 5]",
        "[ipv4-addr:value = '203.0.113.5'] AND [domain-name:value = 'example.com']",
        "[network-traffic:dst_port = 443 OR network-traffic:src_ref.value = '203.0.113.5']",
        "[ipv4-addr:value ISSUBSET '203.0.113.0/24']",
    ] {
        let found = reach(&text.parse()?, places.schema().paths(), "API traffic");
        told += &format!(
            "{text}\n  {}\n",
            if found.is_full() {
                "all seen"
            } else if found.can_match {
                "can match"
            } else {
                "cannot match"
            }
        );
        for refusal in &found.refusals {
            told += &format!("  {}\n  hint: {}\n", refusal.because, refusal.hint);
        }
    }
    insta::assert_snapshot!(told);
    Ok(())
}

#[test]
fn doubts() -> Result<(), Box<dyn Error>> {
    let mut told = String::new();
    for text in [
        "[ipv4-addr:value = '203.0.113.5' AND autonomous-system:number = 64496]",
        "[x:a = 5] WITHIN 5 SECONDS WITHIN 6 SECONDS",
        "[x:a = 5] START t'2024-01-02T00:00:00Z' STOP t'2024-01-01T00:00:00Z'",
        "[x:a = 5 OR y:a = 5]",
    ] {
        told += &format!("{text}\n  {}\n", text.parse::<Pattern>()?.doubts().join("\n  "));
    }
    insta::assert_snapshot!(told);
    Ok(())
}
