//! Arrows: which crate may lean on which, kept as data.
//! In: `cargo metadata`. Out: an error that names each arrow that must not be.
//! Invariant: nobody leans on `stillwatch-engine`; a new arrow is a line here, for a reviewer to see.
//! Not here: dependencies on other people's crates (`deny.toml`).

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run::cargo;

/// Every arrow that may be: a crate, and those of the workspace that it leans on.
const MAY: [(&str, &[&str]); 16] = [
    ("stillwatch-model", &[]),
    ("stillwatch-detect", &["stillwatch-model"]),
    ("stillwatch-synth", &["stillwatch-model"]),
    ("stillwatch-report", &["stillwatch-model"]),
    ("stillwatch-pattern", &[]),
    ("stillwatch-stix", &["stillwatch-model", "stillwatch-pattern"]),
    ("stillwatch-track", &["stillwatch-model"]),
    // Of nobody: an auditor builds it alone.
    ("stillwatch-ledger", &[]),
    // `detect` for the hashes of texts alone: what leaves is compared with sketches of the lab's own prompts. It is pure and has
    // no heavy dependency; and hashing a text twice, in two crates, would let the two drift apart. `matching` and `synth` in
    // tests only: how often templates are found, and what isn't one.
    (
        "stillwatch-share",
        &["stillwatch-detect", "stillwatch-matching", "stillwatch-model", "stillwatch-stix", "stillwatch-synth"],
    ),
    ("stillwatch-gate", &["stillwatch-model"]),
    // The gate's answers alone, as messages: whoever edits the node never compiles gRPC again, and who audits it reads no node.
    ("stillwatch-envoy", &["stillwatch-gate"]),
    // Of nobody: cryptographic code that an auditor reads alone.
    ("stillwatch-matching", &[]),
    (
        "stillwatch-node",
        &[
            // A router that the node serves as it does its others: its limits, its TLS, its end.
            "stillwatch-envoy",
            "stillwatch-gate",
            "stillwatch-ledger",
            "stillwatch-matching",
            "stillwatch-model",
            "stillwatch-share",
            "stillwatch-stix",
            "stillwatch-track",
        ],
    ),
    (
        "stillwatch-engine",
        &[
            "stillwatch-detect",
            "stillwatch-model",
            "stillwatch-pattern",
            "stillwatch-report",
            "stillwatch-stix",
            "stillwatch-synth",
        ],
    ),
    (
        "stillwatch",
        &[
            "stillwatch-gate",
            "stillwatch-ledger",
            "stillwatch-matching",
            "stillwatch-model",
            "stillwatch-node",
            "stillwatch-pattern",
            "stillwatch-report",
            "stillwatch-share",
            "stillwatch-stix",
            "stillwatch-track",
        ],
    ),
    ("xtask", &[]),
];

/// Crates that only the engine may name.
const ENGINE_ONLY: [&str; 4] = ["datafusion", "arrow", "parquet", "ballista"];

pub(crate) fn check() -> Result<()> {
    let output =
        cargo(["metadata", "--no-deps", "--format-version", "1"]).output().context("cannot run `cargo metadata`")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cannot read what `cargo metadata` prints")?;
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().context("`cargo metadata` names no packages")? {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, may)) = MAY.iter().find(|(n, _)| *n == name) else {
            wrong.push(format!("`{name}` has no line in xtask/src/arrows.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let ours = MAY.iter().any(|(n, _)| *n == on);
            if ours && !may.contains(&on) {
                wrong.push(format!("`{name}` leans on `{on}`, which no arrow allows"));
            }
            if name != "stillwatch-engine" && ENGINE_ONLY.iter().any(|e| on == *e || on.starts_with(&format!("{e}-"))) {
                wrong.push(format!("`{name}` names `{on}`, which only the engine may"));
            }
        }
    }
    if wrong.is_empty() {
        eprintln!("== crate arrows hold");
        return Ok(());
    }
    bail!("crate arrows are broken:\n  {}", wrong.join("\n  "))
}
