//! Evaluate: what is found, held against a known truth.
//! In: logs with a truth file. Out: precision, recall, calibration, wholeness, exchanges until detected, honest accounts flagged.
//! Invariant: detection runs as `detect` does; the truth is read only afterwards.
//! Not here: the figures (`stillwatch_detect::evaluate`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args as ClapArgs;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::TimestampMicrosecondType;
use datafusion::functions::expr_fn::date_trunc;
use datafusion::prelude::{col, lit};
use stillwatch_detect::account::Account;
use stillwatch_detect::campaign;
use stillwatch_detect::evaluate::{Evaluation, Known, evaluate, scores};
use stillwatch_detect::sketch::Sketch;
use stillwatch_model::{AccountInfo, Truth, TruthLabel};

use crate::pipeline::{RunError, context, each, plan};
use crate::saved;
use crate::scan::{self, Tally, read_accounts};

use super::detect::Format;
use super::progress::Bar;
use super::reading::block_on;
use super::{Exit, Failure, Reading, file_failure, output};

/// Arguments of `evaluate`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch evaluate traffic.jsonl --accounts accounts.jsonl --truth truth.jsonl
  stillwatch evaluate traffic.jsonl --truth truth.jsonl --until --format json
A line of the truth: {\"account\": \"…\", \"label\": \"honest|campaign|grey\", \"group\": \"…\"}.")]
pub struct Args {
    #[command(flatten)]
    reading: Reading,
    /// What each account really is, JSONL
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// Score from which an account counts as flagged
    #[arg(long, default_value_t = 0.5)]
    threshold: f64,
    /// Exchanges below which an account is not asked for in recall
    #[arg(long, value_name = "N", default_value_t = 3)]
    min_exchanges: u64,
    /// Also detect on each longer beginning of the log, day by day: exchanges until detected; needs logs, not sketches
    #[arg(long)]
    until: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Runs the verb.
///
/// # Errors
/// When logs or truth can't be read.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let known = Known::new(truth(&args.truth)?);
    if args.until && saved::find(&args.reading.inputs, args.reading.accounts.as_deref())?.is_some() {
        return Err(Failure::new(
            format!("`--until` follows the log day by day, and `{}` holds sketches", args.reading.inputs.join(", ")),
            "give the logs, or leave `--until` out",
        ));
    }
    let (accounts, _, _) = args.reading.read()?;
    let exchanges: BTreeMap<String, u64> =
        accounts.iter().map(|a| (a.name.clone(), a.sketch.counts.exchanges)).collect();
    let bar = Bar::spin("linking and scoring");
    let report = campaign::find(&accounts);
    drop(bar);
    let mut found = evaluate(&report.findings, &known, &exchanges, args.threshold, args.min_exchanges);
    if args.until {
        found.exchanges_until_detected = until(args, &known)?;
    }
    let text = match args.format {
        Format::Json => {
            serde_json::to_string_pretty(&found).map_err(|e| Failure::new(e.to_string(), "report this as a bug"))?
                + "\n"
        }
        Format::Table => table(&found),
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn truth(path: &std::path::Path) -> Result<Vec<Truth>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| file_failure("read", path, &e))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|e| {
                Failure::new(
                    format!("{}:{}: {e}", path.display(), at + 1),
                    "see `stillwatch evaluate --help` for the form of a line",
                )
            })
        })
        .collect()
}

/// Exchanges that each campaign had sent at the end of the first day on which over half of its accounts so far were flagged.
fn until(args: &Args, known: &Known) -> Result<BTreeMap<String, Option<u64>>, Failure> {
    let limits = args.reading.limits();
    let days: BTreeMap<i64, Vec<(String, Sketch)>> = block_on(limits.threads, async {
        let (ctx, _spill) = context(&limits)?;
        let engine = |e| RunError::from_engine(e, &limits);
        let tally = Arc::new(Tally::default());
        let bar = Bar::start(Arc::clone(&tally), "reading day by day");
        let open = scan::open(&ctx, &args.reading.inputs, &args.reading.options(), tally).await?;
        bar.total(open.bytes);
        let frame =
            plan(open.frame, Some(date_trunc(lit("day"), col("time"))), &args.reading.aggregator).map_err(engine)?;
        let mut days: BTreeMap<i64, Vec<(String, Sketch)>> = BTreeMap::new();
        each(frame, &limits, |batch| {
            let names =
                datafusion::arrow::compute::cast(batch.column(0), &datafusion::arrow::datatypes::DataType::Utf8View)
                    .map_err(|e| RunError::Engine(e.into()))?;
            let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
            for (row, (name, bytes)) in
                names.as_string_view().iter().zip(batch.column(2).as_binary::<i64>().iter()).enumerate()
            {
                let (Some(name), Some(bytes)) = (name, bytes) else { continue };
                let sketch =
                    Sketch::from_bytes(bytes).map_err(|e| RunError::Sketches(args.reading.inputs.join(", "), e))?;
                days.entry(times.value(row)).or_default().push((name.to_owned(), sketch));
            }
            Ok(())
        })
        .await?;
        Ok(days)
    })?;
    let _bar = Bar::spin("detecting day by day");
    let infos: Vec<AccountInfo> = args.reading.accounts.as_ref().map(read_accounts).transpose()?.unwrap_or_default();
    let infos: BTreeMap<&str, &AccountInfo> = infos.iter().map(|i| (i.account.as_str(), i)).collect();
    let mut so_far: BTreeMap<String, Sketch> = BTreeMap::new();
    let mut detected: BTreeMap<String, Option<u64>> = BTreeMap::new();
    for (_, sketches) in days {
        for (name, sketch) in sketches {
            so_far.entry(name).or_default().merge(&sketch);
        }
        let accounts: Vec<Account> = so_far
            .iter()
            .map(|(name, sketch)| {
                let account = Account::new(name.clone(), sketch.clone());
                infos.get(name.as_str()).map_or_else(|| account.clone(), |info| account.clone().with_info(info))
            })
            .collect();
        let report = campaign::find(&accounts);
        let scores = scores(&report.findings);
        let mut by: BTreeMap<&str, (usize, usize, u64)> = BTreeMap::new();
        for account in &accounts {
            let Some(truth) = known.of(&account.name).filter(|t| t.label == TruthLabel::Campaign) else { continue };
            let entry = by.entry(truth.group.as_str()).or_default();
            entry.0 += usize::from(scores.get(account.name.as_str()).is_some_and(|&s| s >= args.threshold));
            entry.1 += 1;
            entry.2 += account.sketch.counts.exchanges;
        }
        for (group, (hit, all, sent)) in by {
            let held = detected.entry(group.to_owned()).or_insert(None);
            if held.is_none() && hit * 2 > all {
                *held = Some(sent);
            }
        }
    }
    Ok(detected)
}

fn table(e: &Evaluation) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string can't fail.
        let _ = writeln!(out, "{name:<34}{value}");
    };
    line("precision", format!("{:.4}", e.precision));
    line("recall", format!("{:.4}", e.recall));
    line("average precision", format!("{:.4}", e.average_precision));
    line("whole campaigns", e.whole.map_or("-".into(), |w| format!("{w:.4}")));
    line("honest campaigns", e.honest_campaigns.to_string());
    line("honest accounts flagged / 100,000", format!("{:.1}", e.honest_per_100k));
    for (group, n) in &e.honest_flagged_per_100k {
        line(&format!("  {group}"), format!("{n:.1}"));
    }
    line("Brier score", format!("{:.4}", e.brier));
    for (from, to, n, mean, share) in &e.calibration {
        line(
            &format!("  scores {from:.2} to {to:.2}"),
            format!("{n} accounts, mean score {mean:.3}, in a campaign {share:.3}"),
        );
    }
    line("recall by campaign", String::new());
    for (group, recall) in &e.recall_by_campaign {
        let until = match e.exchanges_until_detected.get(group) {
            Some(Some(n)) => format!(", detected by exchange {n}"),
            Some(None) => ", never detected".into(),
            None => String::new(),
        };
        line(&format!("  {group}"), format!("{recall:.3}{until}"));
    }
    out
}
