//! Measures bundles: makes one of N objects, or reads, checks and writes one, and prints objects a second.
//! In: `make FILE N`, or `measure FILE`. Out: a bundle; or JSON with objects a second of each step, best of five.
//! Invariant: what is measured is what `import`, `export` and `validate` do, files apart.
//! Not here: others' programs (`benches/peers/stix_bundles.py`).

use std::time::Instant;

use stillwatch_model::saved::{Network, TextSketch};
use stillwatch_model::tracked::{Status, Tracked};
use stillwatch_model::{Severity, Tokens};
use stillwatch_stix::validate::{Rules, validate};
use stillwatch_stix::{Bundle, Limits, campaign};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", file, objects] => Ok(std::fs::write(file, make(objects.parse()?))?),
        ["measure", file] => measure(&std::fs::read(file)?),
        _ => Err("make FILE OBJECTS, or measure FILE".into()),
    }
}

fn options() -> campaign::Options {
    let producer = campaign::Producer { name: "Example Lab".to_owned(), created: "2026-01-01T00:00:00Z".to_owned() };
    campaign::Options { producer, ..campaign::Options::default() }
}

/// Campaigns of about 140 objects each.
fn campaigns(count: usize) -> Vec<Tracked> {
    (0..count as u32)
        .map(|n| Tracked {
            id: format!("campaign--00000000-0000-5000-8000-{n:012x}"),
            name: None,
            technique: "templated harvest".to_owned(),
            status: Status::Confirmed,
            assignee: None,
            score: 0.9,
            severity: Severity::High,
            actionable: true,
            families: Vec::new(),
            first_seen: "2026-05-01T00:00:00Z".to_owned(),
            last_seen: "2026-05-14T00:00:00Z".to_owned(),
            created: "2026-05-15T00:00:00Z".to_owned(),
            modified: "2026-05-16T00:00:00Z".to_owned(),
            accounts: 100 + u64::from(n),
            exchanges: 100_000,
            tokens: Tokens::default(),
            techniques: vec!["AML.T0024.002".to_owned(), "AML.T0040".to_owned()],
            capabilities: Vec::new(),
            evasions: Vec::new(),
            signals: Vec::new(),
            links: Vec::new(),
            texts: vec![TextSketch {
                body: (1..=16).map(|slot| slot * (n + 7)).collect(),
                system: vec![0; 4],
                head: n + 1,
                tail: 0,
                share: 0.8,
                fills: 900,
            }],
            networks: (0..25)
                .map(|a| Network {
                    address: format!("10.{}.{}.{a}", n >> 8 & 255, n & 255),
                    asn: Some(64_500 + n % 90),
                    exchanges: 9,
                    accounts: 3,
                    strangers: 0,
                })
                .collect(),
            clients: Vec::new(),
            models: Vec::new(),
            evidence: Vec::new(),
            claims: Vec::new(),
            notes: Vec::new(),
        })
        .collect()
}

fn make(objects: usize) -> String {
    campaign::bundle_of(&campaigns(objects.div_ceil(145).max(1)), &options())
}

fn measure(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let limits = Limits::default();
    let count = Bundle::read(bytes, &limits)?.objects.len();
    let campaigns = campaigns(count.div_ceil(145).max(1));
    let made = campaigns.iter().map(|c| campaign::objects(c, &options()).len()).sum::<usize>();
    let rate = |objects: usize, work: &dyn Fn() -> usize| {
        let best = (0..5).map(|_| {
            let begun = Instant::now();
            std::hint::black_box(work());
            begun.elapsed().as_secs_f64()
        });
        (objects as f64 / best.fold(f64::INFINITY, f64::min)).round()
    };
    let figures = serde_json::json!({
        "objects": count,
        "bytes": bytes.len(),
        "import": rate(count, &|| Bundle::read(bytes, &limits).map_or(0, |bundle| bundle.objects.len())),
        "give_back": rate(count, &|| Bundle::read(bytes, &limits).map_or(0, |bundle| bundle.write().len())),
        "understand": rate(count, &|| Bundle::read(bytes, &limits).map_or(0, |bundle| campaign::receive(&bundle.objects).indicators.len())),
        "validate": rate(count, &|| validate(bytes, &Rules::default()).len()),
        "export": rate(made, &|| campaign::bundle_of(&campaigns, &options()).len()),
    });
    println!("{figures}");
    Ok(())
}
