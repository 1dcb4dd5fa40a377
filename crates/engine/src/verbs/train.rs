//! Train: weights of the elicitation cues, from labelled prompts.
//! In: JSONL of `Labelled`. Out: a weights file, and held-out figures.
//! Invariant: seeded: the same labels give the same weights, byte for byte.
//! Not here: the model (`stillwatch_detect::cues`).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use clap::Args as ClapArgs;
use stillwatch_detect::cues::{self, Labelled, Options};

use super::{Exit, Failure, file_failure, output};

/// Arguments of `train`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch train labels.jsonl --out cues.bin
A line: {\"text\": \"…\", \"system\": \"…\", \"cues\": [\"task-generation\"], \"capability\": \"coding\", \"split\": \"train\"}; see docs/cues.md.")]
pub struct Args {
    /// Labelled prompts, JSONL
    #[arg(required = true, value_name = "FILE")]
    labels: Vec<PathBuf>,
    /// Where to write the weights
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs the verb.
///
/// # Errors
/// When a line can't be read as a label, or the weights can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut labelled: Vec<Labelled> = Vec::new();
    for path in &args.labels {
        let file = std::fs::File::open(path).map_err(|e| file_failure("read", path, &e))?;
        for (at, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|e| file_failure("read", path, &e))?;
            if line.trim().is_empty() {
                continue;
            }
            labelled.push(serde_json::from_str(&line).map_err(|e| {
                Failure::new(
                    format!("{}:{}: {e}", path.display(), at + 1),
                    "see `stillwatch train --help` for the form of a line",
                )
            })?);
        }
    }
    if labelled.is_empty() {
        return Err(Failure::new("no labelled prompts", "give at least one line for each cue"));
    }
    let trained = cues::train(labelled, &Options::default());
    output::whole(&args.out, &trained.model.to_bytes())?;
    output::print(&format!("{:#?}\n", trained.figures))?;
    super::say(&format!("wrote {}", args.out.display()));
    Ok(Exit::Done)
}
