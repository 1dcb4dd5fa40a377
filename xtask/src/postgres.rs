//! Postgres: PostgreSQL for the tests of the store, which start a server of their own.
//! In: nothing. Out: `initdb` is there, or it is said that it isn't.
//! Invariant: installed only by root, and only where it is missing; what can't be tested is said, never passed over in silence.
//! Not here: starting a server (`track/tests/it/places.rs`).

use std::path::Path;

use anyhow::Result;

use crate::run::{Step, have, program, skipped};

/// Where Debian keeps each version's programs.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Installs PostgreSQL where it is missing and we may.
pub(crate) fn install() -> Result<()> {
    if is_there() {
        return Ok(());
    }
    let is_root = std::env::var("USER").is_ok_and(|user| user == "root") || Path::new("/root").read_dir().is_ok();
    if !is_root || !have("apt-get") {
        skipped("the store on PostgreSQL", "needs PostgreSQL; install the package `postgresql`");
        return Ok(());
    }
    let apt = || {
        let mut apt = program("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    // The lists may be old, and a mirror may be away: then the tests say that they are skipped.
    let fetched = apt().args(["update", "--quiet"]).quiet()?;
    if !fetched
        || apt()
            .args(["install", "--yes", "--quiet", "--no-install-recommends", "postgresql"])
            .step("install PostgreSQL")
            .is_err()
    {
        skipped("the store on PostgreSQL", "needs PostgreSQL, which could not be installed");
    }
    Ok(())
}

fn is_there() -> bool {
    let versions = Path::new(VERSIONS).read_dir().into_iter().flatten().flatten();
    have("initdb") || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}
