//! xtask: the two commands of the README, `cargo xtask demo` and `cargo xtask test`.
//! In: a verb. Out: exit code 0 when everything held.
//! Invariant: always the same two ways to build (default members; `-p stillwatch-engine`), so that Cargo never rebuilds for a whim.
//! Not here: anything that a user runs.

mod arrows;
mod manual;
mod run;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

use run::{Step, cargo, have, skipped};

const HELP: &str = "cargo xtask <verb>

  demo [ARGS]   build both programs in release and run `stillwatch demo`
  test          crate arrows, file headers, fmt, clippy and tests of all but the engine
  test --all    the same with cargo deny and the engine (compiles DataFusion: many minutes)
  check         the quick part of it: arrows, headers, the signals' page, fmt
  manual        write docs/signals.md from the signals' headers";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match arguments.next().as_deref() {
        Some("demo") => demo(arguments.collect()),
        Some("test") => test(arguments.any(|a| a == "--all")),
        Some("check") => check(),
        Some("manual") => manual::write(),
        _ => {
            println!("{HELP}");
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo(arguments: Vec<String>) -> Result<()> {
    cargo(["build", "--release"]).step("build the command line")?;
    cargo(["build", "--release", "-p", "stillwatch-engine"]).step("build the engine (DataFusion: minutes, once)")?;
    run::program("target/release/stillwatch").arg("demo").args(arguments).step("run the demo")
}

fn check() -> Result<()> {
    arrows::check()?;
    tidy::check()?;
    manual::check()?;
    cargo(["fmt", "--all", "--check"]).step("formatting")
}

fn test(all: bool) -> Result<()> {
    check()?;
    let test = if have("cargo-nextest") { ["nextest", "run"] } else { ["test", "--quiet"] };
    cargo(["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]).step("clippy")?;
    cargo(test).step("tests")?;
    if !all {
        skipped("cargo deny, the engine's lints and tests", "needs `cargo xtask test --all` (compiles DataFusion)");
        return Ok(());
    }
    deny()?;
    cargo(["clippy", "--quiet", "-p", "stillwatch-engine", "--all-targets", "--", "-D", "warnings"])
        .step("clippy, engine")?;
    // The command line's tests run the engine beside it: it must be built in the same profile.
    cargo(["build", "--quiet", "-p", "stillwatch-engine"]).step("build the engine")?;
    cargo(test).args(["-p", "stillwatch-engine"]).step("tests, engine")?;
    cargo(test).args(["-p", "stillwatch", "--features", "with-engine"]).step("tests, both programs together")
}

/// Licences, duplicate engines, sources of crates; advisories where their database can be fetched.
fn deny() -> Result<()> {
    if !have("cargo-deny") {
        cargo(["install", "cargo-deny", "--locked", "--quiet"]).step("install cargo-deny")?;
    }
    cargo(["deny", "--log-level", "error", "check", "licenses", "bans", "sources"])
        .step("cargo deny: licences, bans, sources")?;
    if cargo(["deny", "--log-level", "off", "fetch"]).quiet()? {
        cargo(["deny", "--log-level", "error", "check", "advisories"]).step("cargo deny: advisories")?;
    } else {
        skipped("cargo deny: advisories", "needs the RustSec database, which can't be fetched here");
    }
    if !have("cargo-deny") {
        bail!("`cargo-deny` was installed but is not on the path; add Cargo's `bin` folder to PATH");
    }
    Ok(())
}
