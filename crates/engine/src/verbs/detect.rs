//! Detect: campaigns in traffic logs, ranked and explained.
//! In: logs or sketches. Out: a table, JSON, an explanation, an HTML report.
//! Invariant: examples are looked up only where asked for; no text of a record is in JSON without `--with-examples`.
//! Not here: the science (`stillwatch_detect::campaign`).

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use stillwatch_detect::verdicts::Shift;
use stillwatch_detect::{campaign, explain, signals};
use stillwatch_model::Report;
use stillwatch_model::findings::OffSignal;

use crate::scan::Quote;

use super::reading::block_on;
use super::save::{self, Saving};
use super::stage::Stage;
use super::{Exit, Failure, Reading, cohort, examples, file_failure, output, progress::Bar, say};

/// Arguments of `detect`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch detect logs/                                   every log in a folder
  stillwatch detect 'logs/*.parquet' --accounts accounts.jsonl
  stillwatch detect logs/ --format json > findings.json
  stillwatch detect logs/ --html report.html
  stillwatch detect logs/ --explain campaign--5f0c          by an unambiguous beginning of its id
  stillwatch detect logs/ --save                            keep the campaigns: see `stillwatch campaigns`
  stillwatch detect today/ --baseline quiet-week/           cohort alarm against quiet traffic

Exit codes: 0 done, 1 with --exit-code: campaigns were found, 2 failure, 130 interrupted. Times are UTC.")]
pub struct Args {
    #[command(flatten)]
    reading: Reading,
    /// How to print; `schemas/findings.schema.json` is JSON's schema
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
    /// Explain one campaign, suspect or member account
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// Write a self-contained page with pictures
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Put shortened example exchanges into JSON, and the text of the first record skipped (they never are otherwise)
    #[arg(long)]
    with_examples: bool,
    /// The lab's own quiet traffic: raises the cohort alarm when this traffic differs from it
    #[arg(long, value_name = "PATH|GLOB|DIR")]
    baseline: Vec<String>,
    /// How scores are shifted by what people concluded before: a file of `stillwatch train --calibration`
    #[arg(long, value_name = "FILE", env = "STILLWATCH_CALIBRATION")]
    calibration: Option<PathBuf>,
    #[command(flatten)]
    saving: Saving,
    /// Exit with 1 when campaigns at or above score 0.5 were found
    #[arg(long)]
    exit_code: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Runs the verb.
///
/// # Errors
/// When the logs can't be read, too many records are bad, or an output can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let (accounts, read, tally) = args.reading.read()?;
    let stage = Stage::begin("link and score");
    let bar = Bar::spin("linking and scoring");
    let found = campaign::find(&accounts);
    drop(bar);
    let exchanges = found.findings.exchanges;
    stage.end(exchanges);
    let stage = Stage::begin("examples, page and printing");
    let mut report = campaign::stamped(found, format!("{:.0}", jiff::Timestamp::now()));
    if let Some(path) = &args.calibration {
        shift(path)?.apply(&mut report);
    }
    report.findings.skipped.records = read.skipped;
    let told = |quote: &Quote| if args.with_examples { quote.to_string() } else { quote.without_text() };
    report.findings.skipped.first_error = tally.quotes().first().map(told);
    report.findings.off = off(&read.seen);
    let from_logs = !read.sources.is_empty();
    if !args.baseline.is_empty() {
        report.findings.cohort = Some(cohort::test(&args.reading, &args.baseline, &accounts, from_logs)?);
    }
    if let Some(asked) = &args.explain {
        let account = stillwatch_report::account(&report, asked).map_err(unexplained)?;
        let account = account.and_then(|name| accounts.iter().find(|account| account.name == name));
        report.portraits.extend(account.map(explain::portrait));
    }
    if from_logs && (args.with_examples || args.html.is_some() || args.explain.is_some() || args.saving.save) {
        block_on(args.reading.limits().threads, examples::fill(&args.reading, &mut report))?;
    }
    if args.saving.save {
        let looked_up = save::origins(&args.reading, &report);
        let origins = if from_logs { block_on(args.reading.limits().threads, looked_up)? } else { Default::default() };
        let run = args.saving.write(&report, origins)?;
        if from_logs {
            args.saving.keep(&run, &accounts, &read.seen, read.skipped)?;
        }
    }
    if args.with_examples {
        for (campaign, case) in report.findings.campaigns.iter_mut().zip(&report.cases) {
            campaign.examples.clone_from(&case.examples);
        }
    }
    if let Some(path) = &args.html {
        let _drawing = Bar::spin("drawing the page");
        output::whole(path, stillwatch_report::html(&report, "Stillwatch report").as_bytes())?;
        say(&format!("wrote {}", path.display()));
    }
    print(args, &report)?;
    stage.end(exchanges);
    let found = report.findings.campaigns.iter().any(|c| c.score >= 0.5);
    Ok(if args.exit_code && found { Exit::No } else { Exit::Done })
}

/// The calibration in a file.
pub(super) fn shift(path: &Path) -> Result<Shift, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| file_failure("read", path, &e))?;
    serde_json::from_str(&text).map_err(|e| {
        Failure::new(
            format!("`{}` is no calibration: {e}", path.display()),
            "make one with `stillwatch train --calibration`",
        )
    })
}

/// Nothing has the name that was asked for; the error lists the closest.
fn unexplained(error: stillwatch_report::ExplainError) -> Failure {
    Failure { message: error.to_string(), help: None, code: 2 }
}

fn print(args: &Args, report: &Report) -> Result<(), Failure> {
    if let Some(id) = &args.explain {
        return output::print(&stillwatch_report::explain(report, id).map_err(unexplained)?);
    }
    match args.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&report.findings)
                .map_err(|e| Failure::new(format!("cannot print findings: {e}"), "report this as a bug"))?;
            output::print(&(json + "\n"))
        }
        Format::Table => output::print(&stillwatch_report::table(report, output::width(), output::colour())),
    }
}

/// The signals that nothing in the log and the accounts' file feeds, and what each would need.
fn off(seen: &[String]) -> Vec<OffSignal> {
    let known = |column: &str| match column {
        "messages" => seen.iter().any(|s| s == "prompt"),
        "completion" => seen.iter().any(|s| s == "completion_bytes"),
        column => seen.iter().any(|s| s == column),
    };
    signals::ALL
        .iter()
        .filter(|signal| !signal.needs.iter().any(|need| known(need)))
        .map(|signal| OffSignal {
            name: signal.name.into(),
            because: format!("the log has no {}", signal.needs.join(" or ")),
        })
        .collect()
}
