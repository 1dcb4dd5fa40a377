//! Trends bench: what counting a week's trends costs, and asking for them.
//! In: a folder that isn't there, how many objects. Out: seconds, on SQLite.
//! Invariant: the week is the same each time; one object in ten is a relationship.
//! Not here: whether the counts are right (`tests/it/trends.rs`).

use std::time::Instant;

use stillwatch_track::exchange::{Came, NewCollection, add, add_client, make_collection};
use stillwatch_track::trends::{WEEK, settle, trends};
use stillwatch_track::{Error, Missing, Place, Store};

/// 2026-11-02, a Monday, and a little later.
const FIRST: i64 = 1_793_577_600_000_000;
const BATCH: usize = 5_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("give a folder and how many objects")?;
    let objects: usize = arguments.next().unwrap_or("100000".into()).parse()?;
    let store = Store::open(&Place::Folder(folder.into()), Missing::Make).await?;
    let labs = ["lab-one", "lab-two", "lab-three", "lab-four"];
    for lab in labs {
        add_client(&store, lab, "member", lab, &[], 1, &|_, _| Ok("x".into())).await?;
    }
    let began = Instant::now();
    let collection = fill(&store, objects, &labs).await?;
    println!("{objects} objects added in {:.1} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let weeks = settle(&store, FIRST + 2 * WEEK).await?;
    println!("{weeks} week counted in {:.2} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let cells = trends(&store, &[collection], 0, i64::MAX).await?;
    println!("{} cells read in {:.2} ms", cells.len(), began.elapsed().as_secs_f64() * 1_000.0);
    Ok(())
}

async fn fill(store: &Store, objects: usize, labs: &[&str]) -> Result<i64, Error> {
    let new = NewCollection {
        id: None,
        root: "trust".into(),
        alias: Some("shared".into()),
        title: "Shared".into(),
        description: None,
        can_read: true,
        can_write: true,
        profile: None,
        most_tlp: 2,
        most_pap: 3,
    };
    let into = make_collection(store, &new, 1).await?;
    let pattern = |n: usize| format!("attack-pattern--8e2e2d2b-17d4-4cbf-938f-{:012}", n % 20);
    for (batch, first) in (0..objects).step_by(BATCH).enumerate() {
        let of = |n: usize| {
            let kind = ["indicator", "observed-data", "campaign", "sighting"][n % 4];
            let kind = if n.is_multiple_of(10) { "relationship" } else { kind };
            let id = format!("{kind}--8e2e2d2b-17d4-4cbf-938f-{n:012}");
            let (id, json) = if n < 20 {
                let known = format!(r#"[{{"source_name":"mitre-atlas","external_id":"AML.T00{n:02}"}}]"#);
                (pattern(n), format!(r#"{{"external_references":{known}}}"#))
            } else {
                let from = format!("indicator--8e2e2d2b-17d4-4cbf-938f-{:012}", n + 1);
                let text = format!(r#"{{"source_ref":"{from}","target_ref":"{}","#, pattern(n / 10));
                (id, format!(r#"{text}"x":"{}"}}"#, "x".repeat(400)))
            };
            (id, json)
        };
        let all: Vec<(String, String)> = (first..(first + BATCH).min(objects)).map(of).collect();
        let version = Some("2026-01-01T00:00:00Z");
        let came: Vec<Came<'_>> = all
            .iter()
            .map(|(id, json)| Came { id, version, kind: id.split("--").next().unwrap_or(""), tlp: 0, pap: 0, json })
            .collect();
        add(store, &into, labs[batch % labs.len()], &came, || FIRST, &|_| Ok(None)).await?;
    }
    Ok(into.number)
}
