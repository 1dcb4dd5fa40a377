//! stillwatch-engine: the process that reads raw logs; `stillwatch` hands it the verbs that do.
//! In: arguments. Out: data on stdout, talk on stderr; exit 0 done, 1 the answer is no, 2 failure, 130 interrupted.
//! Invariant: opens no listening socket.
//! Not here: what the verbs do (`verbs/`).

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use stillwatch_engine::verbs::{self, Exit};

/// Finds distillation campaigns in API traffic logs.
#[derive(Debug, Parser)]
#[command(name = "stillwatch", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Find campaigns in traffic logs, ranked and explained
    Detect(verbs::detect::Args),
    /// Write one sketch an account to Parquet; `detect` takes it in place of logs
    Sketch(verbs::sketch::Args),
    /// List the log formats that are understood
    Sources(verbs::sources::Args),
    /// Make synthetic traffic with a known truth
    Synth(verbs::synth::Args),
    /// Hold what is found against a known truth
    Evaluate(verbs::evaluate::Args),
    /// Train the elicitation cues from labelled prompts
    Train(verbs::train::Args),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error")),
        )
        .init();
    let cli = Cli::parse();
    let exit = match &cli.verb {
        Verb::Detect(args) => verbs::detect::run(args),
        Verb::Sketch(args) => verbs::sketch::run(args),
        Verb::Sources(args) => verbs::sources::run(args),
        Verb::Synth(args) => verbs::synth::run(args),
        Verb::Evaluate(args) => verbs::evaluate::run(args),
        Verb::Train(args) => verbs::train::run(args),
        Verb::Completions { shell } => {
            let mut command = Cli::command().subcommand(
                clap::Command::new("demo").about("Synthesise a week of a lab's traffic, detect, and write the report"),
            );
            clap_complete::generate(*shell, &mut command, "stillwatch", &mut std::io::stdout());
            Ok(Exit::Done)
        }
    };
    match exit {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::No) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            if let Some(help) = &failure.help {
                eprintln!("hint: {help}");
            }
            ExitCode::from(failure.code)
        }
    }
}
