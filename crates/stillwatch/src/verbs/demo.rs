//! Demo: a synthetic week of a lab's traffic, detected, told and drawn.
//! In: a folder. Out: the story on stdout, `report.html` in the folder.
//! Invariant: everything shown is what `synth`, `detect` and `evaluate` print: nothing is prepared.
//! Not here: those verbs.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use clap::Args as ClapArgs;
use stillwatch_model::Findings;

use crate::engine::{program, run as engine_run};

/// Arguments of `demo`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch demo
  stillwatch demo --out /tmp/demo --seed 7")]
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
    let begun = Instant::now();
    let folder = args.out.as_path();
    let engine = |verb: &str| {
        let mut command = Command::new(program());
        command.arg(verb);
        command
    };
    let traffic = folder.join("traffic.jsonl");
    let accounts = folder.join("accounts.jsonl");

    println!("1. A lab's week of API traffic, made from a seed: honest users of every kind, and some who are not.\n");
    let seed = args.seed.to_string();
    let code = engine_run(engine("synth").args(["--preset", "demo", "--seed", &seed, "--out"]).arg(folder))?;
    if code != 0 {
        return Ok(code);
    }

    println!("\n2. What `stillwatch detect` finds in it, knowing nothing of how it was made:\n");
    let page = folder.join("report.html");
    let code = engine_run(engine("detect").arg(&traffic).arg("--accounts").arg(&accounts).arg("--html").arg(&page))?;
    if code != 0 {
        return Ok(code);
    }

    let output = engine("detect")
        .arg(&traffic)
        .arg("--accounts")
        .arg(&accounts)
        .args(["--format", "json"])
        .output()
        .map_err(|e| format!("error: cannot run the engine: {e}"))?;
    let findings: Findings =
        serde_json::from_slice(&output.stdout).map_err(|e| format!("error: cannot read the engine's findings: {e}"))?;
    if let Some(first) = findings.campaigns.first() {
        println!(
            "\n3. Why the first one: every figure behind its score, what is observed and what is inferred kept apart:\n"
        );
        let code =
            engine_run(engine("detect").arg(&traffic).arg("--accounts").arg(&accounts).args(["--explain", &first.id]))?;
        if code != 0 {
            return Ok(code);
        }
    }

    println!("\n4. Held against the truth that the traffic was made from:\n");
    let code = engine_run(
        engine("evaluate")
            .arg(&traffic)
            .arg("--accounts")
            .arg(&accounts)
            .arg("--truth")
            .arg(folder.join("truth.jsonl"))
            .arg("--until"),
    )?;
    println!("\nThe report with pictures: {}\nDone in {:.0} s.", page.display(), begun.elapsed().as_secs_f64());
    Ok(code)
}
