//! Stix peer: makes seeded observed-data and patterns, or evaluates such files; `benches/peers/stix_patterns.py` runs it beside `stix2-matcher`.
//! In: `generate DIR BUNDLES OBSERVED PATTERNS SEED`, or `evaluate DIR each|set`. Out: files; or a line of 0, 1 and ? for each bundle.
//! Invariant: the same seed gives the same bytes; verdicts go to stdout, times to stderr.
//! Not here: other programs.

#![expect(clippy::expect_used, reason = "an example that stops with a message is what the peer script wants")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value as Json, json};
use stillwatch_pattern::{Compiled, Limits, Looking, Observed, Pattern, PatternSet, Watch, timestamp};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["generate", directory, numbers @ ..] if numbers.len() == 4 => {
            let number = |at: usize| numbers[at].parse::<u64>().expect("a number");
            generate(Path::new(directory), number(0), number(1), number(2), number(3));
        }
        ["evaluate", directory, "each"] => evaluate(Path::new(directory), false),
        ["evaluate", directory, "set"] => evaluate(Path::new(directory), true),
        _ => eprintln!("generate DIR BUNDLES OBSERVED PATTERNS SEED | evaluate DIR each|set"),
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, good enough for test data.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}

/// An extension of ours for what STIX has no property for.
const EXTENSION: &str = "extension-definition--7d5c1f0e-3c52-4f3f-9a55-5b6a6d1c7f10";

fn address(dice: &mut Dice) -> String {
    format!("198.51.{}.{}", dice.below(4), dice.below(64))
}

fn agent(dice: &mut Dice) -> String {
    let names = ["python-requests", "openai-python", "node-fetch", "curl", "harvester"];
    format!("{}/{}.{}.0", names[dice.below(5) as usize], dice.below(3), dice.below(10))
}

fn ja4(dice: &mut Dice) -> String {
    format!("t13d1516h2_8daaf6152771_{:012x}", dice.below(40))
}

fn generate(directory: &Path, bundles: u64, observed: u64, patterns: u64, seed: u64) {
    let mut dice = Dice(seed);
    fs::create_dir_all(directory).expect("a directory to write to");
    let all: Vec<Json> = (0..bundles).map(|_| bundle(&mut dice, observed)).collect();
    fs::write(directory.join("bundles.json"), serde_json::to_vec(&all).expect("JSON")).expect("bundles.json");
    let lines: Vec<String> = (0..patterns).map(|at| pattern(&mut dice, at)).collect();
    fs::write(directory.join("patterns.txt"), lines.join("\n") + "\n").expect("patterns.txt");
}

/// One account's exchanges, in no order.
fn bundle(dice: &mut Dice, observed: u64) -> Json {
    let mut objects = Vec::new();
    let mut micros = 1_790_000_000_000_000 + dice.below(1_000_000) as i64 * 1_000_000;
    for _ in 0..observed {
        micros += dice.below(90_000) as i64 * 1_000 - 10_000_000;
        let (source, network, traffic) = (
            format!("ipv4-addr--{}", dice.uuid()),
            format!("autonomous-system--{}", dice.uuid()),
            format!("network-traffic--{}", dice.uuid()),
        );
        let lasts = if dice.below(4) == 0 { dice.below(20_000) as i64 * 1_000 } else { 0 };
        objects.push(json!({
            "type": "observed-data", "spec_version": "2.1", "id": format!("observed-data--{}", dice.uuid()),
            "created": "2026-09-21T00:00:00.000Z", "modified": "2026-09-21T00:00:00.000Z",
            "first_observed": timestamp::print(micros), "last_observed": timestamp::print(micros + lasts),
            "number_observed": if dice.below(8) == 0 { 1 + dice.below(3) } else { 1 },
            "object_refs": [&source, &network, &traffic],
        }));
        objects.push(json!({"type": "ipv4-addr", "spec_version": "2.1", "id": &source, "value": address(dice), "belongs_to_refs": [&network]}));
        objects.push(json!({"type": "autonomous-system", "spec_version": "2.1", "id": &network, "number": 64_496 + dice.below(12)}));
        objects.push(json!({
            "type": "network-traffic", "spec_version": "2.1", "id": &traffic, "src_ref": &source, "dst_port": 443,
            "protocols": ["ipv4", "tcp", "https"], "src_byte_count": dice.below(200_000),
            "extensions": {
                "http-request-ext": {"request_method": "post", "request_value": "/v1/messages", "request_header": {"User-Agent": agent(dice)}},
                EXTENSION: {"extension_type": "property-extension", "ja4": ja4(dice), "temperature": dice.below(11) as f64 / 10.0},
            },
        }));
    }
    json!({"type": "bundle", "id": format!("bundle--{}", dice.uuid()), "objects": objects})
}

/// Half are one equality, as most shared indicators are; the rest goes through all operators and qualifiers.
fn pattern(dice: &mut Dice, at: u64) -> String {
    let header = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'";
    let client = format!("network-traffic:extensions.'{EXTENSION}'.ja4");
    let test = |dice: &mut Dice| match dice.below(12) {
        0 => format!("ipv4-addr:value = '{}'", address(dice)),
        1 => format!("ipv4-addr:value ISSUBSET '198.51.{}.{}/{}'", dice.below(4), dice.below(64), 24 + dice.below(8)),
        2 => format!("{header} = '{}'", agent(dice)),
        3 => format!("{client} = '{}'", ja4(dice)),
        4 => format!("{client} IN ('{}', '{}', '{}')", ja4(dice), ja4(dice), ja4(dice)),
        5 => format!("{header} LIKE '{}%.{}._'", ["curl", "node", "harvester"][dice.below(3) as usize], dice.below(10)),
        6 => format!("{header} MATCHES '^(curl|harvester)/[0-{}]\\\\.'", dice.below(3)),
        7 => format!("network-traffic:src_ref.value = '{}'", address(dice)),
        8 => format!("ipv4-addr:belongs_to_refs[*].number = {}", 64_496 + dice.below(12)),
        9 => format!("network-traffic:src_byte_count > {}", dice.below(200_000)),
        10 => format!("network-traffic:extensions.'{EXTENSION}'.temperature <= {:.1}", dice.below(11) as f64 / 10.0),
        _ => format!("{client} NOT IN ('{}', '{}')", ja4(dice), ja4(dice)),
    };
    if at.is_multiple_of(2) {
        return match dice.below(3) {
            0 => format!("[ipv4-addr:value = '{}']", address(dice)),
            1 => format!("[{client} = '{}']", ja4(dice)),
            _ => format!("[{header} = '{}']", agent(dice)),
        };
    }
    match dice.below(8) {
        0 => format!("[{}]", test(dice)),
        1 => format!(
            "[network-traffic:dst_port = 443 AND {client} = '{}' AND {header} LIKE '{}%']",
            ja4(dice),
            ["curl", "open"][dice.below(2) as usize]
        ),
        2 => format!("[{}] AND [{}]", test(dice), test(dice)),
        3 => format!("([{}] FOLLOWEDBY [{}]) WITHIN {} SECONDS", test(dice), test(dice), 10 + dice.below(300)),
        4 => format!("[{}] REPEATS {} TIMES WITHIN {} SECONDS", test(dice), 2 + dice.below(2), 30 + dice.below(300)),
        5 => format!("[{}] FOLLOWEDBY ([{}] OR [{}])", test(dice), test(dice), test(dice)),
        6 => {
            let start = 1_790_000_000_000_000 + dice.below(1_000_000) as i64 * 1_000_000;
            let stop = start + 400_000_000_000;
            format!("[{}] START t'{}' STOP t'{}'", test(dice), timestamp::print(start), timestamp::print(stop))
        }
        _ => format!(
            "([{}] OR [{}] AND [{}]) WITHIN {} SECONDS",
            test(dice),
            test(dice),
            test(dice),
            60 + dice.below(300)
        ),
    }
}

fn evaluate(directory: &Path, as_set: bool) {
    let begun = Instant::now();
    let text = fs::read(directory.join("bundles.json")).expect("bundles.json");
    let bundles: Vec<Json> = serde_json::from_slice(&text).expect("JSON");
    let loaded = begun.elapsed();
    let limits = Limits::default();
    let lines = fs::read_to_string(directory.join("patterns.txt")).expect("patterns.txt");
    let compiled: Vec<Compiled> =
        lines.lines().map(|line| Pattern::parse(line, &limits).expect(line).compile(&limits).expect(line)).collect();
    let patterns = compiled.len();
    let set = as_set.then(|| PatternSet::new(compiled.clone()));
    let ready = begun.elapsed();
    let mut verdicts = String::with_capacity(bundles.len() * (patterns + 1));
    let mut looking = Looking::default();
    for bundle in &bundles {
        let mut observed = Observed::all(bundle).expect("observed-data");
        match &set {
            None => verdicts.extend(compiled.iter().map(|pattern| match pattern.matches(&observed) {
                Ok(found) => {
                    if found.is_some() {
                        '1'
                    } else {
                        '0'
                    }
                }
                Err(_) => '?',
            })),
            Some(set) => {
                let mut matched = vec![false; patterns];
                let mut watch = Watch::new(set, limits);
                observed.sort_by_key(|observed| stillwatch_pattern::Observation::span(observed).first);
                for (number, observed) in observed.iter().enumerate() {
                    watch.observe(observed, number as u64, &mut looking, &mut |hit| matched[hit.pattern] = true);
                }
                verdicts.extend(matched.iter().map(|matched| if *matched { '1' } else { '0' }));
            }
        }
        verdicts.push('\n');
    }
    let done = begun.elapsed();
    print!("{verdicts}");
    let mut told = String::new();
    let seconds = |from: std::time::Duration, to: std::time::Duration| (to - from).as_secs_f64();
    let _ = write!(
        told,
        "load {:.6} compile {:.6} evaluate {:.6}",
        loaded.as_secs_f64(),
        seconds(loaded, ready),
        seconds(ready, done)
    );
    eprintln!("{told}");
}
