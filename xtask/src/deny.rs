//! Deny: licences, bans, sources of crates; advisories where their database can be fetched.
//! In: `deny.toml`, `Cargo.lock`. Out: an error when a rule is broken.
//! Invariant: what can't be checked is said, never passed over in silence.
//! Not here: the rules (`deny.toml`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::run::{Step, cargo, have, program, skipped};

/// Where the tool is installed to, if it isn't there: beside what is built, and gone with it.
const TOOLS: &str = "target/tools";
/// The database of advisories is small: what takes longer won't come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn check() -> Result<()> {
    let tool = tool()?;
    let deny = || program(&tool);
    deny()
        .args(["--log-level", "error", "check", "licenses", "bans", "sources"])
        .step("cargo deny: licences, bans, sources")?;
    if deny().args(["--log-level", "off", "fetch", "db"]).within(PATIENCE)? {
        return deny().args(["--log-level", "error", "check", "advisories"]).step("cargo deny: advisories");
    }
    skipped("cargo deny: advisories", "needs the RustSec database, which can't be fetched here");
    Ok(())
}

/// `cargo-deny`: from the path, or installed.
fn tool() -> Result<PathBuf> {
    if have("cargo-deny") {
        return Ok("cargo-deny".into());
    }
    let installed = Path::new(TOOLS).join("bin/cargo-deny");
    if !installed.is_file() {
        // Unoptimised: it runs for a second, and compiles in half the time.
        cargo(["install", "cargo-deny", "--locked", "--quiet", "--profile", "dev", "--root", TOOLS])
            .step("install cargo-deny")?;
    }
    Ok(installed)
}
