//! Agreement with others' programs: the OASIS validator, the `stix2` library, misp-stix.
//! In: our bundles, objects with faults. Out: their verdicts.
//! Invariant: skipped, and told so, where the programs aren't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: installing them (`cargo xtask test` does, from `xtask/requirements.txt`).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use stillwatch_model::tracked::{Status, Tracked};
use stillwatch_stix::Severity;
use stillwatch_stix::campaign::{self, Options};
use stillwatch_stix::validate::{Rules, validate};
use stillwatch_stix::{bundle, effect, notice, opinion, sighting};

use crate::{faults, fixture};

/// Python with the programs, or `None` with a word about it.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = std::env::var_os("STILLWATCH_PYTHON")
        .map_or_else(|| root.join("target/tools/python/bin/python"), PathBuf::from);
    let there = Command::new(&python).args(["-c", "import stix2validator, stix2, misp_stix_converter"]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(
        std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_none_or(|v| v != "1"),
        "needs stix2-validator, stix2 and misp-stix"
    );
    eprintln!("skipped: needs stix2-validator, stix2 and misp-stix (`cargo xtask python` installs them)");
    None
}

/// What a mode of `tests/peers/check.py` says of each text.
fn check(python: &Path, mode: &str, texts: &[String]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<PathBuf> = (0..texts.len()).map(|n| folder.path().join(format!("{n}.json"))).collect();
    for (file, text) in files.iter().zip(texts) {
        std::fs::write(file, text).expect("a file");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/check.py");
    let output = Command::new(python).arg(script).arg(mode).args(&files).output().expect("python runs");
    assert!(output.status.success(), "{mode}: {}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    files.iter().map(|file| said[file.to_string_lossy().as_ref()].clone()).collect()
}

/// Bundles of ours: every status, everything told, answers to others.
fn ours() -> Vec<String> {
    let mut texts: Vec<String> = Status::ALL
        .into_iter()
        .map(|status| {
            let options = Options { claims: true, notes: true, ..fixture::options() };
            campaign::bundle(&Tracked { status, ..fixture::campaign() }, &options)
        })
        .collect();
    let by = fixture::options().producer;
    let about = fixture::campaign().id;
    let at = "2026-06-01T00:00:00Z";
    let seen = sighting::Seen { of: &about, first: Some(at), last: None, count: 4_321, confidence: Some(80) };
    let answers = [
        sighting::sighting(&by, &seen, at, Default::default()),
        opinion::opinion(&by, &about, opinion::Opinion::Disagree, Some("seen in a classroom"), at, Default::default()),
    ];
    texts.push(bundle::write(answers.iter().map(String::as_str)));
    texts
}

#[test]
fn the_oasis_validator_passes_ours_in_strict_mode() {
    let Some(python) = python() else { return };
    for said in check(&python, "validate", &ours()) {
        assert_eq!(said["errors"], serde_json::json!([]));
        assert_eq!(said["strict"], serde_json::json!([]));
        // All checks at once leave one kind of warning: deterministic ids are of version 5, not 4.
        let other: Vec<_> = said["warnings"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|w| !w.as_str().is_some_and(|w| w.contains("{103}")))
            .collect();
        assert!(other.is_empty(), "{other:#?}");
    }
}

#[test]
fn stix2_reads_ours_without_custom_content() {
    let Some(python) = python() else { return };
    for said in check(&python, "parse", &ours()) {
        assert_eq!(said["lost"], serde_json::json!([]));
        assert!(said["objects"].as_u64() > Some(1));
    }
    for said in check(&python, "ids", &ours()[..1]) {
        assert_eq!(said["other"], serde_json::json!([]));
        assert!(said["checked"].as_u64() > Some(5));
    }
}

/// Types that a definition adds: the validator passes them, and `stix2` reads them once it is told of the type.
#[test]
fn others_read_notices_once_they_know_the_types() {
    let Some(python) = python() else { return };
    let mut all = fixture::notices();
    all.extend(["action-notice", "notice-acknowledgement"].into_iter().flat_map(notice::defined));
    all.extend(effect::defined());
    all.sort();
    all.dedup();
    let bundle = [bundle::write(all.iter().map(String::as_str))];
    let said = check(&python, "validate", &bundle).remove(0);
    assert_eq!((&said["errors"], &said["strict"]), (&serde_json::json!([]), &serde_json::json!([])));
    let said = check(&python, "notices", &bundle).remove(0);
    assert_eq!(said["lost"], serde_json::json!([]));
    assert_eq!(said["objects"].as_u64(), Some(7));
}

#[test]
fn misp_stix_converts_ours() {
    let Some(python) = python() else { return };
    let said = check(&python, "misp", &ours()[2..3]).remove(0);
    let attributes = said["attributes"].to_string();
    for value in ["198.51.100.1", "2001:db8::1", "AS64500", fixture::JA4] {
        assert!(attributes.contains(value), "{value} is not in {attributes}");
    }
    insta::assert_snapshot!(format!("errors: {:#}\nwarnings: {:#}", said["errors"], said["warnings"]));
}

/// Our verdict on each object is the OASIS validator's: errors where it has errors, else warnings where it has warnings.
#[test]
fn verdicts_agree_with_the_oasis_validator() {
    let Some(python) = python() else { return };
    let mut objects = faults::valid();
    objects.extend(faults::wrong().into_iter().map(|(object, ..)| object));
    let texts: Vec<String> = objects
        .iter()
        .map(|object| {
            format!(
                "{{\"type\":\"bundle\",\"id\":\"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"objects\":[{object}]}}"
            )
        })
        .collect();
    let some = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    let mut differ = Vec::new();
    for (said, text) in check(&python, "validate", &texts).iter().zip(&texts) {
        let theirs = if some(&said["errors"]) { 2 } else { i32::from(some(&said["warnings"])) };
        let faults = validate(text.as_bytes(), &Rules::default());
        let ours = faults.iter().map(|fault| if fault.severity == Severity::Error { 2 } else { 1 }).max().unwrap_or(0);
        if ours != theirs {
            let object = text.split("\"objects\":[").nth(1).unwrap_or_default();
            let words = ["valid", "warnings", "errors"];
            let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
            differ.push(format!(
                "ours {} {codes:?}, theirs {}\n  {object}\n",
                words[ours as usize], words[theirs as usize]
            ));
        }
    }
    insta::assert_snapshot!(differ.concat());
}
