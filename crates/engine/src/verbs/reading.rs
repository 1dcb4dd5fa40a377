//! Reading: the arguments of every verb that reads logs, and running a plan under them.
//! In: arguments. Out: `pipeline::Read`.
//! Invariant: Ctrl-C ends the run between batches; spilled files go with it (`ending.rs`).
//! Not here: what is done with the sketches.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use stillwatch_detect::account::Account;
use stillwatch_model::AccountInfo;

use crate::ending;
use crate::pipeline::{self, Limits, Read, RunError};
use crate::scan::{Opened, ScanOptions, Tally, read_accounts};
use crate::sources;

use super::stage::Stage;
use super::{Failure, output, progress};

/// Where logs are and how to read them.
#[derive(Debug, Clone, Args)]
pub struct Reading {
    /// Logs: files, globs or folders of JSONL, CSV or Parquet, plain, gzip or zstd, mixed; or sketches that `stillwatch sketch` wrote
    #[arg(required = true, value_name = "PATH|GLOB|DIR")]
    pub inputs: Vec<String>,
    /// What is known of the accounts: created, payment, device, verified, … (JSONL, CSV or Parquet)
    #[arg(long, value_name = "FILE", env = "STILLWATCH_ACCOUNTS")]
    pub accounts: Option<PathBuf>,
    /// The log format, one of `sources::list`; `scan` refuses others, with the closest name
    #[arg(long, value_name = "NAME", env = "STILLWATCH_SOURCE", help = named())]
    pub source: Option<String>,
    /// Your own projection onto the native columns: SQL over `records` (columns `record`, the JSON text, and `file`)
    #[arg(long, value_name = "FILE", conflicts_with = "source")]
    pub source_sql: Option<PathBuf>,
    /// The account of records that name none, such as Batch API files
    #[arg(long, value_name = "NAME")]
    pub default_account: Option<String>,
    /// An aggregator's account that the log does not call so: each of its users is looked at as `account/end_user`. A name or a glob such as 'reseller-*'; repeatable
    #[arg(long, value_name = "NAME", env = "STILLWATCH_AGGREGATOR", value_delimiter = ',')]
    pub aggregator: Vec<String>,
    /// The share of records that may be unusable, 0 to 1; more stops the run with exit code 2
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, env = "STILLWATCH_MAX_BAD", value_parser = share)]
    pub max_bad: f64,
    /// Memory for aggregation, such as 512MiB or 4GiB; the rest spills to disk
    #[arg(long, value_name = "SIZE", default_value = "1536MiB", env = "STILLWATCH_MEMORY", value_parser = size)]
    pub memory: usize,
    /// Where to spill; the system's temporary folder when not given
    #[arg(long, value_name = "DIR", env = "STILLWATCH_SPILL_DIR")]
    pub spill_dir: Option<PathBuf>,
    /// Threads; all cores when not given
    #[arg(long, value_name = "N", env = "STILLWATCH_THREADS", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// Help of `--source`, with the names that there are.
fn named() -> String {
    let names: Vec<&str> = sources::list().iter().map(|source| source.name).collect();
    format!("The log format, recognised by itself when not given: {}", names.join(", "))
}

pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number between 0 and 1".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("not between 0 and 1".into()) }
}

pub(crate) fn size(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: usize = text[..digits].parse().map_err(|_| "not a size such as 512MiB or 4GiB".to_owned())?;
    let unit: usize = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        other => return Err(format!("unknown unit `{other}`; use KiB, MiB or GiB")),
    };
    let bytes = number.checked_mul(unit).ok_or("too large")?;
    if bytes < 16 << 20 { Err("less than 16MiB, with which nothing can be aggregated".into()) } else { Ok(bytes) }
}

impl Reading {
    pub(crate) fn limits(&self) -> Limits {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Limits { memory: self.memory, spill: self.spill_dir.clone(), threads: self.threads.map_or(cores, usize::from) }
    }

    pub(crate) fn options(&self) -> ScanOptions {
        ScanOptions {
            source: self.source.clone(),
            source_sql: self.source_sql.clone(),
            max_bad: self.max_bad,
            default_account: self.default_account.clone(),
            aggregators: self.aggregator.clone(),
            accounts: self.accounts.clone(),
            ..ScanOptions::default()
        }
    }

    /// Reads the logs and joins what is known of the accounts.
    pub(crate) fn read(&self) -> Result<(Vec<Account>, Read, Arc<Tally>), Failure> {
        let tally = Arc::new(Tally::default());
        let bar = progress::Bar::start(Arc::clone(&tally), "reading");
        let limits = self.limits();
        let options = self.options();
        let mut passed = Vec::new();
        let work = pipeline::read(&self.inputs, &options, &limits, Arc::clone(&tally), |open| {
            bar.total(open.bytes);
            let sources: Vec<String> = open
                .source
                .iter()
                .map(|(name, files)| format!("{name} ({files} {})", if *files == 1 { "file" } else { "files" }))
                .collect();
            tracing::info!(sources = sources.join(", "), "opened");
            passed.extend(passed_over(open));
        });
        let stage = Stage::begin("read and sketch");
        let mut read = block_on(limits.threads, work)?;
        bar.finish();
        stage.end(read.accounts.values().map(|sketch| sketch.counts.exchanges).sum());
        read.spilled.tell();
        tell(&passed, &tally);
        let accounts = self.join(&mut read)?;
        Ok((accounts, read, tally))
    }

    /// Joins what is known of the accounts, notes what that is, and tells when it is nothing.
    fn join(&self, read: &mut Read) -> Result<Vec<Account>, Failure> {
        let infos = self.accounts.as_ref().map(read_accounts).transpose()?.unwrap_or_default();
        let by_name: HashMap<&str, &AccountInfo> = infos.iter().map(|i| (i.account.as_str(), i)).collect();
        let (mut accounts, mut met) = (Vec::new(), Vec::new());
        for (name, sketch) in std::mem::take(&mut read.accounts) {
            let info = by_name.get(name.as_str()).copied();
            // A user inside an aggregator is somebody else: what is known of the aggregator is not known of its user.
            let container = name.split_once('/').and_then(|(container, _)| by_name.get(container).copied());
            met.extend(info.or(container));
            let account = Account::new(name, sketch);
            accounts.push(match info {
                Some(info) => account.with_info(info),
                None => account,
            });
        }
        let Some(path) = &self.accounts else { return Ok(accounts) };
        let known: Vec<String> = known(&met).map(|column| format!("accounts.{column}")).collect();
        if met.is_empty() {
            warn(&format!(
                "none of the {} accounts in `{}` is in the log: check that both name accounts alike",
                infos.len(),
                path.display()
            ));
        } else if known.is_empty() {
            warn(&format!(
                "`{}` tells nothing of the log's accounts: it has none of {} for them",
                path.display(),
                KNOWN.map(|(column, _)| column).join(", ")
            ));
        }
        read.seen.extend(known);
        Ok(accounts)
    }
}

/// Whether something is known of an account.
type Has = fn(&AccountInfo) -> bool;

/// What may be known of an account and is made use of.
const KNOWN: [(&str, Has); 7] = [
    ("created", |info| info.created.is_some()),
    ("payment", |info| info.payment.is_some()),
    ("device", |info| info.device.is_some()),
    ("email_domain", |info| info.email_domain.is_some()),
    ("phone_prefix", |info| info.phone_prefix.is_some()),
    ("referrer", |info| info.referrer.is_some()),
    ("verified", |info| info.verified.is_some()),
];

/// What is known of at least one of these.
fn known<'a>(infos: &'a [&AccountInfo]) -> impl Iterator<Item = &'static str> + 'a {
    KNOWN.iter().filter(|(_, has)| infos.iter().any(|info| has(info))).map(|(column, _)| *column)
}

/// Files that were passed over, a line for each reason.
pub(crate) fn passed_over(open: &Opened) -> Vec<String> {
    const NAMES: usize = 5;
    let mut by: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, why) in &open.ignored {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        by.entry(why).or_default().push(name.escape_debug().to_string());
    }
    by.into_iter()
        .map(|(why, names)| {
            let files = if names.len() == 1 { "file" } else { "files" };
            let more = if names.len() > NAMES { ", …" } else { "" };
            let shown = names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
            format!("passed over: {} {files} ({shown}{more}): {why}", names.len())
        })
        .collect()
}

/// Tells what was passed over and what was skipped.
pub(crate) fn tell(passed: &[String], tally: &Tally) {
    for line in passed {
        output::say(line);
    }
    for quote in tally.quotes() {
        output::say(&format!("skipped: {quote}"));
    }
}

fn warn(what: &str) {
    output::say(&format!("warning: {what}"));
}

/// Runs a future to its end, or to Ctrl-C.
pub(crate) fn block_on<T>(threads: usize, work: impl Future<Output = Result<T, RunError>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("cannot start {threads} threads: {e}"), "use fewer with `--threads`"))?;
    let done = runtime.block_on(async {
        tokio::select! {
            done = work => done,
            () = ending::asked() => Err(RunError::Interrupted),
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    Ok(done?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares() {
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("4g"), Ok(4 << 30));
        assert!(size("12 parsecs").is_err());
        assert!(size("1KiB").is_err());
        assert_eq!(share("0.5"), Ok(0.5));
        assert!(share("2").is_err());
    }
}
