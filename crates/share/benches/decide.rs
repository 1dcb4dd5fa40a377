//! Bench: decisions under the conservative profile, and what one question costs Cedar.
//! In: an exported campaign, many times over. Out: objects a second, microseconds a question, and what each step costs.
//! Invariant: one thread, by its processor time where the system tells it; the same objects each run.
//! Not here: laws (`tests/it`).

use std::time::{Duration, Instant};

use stillwatch_share::scan::{Kept, Scanners};
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

    let rate = |took: Duration| set.len() as f64 / took.as_secs_f64();
    let each = |took: Duration| took.as_secs_f64() * 1e6 / set.len() as f64;
    let desk = Desk::new(&draft, recipient.clone(), &scanners);
    let all = best(|| desk.decide(&set).iter().flatten().count());
    println!(
        "decided, minimised, written, scanned: {:.0} objects a second a core, {:.2} µs each",
        rate(all),
        each(all)
    );
    let only = best(|| desk.verdicts(&set).into_iter().filter(|permitted| *permitted).count());
    println!("  decided (object and each of its fields): {:.0} a second, {:.2} µs each", rate(only), each(only));
    let left: Vec<String> = desk.decide(&set).into_iter().flatten().map(|preview| preview.text).collect();
    let mut kept = Kept::default();
    let scan = best(|| left.iter().filter(|text| scanners.look_again(text, &mut kept).is_none()).count());
    println!("  scanned: {:.0} a second, {:.2} µs each", rate(scan), each(scan));
    println!("  minimised and written, which is the rest: {:.2} µs each", each(all) - each(only) - each(scan));
    let few: Vec<&String> = left.iter().take(600).collect();
    let whole = best(|| few.iter().filter(|text| scanners.look(text).is_none()).count());
    println!("scanned without keeping anything: {:.2} µs each", whole.as_secs_f64() * 1e6 / few.len() as f64);
    Ok(())
}

/// The least processor time of several runs.
fn best(mut run: impl FnMut() -> usize) -> Duration {
    let mut one = || {
        let (wall, processor) = (Instant::now(), processor());
        assert!(run() > 0);
        match (processor, self::processor()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => wall.elapsed(),
        }
    };
    (0..9).map(|_| one()).min().unwrap_or_default()
}

/// Processor time of this thread so far; Linux tells it.
fn processor() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
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
