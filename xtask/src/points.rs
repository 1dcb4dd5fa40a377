//! Points: enforcement points by others that tests hold the gate against: nginx, HAProxy, CrowdSec's firewall bouncer.
//! In: packages of Debian. Out: they are there, or it is said that they aren't.
//! Invariant: the bouncer is unpacked into `target/tools/bouncer`, not installed: nothing of it runs but in the test.
//! Not here: the tests (`gate/tests/it/exports.rs`, `node/tests/it/gate`); Envoy, which is a wheel (`python.rs`).

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::apt;
use crate::run::{Step, have, program, skipped};

const BOUNCER: &str = "crowdsec-firewall-bouncer";
const FOLDER: &str = "target/tools/bouncer";

pub(crate) fn install() -> Result<()> {
    for (name, package) in [("nginx", "nginx-light"), ("haproxy", "haproxy")] {
        if !there(name) && !apt::install(&[package])? {
            skipped(name, &format!("needs the package `{package}`"));
        }
    }
    // With `-V` the bouncer says its version and ends; `-v` would run it.
    let on_path = program(BOUNCER).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !on_path && !Path::new(FOLDER).join("usr/bin").join(BOUNCER).exists() && !unpack()? {
        skipped(BOUNCER, &format!("needs the package `{BOUNCER}`, which can't be fetched here"));
    }
    Ok(())
}

/// None of them knows `--version`.
fn there(name: &str) -> bool {
    program(name).arg("-v").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn unpack() -> Result<bool> {
    if !have("apt-get") || !have("dpkg") {
        return Ok(false);
    }
    fs::create_dir_all(FOLDER).with_context(|| format!("cannot make `{FOLDER}`"))?;
    let download = || program("apt-get").args(["download", "--quiet", BOUNCER]).current_dir(FOLDER).quiet();
    // A bare machine has no lists of packages yet.
    let is_here = download()? || (apt::update()? && download()?);
    if !is_here {
        return Ok(false);
    }
    let files = fs::read_dir(FOLDER).with_context(|| format!("cannot read `{FOLDER}`"))?;
    let package = files.flatten().map(|file| file.path()).find(|path| path.extension().is_some_and(|e| e == "deb"));
    let Some(package) = package else { return Ok(false) };
    program("dpkg").arg("-x").arg(package).arg(FOLDER).quiet()
}
