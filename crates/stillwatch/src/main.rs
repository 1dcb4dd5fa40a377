//! stillwatch: the one command that users see.
//! In: arguments. Out: exit 0 done, 1 the answer is no, 2 failure, 130 interrupted.
//! Invariant: verbs that read raw logs run in `stillwatch-engine` beside it, a process of its own.
//! Not here: what those verbs do (`engine`).

mod engine;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Stillwatch finds campaigns that harvest a model's answers to train a copy.
#[derive(Debug, Parser)]
#[command(
    name = "stillwatch",
    version,
    after_help = "Examples:
  stillwatch demo                               see it work on a synthetic week
  stillwatch detect logs/                       campaigns in your own logs
  stillwatch detect logs/ --html report.html    the same as a page with pictures
  stillwatch campaigns list                     campaigns that were saved, over months
  stillwatch sources                            which log formats are read
  stillwatch help detect                        a verb's own help and examples

Exit codes: 0 done; 1 the answer is no (`detect --exit-code`: campaigns were found); 2 failure; 130 interrupted.
Environment: STILLWATCH_ENGINE is the path of `stillwatch-engine` when it is not in the same folder;
NO_COLOR turns colour off. `--verbose`, behind a verb that reads logs, tells how long each stage took."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Verb {
    /// Find campaigns in traffic logs, ranked and explained
    #[command(disable_help_flag = true)]
    Detect(Handed),
    /// Write one sketch an account to Parquet; `detect` takes it in place of logs
    #[command(disable_help_flag = true)]
    Sketch(Handed),
    /// List the log formats that are understood
    #[command(disable_help_flag = true)]
    Sources(Handed),
    /// Make synthetic traffic with a known truth
    #[command(disable_help_flag = true)]
    Synth(Handed),
    /// Hold what is found against a known truth
    #[command(disable_help_flag = true)]
    Evaluate(Handed),
    /// Train the elicitation cues from labelled prompts
    #[command(disable_help_flag = true)]
    Train(Handed),
    /// Campaigns over time: list, show, label, note, claim, merge, split, history
    Campaigns(Box<verbs::campaigns::Args>),
    /// Take runs that `detect --save` wrote into the store
    Save(verbs::save::Args),
    /// Write the store to one file
    Backup(verbs::backup::BackupArgs),
    /// Read a backup into a store
    Restore(verbs::backup::RestoreArgs),
    /// Synthesise a week of a lab's traffic, detect, print the story and write the report
    Demo(verbs::demo::Args),
    /// Print shell completions: bash, elvish, fish, powershell or zsh
    #[command(disable_help_flag = true)]
    Completions(Handed),
    /// Print a verb's help and examples
    Help {
        /// The verb
        #[arg(value_parser = VERBS)]
        verb: Option<String>,
    },
}

/// Verbs that have help.
const VERBS: [&str; 12] = [
    "detect",
    "sketch",
    "sources",
    "synth",
    "evaluate",
    "train",
    "campaigns",
    "save",
    "backup",
    "restore",
    "demo",
    "completions",
];
/// Of these, the verbs that this program does itself.
const OWN: [&str; 5] = ["campaigns", "save", "backup", "restore", "demo"];

/// Arguments handed to the engine as they are.
#[derive(Debug, clap::Args)]
struct Handed {
    /// Arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.verb {
        Verb::Detect(handed) => engine::hand_over("detect", handed.arguments),
        Verb::Sketch(handed) => engine::hand_over("sketch", handed.arguments),
        Verb::Sources(handed) => engine::hand_over("sources", handed.arguments),
        Verb::Synth(handed) => engine::hand_over("synth", handed.arguments),
        Verb::Evaluate(handed) => engine::hand_over("evaluate", handed.arguments),
        Verb::Train(handed) => engine::hand_over("train", handed.arguments),
        Verb::Completions(handed) => engine::hand_over("completions", handed.arguments),
        Verb::Campaigns(args) => verbs::campaigns::run(&args),
        Verb::Save(args) => verbs::save::run(&args),
        Verb::Backup(args) => verbs::backup::run(&args),
        Verb::Restore(args) => verbs::backup::restore(&args),
        Verb::Demo(args) => verbs::demo::run(&args),
        Verb::Help { verb: None } => return help(&["--help"]),
        Verb::Help { verb: Some(verb) } if OWN.contains(&verb.as_str()) => return help(&[&verb, "--help"]),
        Verb::Help { verb: Some(verb) } => engine::hand_over(&verb, vec!["--help".into()]),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// Prints our own help, as if it had been asked for with `--help`.
fn help(arguments: &[&str]) -> ExitCode {
    match Cli::try_parse_from(std::iter::once("stillwatch").chain(arguments.iter().copied())) {
        Err(help) => {
            // Help goes to stdout; if that is closed there is nobody to tell.
            let _ = help.print();
            ExitCode::SUCCESS
        }
        Ok(_) => ExitCode::SUCCESS,
    }
}
