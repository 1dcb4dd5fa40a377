//! Go: the Go project's own packages for transparency logs, with which a test audits an exported ledger.
//! In: nothing. Out: `go` and `golang.org/x/mod` are there, or it is said that they aren't.
//! Invariant: installed only by root, and only where missing; the test says so where it is skipped.
//! Not here: the test (`ledger/tests/it/independent.rs`).

use std::path::Path;

use anyhow::Result;

use crate::apt;
use crate::run::{program, skipped};

/// Where Debian keeps the packages' sources.
const SUMDB: &str = "/usr/share/gocode/src/golang.org/x/mod/sumdb";

/// Installs Go and the packages where they are missing and we may.
pub(crate) fn install() -> Result<()> {
    let go = program("go").arg("version").output().is_ok_and(|output| output.status.success());
    if go && Path::new(SUMDB).is_dir() {
        return Ok(());
    }
    if !apt::install(&["golang-go", "golang-golang-x-mod-dev"])? {
        let needs = "needs the packages `golang-go` and `golang-golang-x-mod-dev`";
        skipped("an exported ledger, audited with Go", needs);
    }
    Ok(())
}
