//! Import: others' STIX 2.1 bundles into the store, each object as it was written.
//! In: bundles, TAXII envelopes or single objects. Out: how many were new; faults with line and path.
//! Invariant: one bad object never loses the others; more than `--max-bad` of them and nothing is kept.
//! Not here: believing any of it: what was imported drives nothing by itself.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use stillwatch_node::own::raw;
use stillwatch_stix::{Bundle, Limits};
use stillwatch_track::objects::{self, Raw};
use stillwatch_track::{Missing, Store};

use super::{bytes, name};
use crate::verbs::store::{Data, block_on, now, print, say, told};

/// Arguments of `import`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch import bundle.json
  stillwatch import --source partner-a feed-*.json
  curl … | stillwatch import --source partner-a -

An object that was imported from there before, in this version, is no fault and changes nothing.
`stillwatch export --received` gives all back as it was written; `stillwatch validate` tells how far it keeps to the standard.
Exit codes: 0 done, 2 failure.")]
pub(crate) struct Args {
    #[command(flatten)]
    data: Data,
    /// Bundles, TAXII envelopes or single objects; `-`: standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where it comes from; the file's name when not given
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The share of a file's objects that may be no STIX objects, 0 to 1; more and nothing of the file is kept
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, env = "STILLWATCH_MAX_BAD")]
    max_bad: f64,
}

/// Faults of a file that are told.
const TOLD: usize = 10;

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    block_on(async {
        let store = Store::open(&args.data.place(), Missing::Make).await.map_err(told)?;
        for file in &args.files {
            one(&store, file, args).await?;
        }
        Ok(0)
    })
}

async fn one(store: &Store, file: &Path, args: &Args) -> Result<(), String> {
    let name = name(file);
    let limits = Limits::default();
    let bytes = bytes(file).map_err(|e| format!("error: cannot read `{name}`: {e}\nhint: check the path"))?;
    let bundle = Bundle::read(&bytes, &limits).map_err(|fault| {
        format!("error: {name}:{fault}\nhint: a STIX 2.1 bundle is wanted; `stillwatch validate` tells its faults")
    })?;
    for fault in bundle.faults.iter().take(TOLD) {
        say(&format!("skipped: {name}:{fault}"));
    }
    let (good, bad) = (bundle.objects.len(), bundle.faults.len());
    if bad as f64 > args.max_bad * (good + bad) as f64 {
        return Err(format!(
            "error: {name}: {bad} of {} objects are no STIX objects, more than the {} % that may be; nothing of it was kept\n\
             hint: mend it, or let more pass with `--max-bad`",
            good + bad,
            args.max_bad * 100.0
        ));
    }
    let raw: Vec<Raw<'_>> = bundle.objects.iter().map(raw).collect();
    let source = args.source.as_deref().unwrap_or(&name);
    let new = objects::put(store, source, &raw, now()).await.map_err(told)?;
    let known = raw.len() as u64 - new;
    print(format!("{name}: {new} objects imported, {known} known before, {bad} skipped\n"))
}
