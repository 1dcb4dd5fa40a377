//! xtask: the two commands of the README, `cargo xtask demo` and `cargo xtask test`.
//! In: a verb. Out: exit code 0 when everything held.
//! Invariant: always the same two ways to build (default members; `-p stillwatch-engine`), so that Cargo never rebuilds for a whim.
//! Not here: anything that a user runs.

mod apt;
mod arrows;
mod deny;
mod go;
mod manual;
mod points;
mod postgres;
mod python;
mod run;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

use run::{Step, cargo, have, program};

const HELP: &str = "cargo xtask <verb>

  demo [ARGS]   build both programs in release and run `stillwatch demo`
  test          everything: crate arrows, headers, fmt, clippy, deny and all tests (the first time compiles DataFusion: minutes)
  check         the quick part of it: arrows, headers, the signals' page, fmt
  manual        write docs/signals.md from the signals' headers
  python        install the Python programs that tests hold ours against, into target/tools/python";

/// The engine: named wherever it is built, so that Cargo never rebuilds DataFusion for a whim.
const ENGINE: [&str; 2] = ["-p", "stillwatch-engine"];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match arguments.next().as_deref() {
        Some("demo") => demo(arguments.collect()),
        Some("test") => test(),
        Some("check") => check(),
        Some("manual") => manual::write(),
        Some("python") => python::install(),
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
    cargo(["build", "--release"]).args(ENGINE).step("build the engine (DataFusion: minutes, once)")?;
    program("target/release/stillwatch").arg("demo").args(arguments).step("run the demo")
}

fn check() -> Result<()> {
    component("fmt", "rustfmt")?;
    arrows::check()?;
    tidy::check()?;
    manual::check()?;
    cargo(["fmt", "--all", "--check"]).step("formatting")
}

/// From what fails fast to what takes long.
fn test() -> Result<()> {
    check()?;
    component("clippy", "clippy")?;
    postgres::install()?;
    go::install()?;
    points::install()?;
    let lints = ["--all-targets", "--", "-D", "warnings"];
    let test: &[&str] = if have("cargo-nextest") { &["nextest", "run"] } else { &["test", "--quiet"] };
    cargo(["clippy", "--quiet"]).args(lints).step("clippy")?;
    python::install()?;
    cargo([]).args(test).step("tests")?;
    deny::check()?;
    cargo(["clippy", "--quiet"]).args(ENGINE).args(lints).step("clippy, engine")?;
    // This builds the engine's program too; the command line's tests run it, so they come after.
    cargo([]).args(test).args(ENGINE).step("tests, engine")?;
    // Of the default members, like the tests before: another selection would compile their dependencies anew.
    let both = ["--features", "stillwatch/with-engine", "--test", "it", "with_engine::"];
    cargo([]).args(test).args(both).step("tests, both programs together")
}

/// Installs a component of Rust's where it is missing.
fn component(verb: &str, name: &str) -> Result<()> {
    if cargo([verb, "--version"]).quiet()? {
        return Ok(());
    }
    program("rustup").args(["component", "add", name]).step(&format!("install {name}"))
}
