//! stillwatch: the one command that users see.
//! In: arguments. Out: exit 0 done, 1 the answer is no, 2 failure, 130 interrupted.
//! Invariant: verbs that read raw logs run in `stillwatch-engine` beside it, a process of its own.
//! Not here: what those verbs do (`engine`).

mod engine;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

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
NO_COLOR turns colour off."
)]
struct Cli {
    /// Tell on stderr how long each stage took, of verbs that read logs
    #[arg(short, long)]
    verbose: bool,
    /// Flags that you set for good, TOML (see `stillwatch help detect`)
    #[arg(long, value_name = "FILE")]
    config: Option<OsString>,
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
    /// What is known of every account in logs, as rules ask for it
    #[command(disable_help_flag = true)]
    Facts(Handed),
    /// Look in own traffic for what others told of
    #[command(disable_help_flag = true)]
    Hunt(Handed),
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
    /// Write campaigns, or what was imported, as a STIX 2.1 bundle
    Export(Box<verbs::stix::export::Args>),
    /// Keep others' STIX 2.1 bundles, each object as it was written
    Import(verbs::stix::import::Args),
    /// What may leave, to whom: check, test, explain, compare and sign profiles
    Policy(Box<verbs::policy::Args>),
    /// What leaves: propose, review, approve, send, take back
    Release(Box<verbs::release::Args>),
    /// What others tell, what it is worth here, and what we answer
    Intel(Box<verbs::intel::Args>),
    /// From when we act on a campaign, told to others and heard of them: switched off unless a profile permits it
    Notice(Box<verbs::notice::Args>),
    /// Rules that decide about accounts and networks: check, test, simulate, show
    Rules(verbs::rules::Args),
    /// What this member does about accounts and networks: list, why, reverse, roll back, appeal, review, export
    Decisions(Box<verbs::decisions::Args>),
    /// Write the store to one file
    Backup(verbs::backup::BackupArgs),
    /// Read a backup into a store
    Restore(verbs::backup::RestoreArgs),
    /// The record of what was released and decided: verify, prove, watch, export
    Ledger(Box<verbs::ledger::Args>),
    /// Make a node in a folder: settings, store, certificate for trials, the first token
    Init(verbs::node::init::Args),
    /// Run the node: exchange with others over TAXII 2.1
    Serve(verbs::node::serve::Args),
    /// Who may use the node: add, allow, list, revoke
    Client(Box<verbs::node::client::Args>),
    /// Collections of the node: add, list
    Collection(Box<verbs::node::collection::Args>),
    /// Other servers: look, add, follow, route, sync, list, quarantine, remove
    Peer(Box<verbs::peer::Args>),
    /// What is common with other labs, learned without showing the rest: key, member, agree, with, rounds, show, audit
    Match(Box<verbs::matching::Args>),
    /// Sharing groups of a hub: add, list, show, join, leave, end
    Group(Box<verbs::node::group::Args>),
    /// A campaign's case as one archive that anybody can check; and checking one
    Evidence(Box<verbs::evidence::Args>),
    /// Synthesise a week of a lab's traffic, detect, print the story and write the report
    Demo(verbs::demo::Args),
    /// Check that bundles keep to STIX 2.1, and tell line and path of each fault
    Validate(verbs::validate::Args),
    /// Print shell completions
    Completions(verbs::completions::Args),
    /// Print a verb's help and examples
    Help {
        /// The verb
        verb: Option<String>,
    },
}

/// Arguments handed to the engine as they are.
#[derive(Debug, clap::Args)]
struct Handed {
    /// Arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let before = before(&cli);
    let hand_over = |verb: &str, handed: Handed| engine::hand_over(verb, [before.clone(), handed.arguments].concat());
    let done = match cli.verb {
        Verb::Detect(handed) if verbs::saving::is_asked(&handed.arguments) => {
            verbs::saving::run([before.clone(), handed.arguments].concat())
        }
        Verb::Detect(handed) => hand_over("detect", handed),
        Verb::Sketch(handed) => hand_over("sketch", handed),
        Verb::Facts(handed) => hand_over("facts", handed),
        Verb::Hunt(handed) => hand_over("hunt", handed),
        Verb::Sources(handed) => hand_over("sources", handed),
        Verb::Synth(handed) => hand_over("synth", handed),
        Verb::Evaluate(handed) => hand_over("evaluate", handed),
        Verb::Train(handed) => hand_over("train", handed),
        Verb::Completions(args) => verbs::completions::run(&args, Cli::command()),
        Verb::Campaigns(args) => verbs::campaigns::run(&args),
        Verb::Save(args) => verbs::save::run(&args),
        Verb::Export(args) => verbs::stix::export::run(&args),
        Verb::Import(args) => verbs::stix::import::run(&args),
        Verb::Policy(args) => verbs::policy::run(&args),
        Verb::Release(args) => verbs::release::run(&args),
        Verb::Intel(args) => verbs::intel::run(&args),
        Verb::Notice(args) => verbs::notice::run(&args),
        Verb::Rules(args) => verbs::rules::run(&args),
        Verb::Decisions(args) => verbs::decisions::run(&args),
        Verb::Backup(args) => verbs::backup::run(&args),
        Verb::Restore(args) => verbs::backup::restore(&args),
        Verb::Ledger(args) => verbs::ledger::run(&args),
        Verb::Init(args) => verbs::node::init::run(&args),
        Verb::Serve(args) => verbs::node::serve::run(&args),
        Verb::Client(args) => verbs::node::client::run(&args),
        Verb::Collection(args) => verbs::node::collection::run(&args),
        Verb::Peer(args) => verbs::peer::run(&args),
        Verb::Match(args) => verbs::matching::run(&args),
        Verb::Group(args) => verbs::node::group::run(&args),
        Verb::Evidence(args) => verbs::evidence::run(&args),
        Verb::Demo(args) => verbs::demo::run(&args),
        Verb::Validate(args) => verbs::validate::run(&args),
        Verb::Help { verb: None } => return help(&["--help"]),
        Verb::Help { verb: Some(verb) } if is_engines(&verb) => engine::hand_over(&verb, vec!["--help".into()]),
        Verb::Help { verb: Some(verb) } => return help(&[&verb, "--help"]),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// What was said before the verb, for the engine to hear behind it.
fn before(cli: &Cli) -> Vec<OsString> {
    let mut before: Vec<OsString> = Vec::new();
    if cli.verbose {
        before.push("--verbose".into());
    }
    if let Some(config) = &cli.config {
        before.extend(["--config".into(), config.clone()]);
    }
    before
}

/// Whether the engine does a verb: it has that verb's help too.
fn is_engines(verb: &str) -> bool {
    Cli::command().find_subcommand(verb).is_some_and(clap::Command::is_disable_help_flag_set)
}

/// Prints our own help, as if it had been asked for with `--help`.
fn help(arguments: &[&str]) -> ExitCode {
    match Cli::try_parse_from(std::iter::once("stillwatch").chain(arguments.iter().copied())) {
        Err(help) => {
            // Help goes to stdout, what is no verb to stderr; if that is closed there is nobody to tell.
            let _ = help.print();
            ExitCode::from(u8::try_from(help.exit_code()).unwrap_or(2))
        }
        Ok(_) => ExitCode::SUCCESS,
    }
}
