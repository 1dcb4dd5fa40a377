//! Manifest: what a bundle is, how it was made, what it lacks, and every file in it.
//! In: facts. Out: serde types, written as canonical JSON (RFC 8785).
//! Invariant: no clock, no path, no name of who made it: the same store and ledger give the same bytes.
//! Not here: what is in the files (`contents.rs`), the same in plain words (`readme.rs`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stillwatch_model::{Family, Window, canonical};

use super::hash;

/// What `format` says.
pub(super) const FORMAT: &str = "stillwatch-evidence";
/// Raised when a field changes meaning.
pub(super) const VERSION: u32 = 1;
/// The manifest's path.
pub(super) const PATH: &str = "manifest.json";
/// The path of the hashes that `sha256sum -c` reads.
pub(super) const SUMS: &str = "SHA256SUMS";

/// What a bundle is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// `stillwatch-evidence`.
    pub(super) format: String,
    /// Version of the format.
    pub(super) version: u32,
    /// The program that made it.
    pub(super) program: Program,
    /// The campaign.
    pub(super) campaign: String,
    /// From the first instant of the first run to the last of the last.
    pub(super) window: Window,
    /// What is in it and what isn't, as it was asked for.
    pub(super) includes: Includes,
    /// How the campaign was found.
    pub(super) method: Method,
    /// Days that the store keeps each kind; null is for ever.
    pub(super) retention: BTreeMap<String, Option<u32>>,
    /// What is to be known before relying on this campaign.
    pub(super) known_limits: Vec<String>,
    /// What no store keeps, and so no bundle has.
    pub(super) not_kept: Vec<String>,
    /// The ledger, where one was given.
    pub(super) ledger: Option<Ledger>,
    /// Every file but this one and `SHA256SUMS`, by path.
    pub(super) files: Vec<File>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) version: String,
}

/// What is in it, as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Includes {
    /// How accounts are named.
    pub(super) accounts: Accounts,
    /// Where accounts have numbers: texts that name some all the same.
    pub(super) named_in_texts: Vec<Named>,
    /// Examples, which are text of customers; null where they were not asked for.
    pub(super) examples: Option<u64>,
    /// In whose name the STIX objects speak; null where none were made.
    pub(super) stix: Option<String>,
}

/// How accounts are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Accounts {
    /// By their names in the log.
    Names,
    /// `member-1`, `member-2`, …: in the order of their names.
    Numbers,
}

/// A file with texts that name accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    pub(super) file: String,
    pub(super) texts: u64,
}

/// How the campaign was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Method {
    /// Findings of runs that are this campaign.
    pub(super) findings: u64,
    /// Families of signals that fired in any.
    pub(super) families: Vec<Family>,
    /// Signals that were measured in any.
    pub(super) signals: Vec<String>,
    /// Findings whose score is not the one that their signals make, to within a hundredth.
    pub(super) scores_that_differ: u64,
    /// Whether scores were shifted by what people concluded before: the signal `verdicts`.
    pub(super) calibrated: bool,
    /// What the score means.
    pub(super) score: String,
    /// What is needed before anybody should act.
    pub(super) actionable: String,
}

/// A ledger and what of it is here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    /// The ledger's name.
    pub(super) origin: String,
    /// How many entries the checkpoint covers.
    pub(super) size: u64,
    /// The root of the tree over them, base64.
    pub(super) root: String,
    /// Entries that are here, each with its proof.
    pub(super) entries: Vec<Proven>,
}

/// An entry that is here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proven {
    /// Its index.
    pub(super) index: u64,
    /// What it is about; null for a kind that the program doesn't know.
    pub(super) about: Option<String>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// The list of files.
pub(super) fn files(files: &BTreeMap<String, impl AsRef<[u8]>>) -> Vec<File> {
    let listed = files.iter().filter(|(path, _)| path.as_str() != PATH && path.as_str() != SUMS);
    listed
        .map(|(path, bytes)| {
            let bytes = bytes.as_ref();
            File { path: path.clone(), bytes: bytes.len() as u64, sha256: hash(bytes) }
        })
        .collect()
}

/// The hashes of all files but itself, as `sha256sum` writes them.
pub(super) fn sums(files: &BTreeMap<String, impl AsRef<[u8]>>) -> String {
    let others = files.iter().filter(|(path, _)| path.as_str() != SUMS);
    others.map(|(path, bytes)| format!("{}  {path}\n", hash(bytes.as_ref()))).collect()
}

/// Adds manifest and hashes: the bundle is whole then.
pub(super) fn seal(manifest: &Manifest, all: &mut BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    all.insert(PATH.into(), json(manifest)?);
    all.insert(SUMS.into(), sums(all).into_bytes());
    Ok(())
}

/// A value as every file of a bundle has it.
pub(super) fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    canonical::encode(value).map_err(|e| format!("error: cannot write JSON: {e}\nhint: report this as a bug"))
}
