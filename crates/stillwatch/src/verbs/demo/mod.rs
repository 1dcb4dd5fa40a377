//! Demo: a synthetic week of a lab's traffic, detected, told and drawn; then three labs and a hub that share what they see.
//! In: a folder. Out: the story on stdout, `report.html` in the folder.
//! Invariant: everything shown is what `synth`, `detect` and `evaluate` print, misses and false alarms included: nothing is prepared.
//! Not here: those verbs; what became of whom (`truth.rs`).

mod labs;
mod truth;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Args as ClapArgs;
use serde_json::Value;
use stillwatch_model::{Findings, Truth};

use crate::engine;
use truth::Told;

/// Arguments of `demo`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch demo
  stillwatch demo --out demo/ --seed 7

Writes traffic.jsonl, accounts.jsonl, truth.jsonl and report.html to the folder, and under labs/ the nodes of three labs and a hub,
which speak to each other on this machine only. Takes less than two minutes.")]
pub(crate) struct Args {
    /// The folder for traffic and report
    #[arg(long, value_name = "DIR", default_value = "stillwatch-demo")]
    out: PathBuf,
    /// The seed of the traffic
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    match story(args) {
        Ok(()) => Ok(0),
        Err(Ended::With(code)) => Ok(code),
        Err(Ended::Because(message)) => Err(message),
    }
}

/// Why the story ends early.
enum Ended {
    /// A verb ended with this code and has said why; or nobody listens any more.
    With(u8),
    /// What happened.
    Because(String),
}

impl From<String> for Ended {
    fn from(message: String) -> Self {
        Self::Because(message)
    }
}

fn story(args: &Args) -> Result<(), Ended> {
    let begun = Instant::now();
    let file = |name: &str| args.out.join(name);
    let (traffic, accounts, page) = (file("traffic.jsonl"), file("accounts.jsonl"), file("report.html"));
    let on_logs = |verb: &str| {
        let mut command = bare(verb);
        command.arg(&traffic).arg("--accounts").arg(&accounts);
        command
    };

    heading(1, "A week of a lab's API traffic, made from a seed: honest users of many kinds, harvesters among them")?;
    let synth = || {
        let mut command = bare("synth");
        command.args(["--preset", "demo", "--seed", &args.seed.to_string()]);
        command
    };
    step(synth().arg("--out").arg(&args.out))?;
    let told = Told { truth: truths(&file("truth.jsonl"))?, shapes: shapes(&mut synth())? };
    say(told.hidden())?;

    heading(2, "What `stillwatch detect` finds in it; it knows the log and the accounts file, not who harvests")?;
    step(on_logs("detect").arg("--html").arg(&page))?;
    let findings = findings(&mut on_logs("detect"))?;

    if let Some(first) = findings.campaigns.first() {
        heading(3, "Why the first one: what is observed, what is inferred, and every figure behind its score")?;
        step(on_logs("detect").args(["--explain", &first.id]))?;
    }

    heading(4, "The truth, as the traffic was made: who was found, who was missed, who was wronged")?;
    say(told.found(&findings))?;

    heading(5, "The same in figures (`stillwatch evaluate`)")?;
    step(on_logs("evaluate").arg("--truth").arg(file("truth.jsonl")).arg("--until"))?;

    labs::story(&args.out, args.seed + 1, 6)?;

    say(format!(
        "\nThe report with pictures: {}\nYour own logs: stillwatch detect LOGS --html report.html\nDone in {:.0} s.\n",
        page.display(),
        begun.elapsed().as_secs_f64().ceil()
    ))
}

/// A command of the engine that no setting of the user's changes: the story is the same everywhere.
fn bare(verb: &str) -> Command {
    let mut command = engine::command(verb);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STILLWATCH_")) {
        command.env_remove(name);
    }
    command.env("STILLWATCH_CONFIG", "");
    command
}

/// A command of this program that no setting of the user's changes.
fn own() -> Command {
    let program = std::env::current_exe().unwrap_or_else(|_| "stillwatch".into());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("STILLWATCH_") && name != "STILLWATCH_ENGINE"
    }) {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end and takes what it prints.
fn quiet(command: impl std::borrow::BorrowMut<Command>) -> Result<String, Ended> {
    let mut command = command;
    let printed = engine::output(command.borrow_mut()).map_err(Ended::Because)?;
    String::from_utf8(printed)
        .map_err(|_| Ended::Because("error: a verb printed no text\nhint: report this as a bug".into()))
}

fn heading(number: u8, text: &str) -> Result<(), Ended> {
    let gap = if number == 1 { "" } else { "\n" };
    say(format!("{gap}{number}. {text}\n\n"))
}

/// Prints; a reader that went away ends the story quietly.
fn say(text: impl Display) -> Result<(), Ended> {
    let mut out = std::io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).map_err(|_| Ended::With(0))
}

fn step(command: &mut Command) -> Result<(), Ended> {
    match engine::run(command)? {
        0 => Ok(()),
        code => Err(Ended::With(code)),
    }
}

fn findings(detect: &mut Command) -> Result<Findings, Ended> {
    let json = engine::output(detect.args(["--format", "json"]))?;
    serde_json::from_slice(&json)
        .map_err(|e| Ended::Because(format!("error: the engine's findings are not what this version reads: {e}\nhint: build both programs from one version")))
}

/// The shape of each operation, as the plan of the traffic has it.
fn shapes(synth: &mut Command) -> Result<BTreeMap<String, String>, Ended> {
    let json = engine::output(synth.arg("--print-plan"))?;
    let plan: Value =
        serde_json::from_slice(&json).map_err(|e| Ended::Because(format!("error: cannot read the plan: {e}")))?;
    let operations = plan.get("campaigns").and_then(Value::as_array).into_iter().flatten();
    let text = |operation: &Value, key: &str| operation.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(operations.filter_map(|operation| Some((text(operation, "name")?, text(operation, "shape")?))).collect())
}

fn truths(path: &Path) -> Result<Vec<Truth>, Ended> {
    let failed = |e: &dyn Display| Ended::Because(format!("error: cannot read `{}`: {e}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| failed(&e))?;
    text.lines().map(|line| serde_json::from_str(line).map_err(|e| failed(&e))).collect()
}
