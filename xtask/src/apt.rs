//! Apt: packages of the system, for tests that need others' programs.
//! In: names of packages. Out: whether they are there now.
//! Invariant: only root installs, only where there is `apt-get`; lists are fetched anew only when those at hand don't do.
//! Not here: which packages, and what is said without them (`go.rs`, `postgres.rs`, `python.rs`).

use std::process::Command;

use anyhow::Result;

use crate::run::{Step, have, program};

/// Installs packages, where we may.
pub(crate) fn install(packages: &[&str]) -> Result<bool> {
    let root = program("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !root || !have("apt-get") {
        return Ok(false);
    }
    let install = || apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages).quiet();
    Ok(install()? || (update()? && install()?))
}

/// Fetches the lists of packages; `false` where that can't be done.
pub(crate) fn update() -> Result<bool> {
    apt().args(["update", "--quiet"]).quiet()
}

fn apt() -> Command {
    let mut apt = program("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt
}
