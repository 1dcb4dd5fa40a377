//! Check and test: whether rules can be read, and do what they are meant to.
//! In: files. Out: faults and failed cases; exit 0 none, 1 some cases failed, 2 something can't be read.
//! Invariant: nothing is decided.
//! Not here: the law that rules are held to (`stillwatch_gate::rules::check`).

use std::path::PathBuf;

use serde_json::{Value, json};
use stillwatch_gate::rules::{Mode, cases};

use super::{Files, said, text};
use crate::verbs::store::{Format, plain, print, print_json};

/// Arguments of `rules check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch rules check rules.toml --access access.toml

Exit codes: 0 no fault; 2 a fault, or a file that can't be read.")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    files: Files,
}

/// Arguments of `rules test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch rules test rules.toml cases.toml --access access.toml

Exit codes: 0 every case holds; 1 some do not; 2 a file can't be read.")]
pub(super) struct TestArgs {
    #[command(flatten)]
    files: Files,
    /// The cases
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

pub(super) fn check(args: &CheckArgs) -> Result<u8, String> {
    let rules = args.files.read()?;
    let count = |mode: Mode| rules.rules.iter().filter(|rule| rule.mode == mode).count();
    print(format!(
        "{}: {} rules, {} of them in force, {} in shadow mode; {} lines of the allow-list; no faults\n",
        args.files.rules.display(),
        rules.rules.len(),
        count(Mode::Enforce),
        count(Mode::Shadow),
        rules.allow.len()
    ))?;
    Ok(0)
}

pub(super) fn test(args: &TestArgs) -> Result<u8, String> {
    let rules = args.files.read()?;
    let name = args.cases.display().to_string();
    let results = cases::test(&rules, &name, &text(&args.cases)?).map_err(said)?;
    let failed = results.iter().filter(|case| case.wrong.is_some()).count();
    match args.format {
        Format::Json => {
            let all: Vec<Value> =
                results.iter().map(|case| json!({ "name": case.name, "wrong": case.wrong })).collect();
            print_json(&json!({ "cases": all, "failed": failed }))?;
        }
        Format::Table => {
            for case in &results {
                if let Some(wrong) = &case.wrong {
                    print(format!("{name}: {}: {}\n", plain(&case.name), plain(wrong)))?;
                }
            }
            print(format!("{name}: {} cases, {failed} failed\n", results.len()))?;
        }
    }
    Ok(u8::from(failed > 0))
}
