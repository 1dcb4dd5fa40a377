//! Train: weights of the elicitation cues from labelled prompts, and the calibration of scores from verdicts.
//! In: JSONL of `Labelled`, and of verdicts. Out: a weights file, a shift of scores, and held-out figures.
//! Invariant: seeded: the same labels give the same weights, byte for byte.
//! Not here: the model (`stillwatch_detect::cues`), the fit (`stillwatch_detect::verdicts`).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde::Deserialize;
use stillwatch_detect::cues::{self, Labelled, Options};
use stillwatch_detect::verdicts::{self, Verdict};
use stillwatch_model::Signal;

use super::progress::Bar;
use super::{Exit, Failure, file_failure, output};

/// Arguments of `train`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch train labels.jsonl --out cues.bin
  stillwatch campaigns labels --out verdicts.jsonl; stillwatch train verdicts.jsonl --calibration shift.json
  stillwatch detect logs/ --calibration shift.json
A line: {\"text\": \"…\", \"system\": \"…\", \"cues\": [\"task-generation\"], \"capability\": \"coding\", \"split\": \"train\"}; see docs/cues.md.
Lines that `stillwatch campaigns labels` writes are verdicts: calibration learns from those of campaigns.")]
pub struct Args {
    /// Labelled prompts, and verdicts, JSONL
    #[arg(required = true, value_name = "FILE")]
    labels: Vec<PathBuf>,
    /// Where to write the weights of the cues, learnt from labelled prompts
    #[arg(long, value_name = "FILE", required_unless_present = "calibration")]
    out: Option<PathBuf>,
    /// Where to write how scores are to be shifted, learnt from verdicts on campaigns; for `detect --calibration`
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
}

/// A line of a file of labels.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Verdict(Judged),
    Prompt(Labelled),
}

/// A verdict, as `stillwatch campaigns labels` writes it.
#[derive(Deserialize)]
#[serde(tag = "label", rename_all = "kebab-case")]
enum Judged {
    Campaign { verdict: stillwatch_model::Verdict, signals: Vec<Signal> },
    Account {},
}

/// Runs the verb.
///
/// # Errors
/// When a line can't be read as a label, there is too little to learn from, or an output can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let (labelled, verdicts) = read(&args.labels)?;
    let spin = Bar::spin("training");
    if let Some(path) = &args.calibration {
        let shift = verdicts::learn(&verdicts).ok_or_else(|| {
            Failure::new(
                format!("{} verdicts on campaigns are too few to learn from, or all of one kind", verdicts.len()),
                "ten or more are needed, some of campaigns that harvest and some of campaigns that don't: `stillwatch campaigns label`",
            )
        })?;
        let json = serde_json::to_string_pretty(&shift)
            .map_err(|e| Failure::new(format!("cannot write the calibration: {e}"), "report this as a bug"))?;
        output::whole(path, (json + "\n").as_bytes())?;
        output::print(&format!("{shift:#?}\n"))?;
        super::say(&format!("wrote {}", path.display()));
    }
    if let Some(path) = &args.out {
        if labelled.is_empty() {
            return Err(Failure::new("no labelled prompts", "give at least one line for each cue"));
        }
        let trained = cues::train(labelled, &Options::default());
        output::whole(path, &trained.model.to_bytes())?;
        output::print(&format!("{:#?}\n", trained.figures))?;
        super::say(&format!("wrote {}", path.display()));
    }
    drop(spin);
    Ok(Exit::Done)
}

fn read(files: &[PathBuf]) -> Result<(Vec<Labelled>, Vec<Verdict>), Failure> {
    let (mut labelled, mut verdicts) = (Vec::new(), Vec::new());
    for path in files {
        let file = std::fs::File::open(path).map_err(|e| file_failure("read", path, &e))?;
        for (at, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(|e| file_failure("read", path, &e))?;
            if line.trim().is_empty() {
                continue;
            }
            let read: Line = serde_json::from_str(&line).map_err(|_| {
                // Which of the two was meant is for the prompt's own error to say: verdicts are written by program.
                let why = serde_json::from_str::<Labelled>(&line).err().map_or_else(String::new, |e| e.to_string());
                Failure::new(
                    format!("{}:{}: {why}", path.display(), at + 1),
                    "see `stillwatch train --help` for the form of a line",
                )
            })?;
            match read {
                Line::Prompt(prompt) => labelled.push(prompt),
                Line::Verdict(Judged::Account {}) => {}
                Line::Verdict(Judged::Campaign { verdict, signals }) => {
                    // A shift that was applied is no part of what the detector itself says.
                    let own = signals.iter().filter(|signal| signal.name != verdicts::NAME);
                    let odds = own.map(|signal| signal.contribution).sum();
                    match verdict {
                        stillwatch_model::Verdict::TruePositive => verdicts.push((odds, true)),
                        stillwatch_model::Verdict::FalsePositive => verdicts.push((odds, false)),
                        // It is what the detector says: that it is allowed is no fault of the score.
                        stillwatch_model::Verdict::Benign => verdicts.push((odds, true)),
                    }
                }
            }
        }
    }
    Ok((labelled, verdicts))
}
