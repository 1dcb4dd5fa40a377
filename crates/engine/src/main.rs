//! stillwatch-engine: the process that reads raw logs; `stillwatch` hands it the verbs that do.
//! In: arguments. Out: data on stdout, talk on stderr; exit 0 done, 1 the answer is no, 2 failure, 130 interrupted.
//! Invariant: opens no listening socket.
//! Not here: what the verbs do (`verbs/`).

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use stillwatch_engine::config::Config;
use stillwatch_engine::ending;
use stillwatch_engine::verbs::{self, Exit, Failure, say};

/// Sketches are made by one thread, handed over by a second and freed by a third: this allocator gives such memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Finds distillation campaigns in API traffic logs.
#[derive(Debug, Parser)]
#[command(name = "stillwatch", bin_name = "stillwatch", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// Tell on stderr how long each stage took
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Flags that you set for good, TOML: memory, spill_dir, threads, max_bad, source, accounts, aggregator, format; `stillwatch.toml` in the current folder when not given
    #[arg(long, value_name = "FILE", global = true, env = "STILLWATCH_CONFIG")]
    config: Option<OsString>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Find campaigns in traffic logs, ranked and explained
    Detect(verbs::detect::Args),
    /// Write one sketch an account to Parquet; `detect` takes it in place of logs
    Sketch(verbs::sketch::Args),
    /// What is known of every account in logs, as rules ask for it
    Facts(verbs::facts::Args),
    /// Look in own traffic for what others told of
    Hunt(verbs::hunt::Args),
    /// List the log formats that are understood
    Sources(verbs::sources::Args),
    /// Make synthetic traffic with a known truth
    Synth(verbs::synth::Args),
    /// Hold what is found against a known truth
    Evaluate(verbs::evaluate::Args),
    /// Train the elicitation cues from labelled prompts
    Train(verbs::train::Args),
    /// The verbs and their flags as JSON, from which `stillwatch` makes shell completions
    #[command(hide = true)]
    Describe,
}

fn main() -> ExitCode {
    let exit = ending::watch()
        .map_err(|e| Failure::new(format!("cannot listen for Ctrl-C: {e}"), "report this as a bug"))
        .and_then(|()| run(std::env::args_os().collect()));
    ending::clear();
    match exit {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::No) => ExitCode::from(1),
        Err(failure) => {
            say(&format!("error: {}", failure.message));
            if let Some(help) = &failure.help {
                say(&format!("hint: {help}"));
            }
            ExitCode::from(failure.code)
        }
    }
}

fn run(arguments: Vec<OsString>) -> Result<Exit, Failure> {
    let command = Config::load(&arguments)?.defaults(Cli::command());
    let cli = Cli::from_arg_matches(&command.get_matches_from(arguments)).unwrap_or_else(|e| e.exit());
    let level = if cli.verbose { "error,stillwatch_engine=info" } else { "error" };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level)),
        )
        .init();
    match &cli.verb {
        Verb::Detect(args) => verbs::detect::run(args),
        Verb::Sketch(args) => verbs::sketch::run(args),
        Verb::Facts(args) => verbs::facts::run(args),
        Verb::Hunt(args) => verbs::hunt::run(args),
        Verb::Sources(args) => verbs::sources::run(args),
        Verb::Synth(args) => verbs::synth::run(args),
        Verb::Evaluate(args) => verbs::evaluate::run(args),
        Verb::Train(args) => verbs::train::run(args),
        Verb::Describe => verbs::describe::run(&Cli::command()),
    }
}
