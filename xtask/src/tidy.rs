//! Tidy: every Rust file says what it is.
//! In: the files that git tracks. Out: an error that names each file without a header.
//! Invariant: a file's first line is a `//!` header.
//! Not here: formatting (rustfmt), lints (clippy).

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

pub(crate) fn check() -> Result<()> {
    let output = Command::new("git").args(["ls-files", "*.rs"]).output().context("cannot run `git ls-files`")?;
    let mut without = Vec::new();
    for path in String::from_utf8_lossy(&output.stdout).lines() {
        // A tracked file that was removed but not yet committed is nothing to read.
        let Ok(text) = fs::read_to_string(path) else { continue };
        if !text.starts_with("//!") {
            without.push(path.to_owned());
        }
    }
    if without.is_empty() {
        eprintln!("== every file has its header");
        return Ok(());
    }
    bail!("files without a `//!` header (see ARCHITECTURE.md):\n  {}", without.join("\n  "))
}
