//! Bench: decisions under the conservative profile, and what one question costs Cedar.
//! In: an exported campaign, many times over. Out: objects a second, microseconds a question.
//! Invariant: one thread; the same objects each run.
//! Not here: laws (`tests/it`).

use std::time::{Duration, Instant};

use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Draft, Files, Recipient, Set, TokenKey, fields};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/conservative"))? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?);
    }
    let draft = Draft::read(files)?;
    let recipient = Recipient { member: "lab-one.example".to_owned(), key: TokenKey::new(&[9; 32]) };
    let scanners = Scanners::new(&["Example Customer".to_owned()], None);
    let texts = objects(5_000);
    let read = Instant::now();
    let set = Set::of(texts.iter().map(String::as_str));
    let read = read.elapsed();
    println!("objects: {}; read and parsed: {:.0} a second", set.len(), set.len() as f64 / read.as_secs_f64());

    // Cold: every plan is made, which asks Cedar once for the type and once for each of its fields.
    let cold = Instant::now();
    let few = Set::of(texts.iter().take(3).map(String::as_str));
    let desk = Desk::new(&draft, recipient.clone(), &scanners);
    let entities = cold.elapsed();
    let plans = Instant::now();
    let left = desk.decide(&few).iter().flatten().count();
    let plans = plans.elapsed();
    let kinds = ["indicator", "campaign", "relationship"];
    let questions = fields().iter().filter(|field| kinds.contains(&field.kind)).count() + kinds.len();
    println!(
        "a desk: {entities:?}; its first {left} objects: {plans:?} for {questions} questions, {:?} each",
        plans / questions as u32
    );

    let desk = Desk::new(&draft, recipient.clone(), &scanners);
    let best = (0..5).map(|_| timed(&desk, &set)).min().unwrap_or_default();
    let rate = set.len() as f64 / best.as_secs_f64();
    println!("decided, minimised, written, scanned: {rate:.0} objects a second a core");
    let desk = Desk::new(&draft, recipient, &scanners);
    let best = (0..5).map(|_| verdicts(&desk, &set)).min().unwrap_or_default();
    println!(
        "decided only (object and each of its fields): {:.0} objects a second a core",
        set.len() as f64 / best.as_secs_f64()
    );
    Ok(())
}

fn timed(desk: &Desk<'_>, set: &Set) -> Duration {
    let begun = Instant::now();
    let left = desk.decide(set).iter().flatten().count();
    assert!(left > 0);
    begun.elapsed()
}

fn verdicts(desk: &Desk<'_>, set: &Set) -> Duration {
    let begun = Instant::now();
    let left = desk.verdicts(set).into_iter().filter(|permitted| *permitted).count();
    assert!(left > 0);
    begun.elapsed()
}

/// Campaigns with an indicator and a relationship each.
fn objects(count: u32) -> Vec<String> {
    let common = r#""spec_version":"2.1","created":"2026-05-15T00:00:00.000Z","modified":"2026-05-16T08:00:00.123Z","object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]"#;
    let mut all = Vec::new();
    for n in 0..count {
        let uuid = format!("8e2e2d2b-17d4-4cbf-938f-{n:012x}");
        let address = format!("203.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
        all.push(format!(r#"{{"type":"indicator","id":"indicator--{uuid}",{common},"name":"Exit address","description":"An address.","indicator_types":["malicious-activity","anonymization"],"pattern":"[ipv4-addr:value = '{address}']","pattern_type":"stix","pattern_version":"2.1","valid_from":"2026-05-01T10:11:12.500Z","valid_until":"2026-06-13T20:00:00.000Z","confidence":95}}"#));
        all.push(format!(r#"{{"type":"campaign","id":"campaign--{uuid}",{common},"name":"templated harvest {n}","description":"Accounts.","first_seen":"2026-05-01T10:11:12.500Z","last_seen":"2026-05-14T20:00:00.000Z","confidence":95,"extensions":{{"extension-definition--ef0b59c3-985c-5859-ad6f-feaa09319bf5":{{"extension_type":"property-extension","severity":"critical","exchanges_log10":5,"evasions":["load-balancing"]}}}}}}"#));
        all.push(format!(r#"{{"type":"relationship","id":"relationship--{uuid}",{common},"relationship_type":"indicates","source_ref":"indicator--{uuid}","target_ref":"campaign--{uuid}"}}"#));
    }
    all
}
