//! Hunt: what others told of, looked for in own traffic.
//! In: STIX bundles; logs, or sketches. Out: matches as a table or JSON; draft sightings as a bundle.
//! Invariant: nothing leaves: sightings are drafts, for a person to release.
//! Not here: how indicators are looked for (`hunt/`).

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args as ClapArgs;
use stillwatch_detect::campaign;
use stillwatch_model::Hunted;
use stillwatch_model::hunted::{HUNTED_VERSION, MatchKind};
use stillwatch_stix::Fault;
use stillwatch_stix::campaign::{Producer, Received, receive};
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::sighting::{self, Seen};
use stillwatch_stix::{self as stix, Bundle};

use crate::hunt::{exchanges, shape, sketches, wanted, warning};
use crate::saved;
use crate::scan::Tally;

use super::detect::Format;
use super::progress::Bar;
use super::reading::block_on;
use super::save::Place;
use super::{Exit, Failure, Reading, file_failure, output, say};

const INPUTS: &str = "Logs, or sketches that `stillwatch sketch` wrote; when not given, the sketches of all runs that `detect --save` kept";

/// Arguments of `hunt`.
#[derive(Debug, ClapArgs)]
#[command(mut_arg("inputs", |inputs| inputs.required(false).help(INPUTS)))]
#[command(after_help = "Examples:
  stillwatch hunt received.json                             in the sketches of all runs that `detect --save` kept
  stillwatch hunt received.json logs/                       everything that bundle tells of, in the logs
  stillwatch hunt received.json sketches.parquet            the same where the logs are gone
  stillwatch hunt received.json logs/ --sightings mine.json   what was seen too, as drafts to be released
  stillwatch hunt a.json --bundle b.json logs/ --format json

Patterns are evaluated in full (docs/patterns.md). Addresses that many honest people share are on warning lists and do not match.
Exit codes: 0 done, 1 with --exit-code: something matched, 2 failure, 130 interrupted. Times are UTC.")]
pub struct Args {
    /// A STIX 2.1 bundle
    #[arg(value_name = "BUNDLE")]
    first: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    place: Place,
    /// Another bundle; repeatable
    #[arg(long = "bundle", value_name = "FILE")]
    more: Vec<PathBuf>,
    /// How to print; `schemas/hunted.schema.json` is JSON's schema
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write draft sightings, a STIX bundle
    #[arg(long, value_name = "FILE")]
    sightings: Option<PathBuf>,
    /// Who sights: the name of this lab in its sightings
    #[arg(long, value_name = "NAME", default_value = "this lab", env = "STILLWATCH_PRODUCER")]
    producer: String,
    /// A warning list of your own: JSON as MISP's are, or an address or range a line; repeatable
    #[arg(long, value_name = "FILE")]
    warning_list: Vec<PathBuf>,
    /// Use no warning list but those of `--warning-list`
    #[arg(long)]
    no_shipped_lists: bool,
    /// Look for indicators too that are over or disputed
    #[arg(long)]
    expired: bool,
    /// Exit with 1 when something matched
    #[arg(long)]
    exit_code: bool,
}

/// Runs the verb.
///
/// # Errors
/// When a bundle or the logs can't be read, or an output can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let received = bundles(args)?;
    let mut reading = args.reading.clone();
    if reading.inputs.is_empty() {
        let kept = args.place.sketches();
        if !kept.is_dir() {
            return Err(Failure::new(
                format!("no sketches are kept in `{}`", kept.display()),
                "name logs or sketches to look in; `stillwatch detect LOGS --save` keeps sketches",
            ));
        }
        reading.inputs.push(kept.display().to_string());
    }
    let mut lists = if args.no_shipped_lists { warning::Lists::default() } else { warning::Lists::shipped()? };
    for path in &args.warning_list {
        lists.read(path)?;
    }
    let now = jiff::Timestamp::now();
    let wanted::Sorted { wanted, mut refused, warned } = wanted::sort(&received, &lists, now, args.expired);
    let count = (wanted.len() + refused.len() + warned.len()) as u64;
    let has_shapes = received.campaigns.iter().any(|campaign| campaign.metrics.is_some());
    let from_sketches = saved::find(&reading.inputs, reading.accounts.as_deref())?.is_some();
    // A campaign's shape is that of whole accounts: it needs sketches, of logs too.
    let accounts = if from_sketches || has_shapes { reading.read()?.0 } else { Vec::new() };
    let looked = if from_sketches {
        sketches::look(&accounts, &wanted, reading.limits().threads)
    } else {
        let tally = Arc::new(Tally::default());
        let bar = Bar::start(Arc::clone(&tally), "hunting");
        let work = exchanges::look(&reading, &wanted, Arc::clone(&tally), |bytes| bar.total(bytes));
        block_on(reading.limits().threads, work)?
    };
    let mut matches = looked.tallied.matches(&wanted, from_sketches);
    if has_shapes {
        let spin = Bar::spin("comparing shapes");
        let found = campaign::find(&accounts);
        drop(spin);
        matches.extend(shape::look(&received, &found.findings));
    }
    refused.extend(looked.refused);
    let hunted = Hunted {
        schema: HUNTED_VERSION,
        generated: format!("{now:.0}"),
        exchanges: looked.exchanges,
        accounts: accounts.len() as u64,
        sketches: from_sketches,
        wanted: count,
        matches,
        refused,
        warned,
        missed: looked.missed,
    };
    if let Some(path) = &args.sightings {
        output::whole(path, drafts(args, &hunted).as_bytes())?;
        say(&format!("wrote {}", path.display()));
    }
    match args.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&hunted)
                .map_err(|e| Failure::new(format!("cannot print matches: {e}"), "report this as a bug"))?;
            output::print(&(json + "\n"))?;
        }
        Format::Table => output::print(&stillwatch_report::hunted(&hunted, output::width()))?,
    }
    Ok(if args.exit_code && !hunted.matches.is_empty() { Exit::No } else { Exit::Done })
}

/// What all bundles tell.
fn bundles(args: &Args) -> Result<Received, Failure> {
    let mut texts = Vec::new();
    for path in std::iter::once(&args.first).chain(&args.more) {
        texts.push((path, std::fs::read(path).map_err(|e| file_failure("read", path, &e))?));
    }
    let mut objects = Vec::new();
    for (path, bytes) in &texts {
        let none = |fault: &Fault| {
            Failure::new(
                format!("{}:{fault}", path.display()),
                "a STIX 2.1 bundle is wanted; `stillwatch validate` tells its faults",
            )
        };
        let bundle = Bundle::read(bytes, &stix::Limits::default()).map_err(|fault| none(&fault))?;
        if let (true, Some(fault)) = (bundle.objects.is_empty(), bundle.faults.first()) {
            return Err(none(fault));
        }
        for fault in bundle.faults.iter().take(5) {
            say(&format!("skipped: {}: {fault}", path.display()));
        }
        objects.extend(bundle.objects);
    }
    Ok(receive(&objects))
}

/// A sighting of each indicator that was found; shapes are too weak to be told.
fn drafts(args: &Args, hunted: &Hunted) -> String {
    let by = Producer { name: args.producer.clone(), created: hunted.generated.clone() };
    let told = hunted.matches.iter().filter(|found| found.kind != MatchKind::Shape);
    let seen: Vec<Seen<'_>> = told
        .map(|found| Seen {
            of: &found.indicator,
            first: found.first_seen.as_deref(),
            last: found.last_seen.as_deref(),
            count: found.exchanges,
            confidence: Some((found.strength * 100.0).round() as u8),
        })
        .collect();
    sighting::bundle(&by, &seen, &hunted.generated, Tlp::AmberStrict)
}
