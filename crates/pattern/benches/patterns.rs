//! Patterns: reading them, one over JSON, and 10,000 over exchanges.
//! In: seeded patterns and exchanges. Out: divan's table; items are patterns or exchanges.
//! Invariant: no I/O; the same work each time.
//! Not here: `stix2-matcher` (`benches/peers/stix_patterns.py`).

#![expect(clippy::expect_used, reason = "a bench that can't be set up should stop")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use serde_json::Value as Json;
use stillwatch_pattern::{Compiled, Exchange, Exchanges, Limits, Looking, Observed, Pattern, PatternSet, Value, Watch};

const JA4: &str = "network-traffic:extensions.'extension-definition--7d5c1f0e-3c52-4f3f-9a55-5b6a6d1c7f10'.ja4";
const AGENT: &str = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'";
const EXCHANGES: u64 = 20_000;

fn main() {
    divan::main();
}

/// The `at`-th of a mix as it is shared: addresses, networks, clients, and a few that need several exchanges.
fn pattern(at: u64) -> String {
    let (a, b) = (at / 250 % 250, at % 250);
    match at % 20 {
        0..=9 => format!("[ipv4-addr:value = '203.{a}.113.{b}']"),
        10..=12 => format!("[ipv4-addr:value ISSUBSET '198.{}.{b}.0/24']", a % 100),
        13 => format!("[ipv6-addr:value ISSUBSET '2001:db8:{a:x}:{b:x}::/64']"),
        14..=15 => format!("[{JA4} = 't13d1516h2_8daaf6152771_{at:012x}']"),
        16 => format!("[{AGENT} = 'client/{at}.0']"),
        17 => format!("[{AGENT} LIKE 'harvester-{at}/%']"),
        18 => format!(
            "([ipv4-addr:value = '203.{a}.113.{b}'] FOLLOWEDBY [{JA4} = 't13d1516h2_8daaf6152771_{at:012x}']) WITHIN 3600 SECONDS"
        ),
        _ => format!(
            "[network-traffic:src_ref.value ISSUBSET '198.{}.{b}.0/24' AND {AGENT} MATCHES '^client/[0-9]+'] REPEATS 5 TIMES WITHIN 600 SECONDS",
            a % 100
        ),
    }
}

fn compiled(count: u64) -> Vec<Compiled> {
    let limits = Limits::default();
    (0..count)
        .map(|at| pattern(at).parse::<Pattern>().expect("a pattern").compile(&limits).expect("compiles"))
        .collect()
}

/// (address, client, fingerprint) of exchanges; some are what patterns ask for.
fn texts() -> Vec<(String, String, String)> {
    let mut state = 7u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..EXCHANGES)
        .map(|_| {
            let (a, b, c, d) = (next(), next(), next(), next());
            let first = [10, 192, 198, 203][(d % 4) as usize];
            (
                format!("{first}.{}.{}.{}", a % 250, b % 250, c % 250),
                format!("client/{}.0", c % 3_000),
                format!("t13d1516h2_8daaf6152771_{:012x}", d % 50_000),
            )
        })
        .collect()
}

#[divan::bench]
fn parse_and_compile(bencher: Bencher<'_, '_>) {
    let texts: Vec<String> = (0..1_000).map(pattern).collect();
    let limits = Limits::default();
    bencher.counter(ItemsCount::new(texts.len())).bench(|| {
        texts
            .iter()
            .map(|text| Pattern::parse(text, &limits).expect("a pattern").compile(&limits).expect("compiles"))
            .collect::<Vec<_>>()
    });
}

/// Every example of the specification over 25 observed-data, one by one; items are verdicts.
#[divan::bench]
fn examples_over_json(bencher: Bencher<'_, '_>) {
    let file: Json = serde_json::from_str(include_str!("../tests/data/spec_examples.json")).expect("JSON");
    let observed = Observed::all(&file["observations"][0]).expect("observed-data");
    let texts = file["cases"].as_array().into_iter().flatten().filter_map(|case| case["pattern"].as_str());
    let limits = Limits::default();
    let all: Vec<Compiled> =
        texts.map(|text| text.parse::<Pattern>().expect("a pattern").compile(&limits).expect("compiles")).collect();
    bencher
        .counter(ItemsCount::new(all.len()))
        .bench(|| all.iter().filter(|one| one.matches(&observed).is_ok_and(|found| found.is_some())).count());
}

/// The worst for a set: wildcards over texts that are new each time.
#[divan::bench]
fn wildcards_over_texts_that_never_recur(bencher: Bencher<'_, '_>) {
    let limits = Limits::default();
    let texts = (0..1_000).map(|at| format!("[{AGENT} LIKE 'harvester-{at}/%' OR {AGENT} LIKE '%bot-{at}%']"));
    let all =
        texts.map(|text| text.parse::<Pattern>().expect("a pattern").compile(&limits).expect("compiles")).collect();
    let (set, places) = (PatternSet::new(all), Exchanges::new(&[]).expect("places"));
    let (mut looking, mut number) = (Looking::default(), 0u64);
    bencher.counter(ItemsCount::new(100u64)).bench_local(|| {
        for _ in 0..100 {
            number += 1;
            let agent = format!("Mozilla/5.0 (X11; Linux x86_64) client/{number} robot");
            let exchange = Exchange { user_agent: Some(&agent), ..Exchange::default() };
            black_box(set.look(&places.seen(exchange), &mut looking).len());
        }
    });
}

#[divan::bench(args = [100, 1_000, 10_000], max_time = 10)]
fn set_over_exchanges(bencher: Bencher<'_, '_>, patterns: u64) {
    let set = PatternSet::new(compiled(patterns));
    let places = Exchanges::new(&[JA4]).expect("places");
    let texts = texts();
    // Kept over the rounds, as over the exchanges of a long log: answers about clients that recur are remembered.
    let mut looking = Looking::default();
    bencher.counter(ItemsCount::new(EXCHANGES)).bench_local(|| {
        let mut watch = Watch::new(&set, Limits::default());
        let mut hits = 0u64;
        for (at, (address, agent, ja4)) in texts.iter().enumerate() {
            let extensions = [Some(Value::Text(ja4))];
            let exchange = Exchange {
                micros: at as i64 * 50_000,
                address: Some(address),
                asn: Some(64_496),
                user_agent: Some(agent),
                extensions: &extensions,
                ..Exchange::default()
            };
            watch.observe(&places.seen(exchange), at as u64, &mut looking, &mut |_| hits += 1);
        }
        black_box(hits)
    });
}
