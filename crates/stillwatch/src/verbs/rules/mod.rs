//! Rules: what decides about accounts and networks, before it does: checked, tested, tried out, shown.
//! In: `rules.toml`, `access.toml`, cases, facts. Out: faults, failed cases, who would have been hit.
//! Invariant: nothing is decided by these verbs.
//! Not here: what rules mean (`stillwatch-gate`), asking them in earnest (the node, `[gate]`).

mod check;
mod show;
mod simulate;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use stillwatch_gate::rules::read::MAX_BYTES;
use stillwatch_gate::{Access, Rules};

pub(super) use show::{action, span};

/// Arguments of `rules`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch rules check rules.toml --access access.toml
  stillwatch rules test rules.toml cases.toml --access access.toml
  stillwatch rules simulate rules.toml --over logs/ --accounts accounts.jsonl      campaigns that are found in logs
  stillwatch rules simulate rules.toml --saved                                     campaigns and indicators in the store
  stillwatch rules show rules.toml

docs/decisions.md tells what rules may say; docs/decisions/ has a whole set with its cases.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read rules, and tell what is wrong with them
    Check(check::CheckArgs),
    /// Run the cases that say what rules are meant to do
    Test(check::TestArgs),
    /// Tell who would have been hit, and how many verified accounts among them
    Simulate(simulate::Args),
    /// Show rules: when each holds, what it does, for how long
    Show(show::Args),
}

/// The files.
#[derive(Debug, ClapArgs)]
struct Files {
    /// The rules
    #[arg(value_name = "RULES")]
    rules: PathBuf,
    /// Where and to whom the service isn't offered
    #[arg(long, value_name = "FILE")]
    access: Option<PathBuf>,
}

impl Files {
    fn read(&self) -> Result<Rules, String> {
        let access = match &self.access {
            Some(file) => Access::read(&file.display().to_string(), &text(file)?).map_err(said)?,
            None => Access::default(),
        };
        Rules::read(&self.rules.display().to_string(), &text(&self.rules)?, access).map_err(said)
    }
}

/// A file's text; what is too long is left for its reader to refuse.
fn text(file: &Path) -> Result<String, String> {
    use std::io::Read;
    let mut text = String::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(text),
        Err(e) => {
            Err(format!("error: cannot read `{}`: {e}\nhint: check the path, and that it is text", file.display()))
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn said(error: stillwatch_gate::GateError) -> String {
    format!("error: {error}")
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    match &args.verb {
        Verb::Check(args) => check::check(args),
        Verb::Test(args) => check::test(args),
        Verb::Simulate(args) => simulate::run(args),
        Verb::Show(args) => show::run(args),
    }
}
