//! Postgres: PostgreSQL for the tests of the store, which start a server of their own.
//! In: nothing. Out: `initdb` is there, or it is said that it isn't.
//! Invariant: installed only by root, and only where it is missing; what can't be tested is said, never passed over in silence.
//! Not here: starting a server (`track/tests/it/places.rs`).

use std::path::Path;

use anyhow::Result;

use crate::apt;
use crate::run::{have, skipped};

/// Where Debian keeps each version's programs.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Installs PostgreSQL where it is missing and we may.
pub(crate) fn install() -> Result<()> {
    // A mirror may be away: then the tests say that they are skipped.
    if !is_there() && !apt::install(&["postgresql"])? {
        skipped("the store on PostgreSQL", "needs PostgreSQL; install the package `postgresql`");
    }
    Ok(())
}

fn is_there() -> bool {
    let versions = Path::new(VERSIONS).read_dir().into_iter().flatten().flatten();
    have("initdb") || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}
