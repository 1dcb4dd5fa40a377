//! Store bench: fills a store with campaigns by seeded code, and times what people wait for.
//! In: a folder or a URL of PostgreSQL, how many campaigns. Out: seconds and milliseconds on stdout.
//! Invariant: the same seed gives the same rows; figures are medians of 20 runs, with the slowest beside them.
//! Not here: whole commands (time `stillwatch campaigns list --data PLACE` for these).
//!
//! `cargo run --release -p stillwatch-track --example store_bench -- store 1000000`

use std::time::Instant;

use stillwatch_model::tracked::Status;
use stillwatch_model::{Capability, Severity};
use stillwatch_track::objects::{self, Raw, Which};
use stillwatch_track::{Filter, Missing, Place, Store, list};

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() -> Done {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(place), count) = (arguments.next(), arguments.next()) else {
        return Err("give a folder or a URL, and how many campaigns".into());
    };
    let count: u64 = count.and_then(|c| c.to_str()?.parse().ok()).unwrap_or(1_000_000);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(bench(&Place::parse(&place), count))
}

async fn bench(place: &Place, count: u64) -> Done {
    let begun = Instant::now();
    let store = Store::open(place, Missing::Make).await?;
    println!("open: {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    if list(&store, &Filter::default(), 1, None).await?.campaigns.is_empty() {
        let begun = Instant::now();
        fill(place, count).await?;
        println!("{count} campaigns filled in {:.1} s", begun.elapsed().as_secs_f64());
    }
    let day = 86_400_000_000;
    let from = 1_767_225_600_000_000;
    let filters = [
        ("all", Filter::default()),
        ("status new", Filter { status: vec![Status::New], ..Filter::default() }),
        (
            "status disrupted, returned",
            Filter { status: vec![Status::Disrupted, Status::Returned], ..Filter::default() },
        ),
        ("severity critical", Filter { severity: vec![Severity::Critical], ..Filter::default() }),
        ("technique", Filter { technique: Some("AML.T0054".into()), ..Filter::default() }),
        ("capability", Filter { capability: Some(Capability::Vision), ..Filter::default() }),
        ("assignee", Filter { assignee: Some("person-7".into()), ..Filter::default() }),
        ("min-score 0.99", Filter { min_score: Some(0.99), ..Filter::default() }),
        ("since, until", Filter { since: Some(from + 30 * day), until: Some(from + 60 * day), ..Filter::default() }),
        (
            "status closed, critical, coding",
            Filter {
                status: vec![Status::Closed],
                severity: vec![Severity::Critical],
                capability: Some(Capability::Coding),
                ..Filter::default()
            },
        ),
        ("text that many have", Filter { text: Some("harvest".into()), ..Filter::default() }),
        ("text that none has", Filter { text: Some("nothing of the kind".into()), ..Filter::default() }),
        ("min-score that none has", Filter { min_score: Some(1.5), ..Filter::default() }),
    ];
    for (name, filter) in filters {
        let rows = list(&store, &filter, 50, None).await?.campaigns.len();
        println!(
            "list, {name}: {} ({rows} rows)",
            timed(async || list(&store, &filter, 50, None).await.map(drop)).await?
        );
    }
    let mut after = None;
    for _ in 0..100 {
        after = list(&store, &Filter::default(), 5000, after.as_deref()).await?.next;
    }
    println!(
        "list, after 500,000: {}",
        timed(async || list(&store, &Filter::default(), 50, after.as_deref()).await.map(drop)).await?
    );
    nights(&store).await?;
    put(&store).await
}

/// A campaign of 25,000 accounts, found on three nights.
async fn nights(store: &Store) -> Done {
    let accounts: Vec<String> = (0..25_000).map(|n| format!("account-{n:06}")).collect();
    for night in 1..=3 {
        let (from, to) = (format!("2026-09-0{night}T00:00:00Z"), format!("2026-09-0{night}T23:59:59Z"));
        let saved: stillwatch_model::Saved = serde_json::from_value(serde_json::json!({
            "schema": 1, "details": [],
            "findings": {
                "schema": 1, "generated": to, "exchanges": 9_000_000, "accounts": 900_000, "suspects": [],
                "window": {"from": from, "to": to}, "skipped": {"records": 0, "first_error": null},
                "campaigns": [{
                    "id": format!("campaign--00000000-0000-5000-8000-00000000000{night}"), "score": 0.9, "severity": "critical",
                    "actionable": true, "families": ["content"], "accounts": accounts, "exchanges": 700_000, "first_seen": from,
                    "last_seen": to, "techniques": ["AML.T0040"], "capabilities": ["coding"], "signals": [], "links": [],
                    "templates": [], "tokens": {"input": 1, "output": 1, "reasoning": 0}
                }]
            }
        }))?;
        let by = stillwatch_track::By { author: "bench".into(), at: 0 };
        let begun = Instant::now();
        let outcome = stillwatch_track::save(store, &saved, &by).await?;
        let how = outcome.kept.first().map(|k| &k.how);
        println!("save, 25,000 accounts, night {night}: {:.2} s ({how:?})", begun.elapsed().as_secs_f64());
    }
    Ok(())
}

async fn timed(run: impl AsyncFn() -> stillwatch_track::Result<()>) -> stillwatch_track::Result<String> {
    let mut times = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        run().await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(format!("{:.2} ms (slowest {:.2})", times[times.len() / 2], times[times.len() - 1]))
}

/// Objects like those of bundles: about 700 bytes each.
async fn put(store: &Store) -> Done {
    let count = 200_000;
    let made: Vec<(String, String)> = (0..count)
        .map(|n| {
            let id = format!("indicator--{:08x}-1111-4111-8111-{:012x}", n * 7919, n);
            let words = "a description with a few words, and a backslash \\\\ and \\\"quotes\\\" ".repeat(6);
            let json = format!(
                "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"{id}\",\"created\":\"2026-03-02T00:00:00.000Z\",\
                 \"modified\":\"2026-03-02T00:00:00.000Z\",\"pattern\":\"[ipv4-addr:value = '198.51.100.{}']\",\
                 \"pattern_type\":\"stix\",\"valid_from\":\"2026-03-02T00:00:00Z\",\"description\":\"{words}\"}}",
                n % 250
            );
            (id, json)
        })
        .collect();
    let raw: Vec<Raw<'_>> = made
        .iter()
        .map(|(id, json)| Raw { id, version: "2026-03-02T00:00:00.000Z", kind: "indicator", json })
        .collect();
    let bytes: usize = raw.iter().map(|r| r.json.len()).sum();
    let (begun, processor) = (Instant::now(), processor_seconds());
    let new = objects::put(store, "bench", &raw, 0).await?;
    let seconds = begun.elapsed().as_secs_f64();
    println!("objects: {new} of {count} new, {} bytes each, {:.0} a second", bytes / count, count as f64 / seconds);
    if let (Some(before), Some(after)) = (processor, processor_seconds()) {
        println!("objects: {:.0} a second of this process's processor time", count as f64 / (after - before));
    }
    let begun = Instant::now();
    let again = objects::put(store, "bench", &raw, 0).await?;
    println!("objects again: {again} new, {:.0} a second", count as f64 / begun.elapsed().as_secs_f64());
    let which = Which { kind: Some("indicator".into()), ..Which::default() };
    println!(
        "objects, a page of 1000: {}",
        timed(async || objects::page(store, &which, 1000, None).await.map(drop)).await?
    );
    Ok(())
}

/// Seconds that this process has had a processor, where Linux tells; others' work on the machine doesn't show in it.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok());
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// A linear congruential generator: seeded, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Writes rows of campaigns straight into the tables, as saving would have made them.
async fn fill(place: &Place, count: u64) -> Done {
    let url = match place {
        Place::Folder(folder) => format!("sqlite://{}", folder.join("stillwatch.sqlite").display()),
        Place::Server(url) => url.clone(),
    };
    let (rows, element) = match place {
        Place::Folder(_) => ("json_each($1)", "json_extract(value, '$[N]')"),
        Place::Server(_) => ("json_array_elements($1::json)", "(value->>N)"),
    };
    let at = |n: u32, kind: &str| format!("CAST({} AS {kind})", element.replace('N', &n.to_string()));
    let campaigns = format!(
        "INSERT INTO campaigns (id, technique, status, assignee, score, severity, actionable, first_seen, last_seen, created, \
         modified, accounts, exchanges, techniques, capabilities, body) SELECT {}, {}, {}, {}, {}, {}, 1, {}, {}, {}, {}, {}, {}, \
         {}, {}, {} FROM {rows}",
        at(0, "TEXT"),
        at(1, "TEXT"),
        at(2, "TEXT"),
        at(3, "TEXT"),
        at(4, "DOUBLE PRECISION"),
        at(5, "BIGINT"),
        at(6, "BIGINT"),
        at(7, "BIGINT"),
        at(6, "BIGINT"),
        at(7, "BIGINT"),
        at(8, "BIGINT"),
        at(9, "BIGINT"),
        at(10, "TEXT"),
        at(11, "TEXT"),
        at(12, "TEXT"),
    );
    let traits = format!(
        "INSERT INTO traits (kind, value, last_seen, campaign) SELECT {}, {}, {}, {} FROM {rows}",
        at(0, "TEXT"),
        at(1, "TEXT"),
        at(2, "BIGINT"),
        at(3, "TEXT")
    );
    let aliases = format!("INSERT INTO aliases (alias, campaign) SELECT {0}, {0} FROM {rows}", at(0, "TEXT"));
    sqlx::any::install_default_drivers();
    let pool = sqlx::any::AnyPoolOptions::new().max_connections(1).connect(&url).await?;
    if matches!(place, Place::Folder(_)) {
        // What is filled here is measured, not kept.
        sqlx::query("PRAGMA synchronous = OFF").execute(&pool).await?;
        sqlx::query("PRAGMA cache_size = -2000000").execute(&pool).await?;
    }
    let techniques = ["AML.T0024.002", "AML.T0040", "AML.T0048.004", "AML.T0008.005", "AML.T0054", "AML.T0065"];
    let mut dice = Dice(7);
    let mut done = 0;
    while done < count {
        let batch = (count - done).min(20_000);
        let (mut rows, mut kinds, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for n in done..done + batch {
            let id = format!("campaign--{:08x}-{:04x}-5000-8000-{n:012x}", dice.roll(1 << 31), dice.roll(1 << 16));
            let status = Status::ALL[dice.roll(8) as usize].name();
            let severity = [0, 0, 0, 1, 1, 2, 3][dice.roll(7) as usize];
            let first = 1_767_225_600_000_000 + dice.roll(180 * 86_400) as i64 * 1_000_000;
            let last = first + dice.roll(30 * 86_400) as i64 * 1_000_000;
            let capability = Capability::ALL[dice.roll(9) as usize].name();
            let own = [techniques[1], techniques[dice.roll(6) as usize]];
            for technique in own.iter().collect::<std::collections::BTreeSet<_>>() {
                kinds.push(serde_json::json!(["technique", technique, last, id]));
            }
            kinds.push(serde_json::json!(["capability", capability, last, id]));
            names.push(serde_json::json!([id]));
            let assignee = (dice.roll(3) == 0).then(|| format!("person-{}", dice.roll(40)));
            let body = "{\"technique\":\"templated harvest\",\"signals\":[],\"padding\":\"".to_owned()
                + &"x".repeat(900)
                + "\"}";
            rows.push(serde_json::json!([
                id,
                "templated harvest",
                status,
                assignee,
                dice.roll(1000) as f64 / 1000.0,
                severity,
                first,
                last,
                dice.roll(5000) + 2,
                dice.roll(5_000_000),
                serde_json::to_string(&own)?,
                format!("[\"{capability}\"]"),
                body
            ]));
        }
        let mut tx = pool.begin().await?;
        for (sql, rows) in [(&campaigns, &rows), (&traits, &kinds), (&aliases, &names)] {
            sqlx::query(sqlx::AssertSqlSafe(sql.clone())).bind(serde_json::to_string(rows)?).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        done += batch;
    }
    pool.close().await;
    Ok(())
}
