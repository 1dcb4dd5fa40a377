//! Look: what stands is looked for in own logs; what matches becomes draft sightings.
//! In: logs, or what `hunt --format json` printed. Out: draft sightings; a bundle of what stands.
//! Invariant: only the engine reads logs; the bundle it is given is readable by its owner only, and gone afterwards.
//! Not here: how it is looked for (`hunt` of the engine), what leaves.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use stillwatch_model::Hunted;
use stillwatch_node::intel::{self, Decay};
use stillwatch_stix::bundle;
use stillwatch_track::intel::Filter;
use stillwatch_track::{By, Store};

use super::{now, short};
use crate::engine;
use crate::verbs::record::failed;
use crate::verbs::store::{print, say};

/// Most bytes of what a hunt printed.
const MOST: u64 = 256 << 20;

/// Arguments of `intel hunt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch intel hunt logs/
  stillwatch intel hunt sketches.parquet --peer lab-one
  stillwatch intel hunt logs/ -- --accounts accounts.jsonl --warning-list ours.txt

What stands behind `--` goes to `stillwatch hunt` as it is. Hunting the same logs again changes nothing.
Exit codes: 0 done, 1 nothing stands that could be looked for, 2 failure.")]
pub(super) struct HuntArgs {
    /// Logs, or sketches that `stillwatch sketch` wrote
    #[arg(required = true, value_name = "LOGS")]
    inputs: Vec<OsString>,
    /// What this peer tells only
    #[arg(long, value_name = "NAME")]
    peer: Option<String>,
    /// Flags of `stillwatch hunt`
    #[arg(last = true, value_name = "FLAGS")]
    flags: Vec<OsString>,
}

/// Arguments of `intel sight`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch intel export --wanted --out wanted.json && stillwatch hunt wanted.json logs/ --format json > found.json
  stillwatch intel sight found.json

Exit codes: 0 done, 2 failure.")]
pub(super) struct SightArgs {
    /// What `stillwatch hunt --format json` printed; `-`: standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Arguments of `intel export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Each object is given back as it was sent. Exit codes: 0 done, 1 nothing stands, 2 failure.")]
pub(super) struct ExportArgs {
    /// Those that stand: neither disputed nor taken back, over or gone stale
    #[arg(long, required = true)]
    wanted: bool,
    /// What this peer tells only
    #[arg(long, value_name = "NAME")]
    peer: Option<String>,
    /// Where to write; stdout when not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

async fn wanted(store: &Store, peer: Option<&String>, decay: &Decay, by: &By) -> Result<Option<String>, String> {
    let filter = Filter { peer: peer.cloned(), kind: None };
    let texts = intel::wanted(store, &filter, decay, now(by)).await.map_err(failed)?;
    if texts.is_empty() {
        say("nothing stands that could be looked for; `stillwatch intel list` tells how each stands");
        return Ok(None);
    }
    Ok(Some(bundle::write(texts.iter().map(String::as_str))))
}

pub(super) async fn hunt(store: &Store, args: &HuntArgs, decay: &Decay, by: &By) -> Result<u8, String> {
    let Some(text) = wanted(store, args.peer.as_ref(), decay, by).await? else { return Ok(1) };
    let failed = |e: std::io::Error| format!("error: cannot write what is looked for: {e}\nhint: free some space");
    let mut file = tempfile::Builder::new().prefix("wanted-").suffix(".json").tempfile().map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(failed)?;
    let mut engine = engine::command("hunt");
    engine.arg(file.path()).args(&args.inputs).args(["--format", "json"]).args(&args.flags);
    let printed = engine::output(&mut engine)?;
    keep(store, &printed, decay, by).await
}

pub(super) async fn sight(store: &Store, args: &SightArgs, decay: &Decay, by: &By) -> Result<u8, String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let read = if args.file.as_os_str() == "-" {
        std::io::stdin().lock().take(MOST).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(&args.file).and_then(|file| file.take(MOST).read_to_end(&mut bytes))
    };
    read.map_err(|e| format!("error: cannot read `{}`: {e}\nhint: check the path", args.file.display()))?;
    keep(store, &bytes, decay, by).await
}

/// Keeps what a hunt printed, and says what became of it.
async fn keep(store: &Store, printed: &[u8], decay: &Decay, by: &By) -> Result<u8, String> {
    let hunted: Hunted = serde_json::from_slice(printed).map_err(|error| {
        format!("error: this is nothing that a hunt printed: {error}\nhint: `stillwatch hunt BUNDLE LOGS --format json` prints it (schemas/hunted.schema.json)")
    })?;
    if hunted.schema != stillwatch_model::hunted::HUNTED_VERSION {
        return Err(format!(
            "error: this is version {} of what a hunt prints; version {} is understood\nhint: hunt again with the engine of this version",
            hunted.schema,
            stillwatch_model::hunted::HUNTED_VERSION
        ));
    }
    let sights = intel::sight(store, &hunted, decay, by).await.map_err(failed)?;
    let ids: Vec<&str> = sights.new.iter().map(String::as_str).collect();
    for id in &ids {
        print(format!("{id}\n"))?;
    }
    say(&format!(
        "{} indicators were looked for in {} exchanges: {} draft sightings are new or changed, {} were known",
        hunted.wanted,
        hunted.exchanges,
        ids.len(),
        sights.known
    ));
    for id in &sights.passed_over {
        say(&format!("passed over {}: nobody tells it, or it was taken back", short(id)));
    }
    for missed in hunted.missed.iter().take(20) {
        say(missed);
    }
    Ok(0)
}

pub(super) async fn export(store: &Store, args: &ExportArgs, decay: &Decay, by: &By) -> Result<u8, String> {
    let Some(text) = wanted(store, args.peer.as_ref(), decay, by).await? else { return Ok(1) };
    match &args.out {
        None => print(text)?,
        Some(path) => {
            let failed = |e: std::io::Error| {
                format!(
                    "error: cannot write `{}`: {e}\nhint: check that the folder exists and has space",
                    path.display()
                )
            };
            let part = path.with_extension("part");
            std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path)).map_err(failed)?;
            say(&format!("wrote {}", path.display()));
        }
    }
    Ok(0)
}
