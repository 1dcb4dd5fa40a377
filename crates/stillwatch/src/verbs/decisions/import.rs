//! Import: decisions of a file, as other tools write them.
//! In: CSV or JSON as `cscli` takes it, or a value a line; why. Out: how many decisions were made.
//! Invariant: what can't be read is quoted and passed over, up to a limit; begun again it makes nothing twice.
//! Not here: reading and making them (`stillwatch_node::decisions`).

use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;
use stillwatch_gate::{Action, Kind};
use stillwatch_model::number::thousands;
use stillwatch_node::decisions::{self, BATCH, Form, Imported, Usual};
use stillwatch_track::{By, Store};

use super::say::span;
use crate::verbs::record::failed;
use crate::verbs::store::say;

/// Records that can't be read and are quoted.
const QUOTED: u64 = 5;

/// Arguments of `decisions import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch decisions import decisions.csv --because 'moved from CrowdSec'
  stillwatch decisions import proxies.txt --action challenge --for 3d --because 'list of open proxies, 2026-11-20'
  stillwatch decisions import accounts.txt --kind account --action throttle --requests-per-minute 10 --for 7d --because T-17

Forms, by the file's ending: .csv with a header of `duration,scope,value,type,reason` (only `value` is needed), .json with an array of objects
that have these fields, else a value a line (`#` begins a remark). `ban` is block, `captcha` challenge; scopes are ip, range, account, client, ja4.
What the file doesn't say, the flags do. Broken off or begun again, nothing is made twice. A running node serves them within a second.
Exit codes: 0 done, 2 failure: also when more than `--max-bad` records can't be read; what was read before that stays.")]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// What kind of keys, where the file doesn't say
    #[arg(long, default_value = "network", value_parser = Kind::ALL.map(Kind::name))]
    kind: String,
    /// What is done, where the file doesn't say
    #[arg(long, default_value = "block", value_parser = ["allow", "challenge", "throttle", "block"])]
    action: String,
    /// With `throttle`: requests that are served a minute
    #[arg(long, value_name = "N", required_if_eq("action", "throttle"), value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute: Option<u32>,
    /// For how long, where the file doesn't say, such as 12h or 7d
    #[arg(long = "for", value_name = "SPAN", default_value = "7d", value_parser = span)]
    lifetime: SignedDuration,
    /// Why: kept, and shown to those who review
    #[arg(long, value_name = "TEXT")]
    because: String,
    /// Records that may be unreadable before it stops
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_bad: u64,
}

pub(super) async fn run(store: &Store, args: &Args, by: &By) -> Result<u8, String> {
    let usual = Usual {
        kind: Kind::ALL.into_iter().find(|kind| kind.name() == args.kind).unwrap_or(Kind::Network),
        action: action(args),
        lifetime: args.lifetime,
        because: args.because.clone(),
    };
    let name = args.file.display();
    let unread = |e: &dyn std::fmt::Display| {
        format!("error: cannot read `{name}`: {e}\nhint: see `stillwatch decisions import --help`")
    };
    let file = File::open(&args.file).map_err(|e| unread(&e))?;
    let bar = bar(file.metadata().map_or(0, |told| told.len()));
    let file = BufReader::with_capacity(1 << 16, bar.wrap_read(file));
    let unit = if form(&args.file) == Form::Json { "record" } else { "line" };
    let (mut all, mut bad, mut batch) = (Imported::default(), 0, Vec::with_capacity(BATCH));
    for one in decisions::given(file, form(&args.file), &usual).map_err(|e| unread(&e))? {
        match one {
            Ok(wanted) => batch.push(wanted),
            Err(what) => {
                bad += 1;
                if bad <= QUOTED {
                    bar.suspend(|| say(&format!("skipped: `{name}`, {unit} {}: {}", what.place, what.why)));
                }
                if bad > args.max_bad {
                    told(&all, bad);
                    return Err(format!(
                        "error: more than {} records of `{name}` can't be read\nhint: mend them, or allow more with `--max-bad`",
                        args.max_bad
                    ));
                }
            }
        }
        if batch.len() == BATCH {
            add(&mut all, decisions::import(store, &batch, by).await.map_err(failed)?);
            batch.clear();
        }
    }
    if !batch.is_empty() {
        add(&mut all, decisions::import(store, &batch, by).await.map_err(failed)?);
    }
    bar.finish_and_clear();
    told(&all, bad);
    Ok(0)
}

fn action(args: &Args) -> Action {
    match (args.action.as_str(), args.requests_per_minute) {
        ("throttle", Some(requests_per_minute)) => Action::Throttle { requests_per_minute },
        ("allow", _) => Action::Allow,
        ("challenge", _) => Action::Challenge,
        _ => Action::Block,
    }
}

fn form(file: &Path) -> Form {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Form::Csv,
        Some("json") => Form::Json,
        _ => Form::Lines,
    }
}

fn add(all: &mut Imported, one: Imported) {
    all.made += one.made;
    all.held += one.held;
}

fn told(all: &Imported, bad: u64) {
    let count = |count: usize| thousands(count as u64);
    say(&format!(
        "{} decisions made, {} held already, {} records skipped",
        count(all.made),
        count(all.held),
        thousands(bad)
    ));
}

fn bar(bytes: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("importing {bar:40} {bytes}/{total_bytes}, {eta} left");
    let bar = ProgressBar::new(bytes);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}
