//! Manual: the page of signals, made from the signals' own headers.
//! In: `crates/detect/src/signals/*.rs`. Out: `docs/signals.md`.
//! Invariant: the page is what the code says; `check` fails when it isn't.
//! Not here: any other page.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};

const PAGE: &str = "docs/signals.md";
const SIGNALS: &str = "crates/detect/src/signals";

pub(crate) fn write() -> Result<()> {
    fs::write(PAGE, page()?).with_context(|| format!("cannot write `{PAGE}`"))
}

pub(crate) fn check() -> Result<()> {
    if fs::read_to_string(PAGE).unwrap_or_default() != page()? {
        bail!("`{PAGE}` is not what the signals say; run `cargo xtask manual`");
    }
    Ok(())
}

fn page() -> Result<String> {
    let mut files: Vec<_> = fs::read_dir(SIGNALS)?.map(|f| f.map(|f| f.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    let mut page = String::from(
        "# Signals\n\nMade from the headers of `crates/detect/src/signals/*.rs` by `cargo xtask manual`; don't edit.\n\n\
         A signal measures a group of linked accounts. Its evidence, between -1 and 1, times its weight in log-odds is its\n\
         contribution; the contributions and a prior add up to the score's log-odds. Weights are in each file's `SIGNAL`.\n",
    );
    for file in files {
        let name = file.file_stem().map(|s| s.to_string_lossy().replace('_', "-")).unwrap_or_default();
        if name == "mod" {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let header: Vec<&str> = text.lines().map_while(|l| l.strip_prefix("//!")).map(str::trim).collect();
        let title = header.first().copied().unwrap_or_default();
        writeln!(page, "\n## `{name}`\n\n{title}\n")?;
        let mut heading = "";
        for line in header.iter().skip(1) {
            if let Some(h) = line.strip_prefix("## ") {
                heading = h;
            } else if !heading.is_empty() && !line.is_empty() {
                writeln!(page, "- **{heading}.** {line}")?;
            }
        }
        for line in text.lines().filter(|l| l.contains("family: Family::")) {
            let family =
                line.split("Family::").nth(1).and_then(|r| r.split(',').next()).unwrap_or_default().to_lowercase();
            let weight = line.split("weight: ").nth(1).and_then(|r| r.split(", measure").next()).unwrap_or_default();
            if !weight.is_empty() {
                writeln!(page, "- **Family** {family}; **weight for, against** {weight} in log-odds.")?;
            }
        }
    }
    Ok(page)
}
