//! Policy, as a user runs the verbs.
//! In: the shipped profiles, a small bundle, the built program. Out: exit codes, stdout, stderr.
//! Invariant: nothing is written but in a folder of the test's own.
//! Not here: the decisions (`share/tests`).

use std::path::Path;
use std::process::{Command, Output};

const PROFILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles");

fn policy(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stillwatch"));
    command.arg("policy").args(arguments).output().expect("the program runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn bundle(folder: &Path) -> String {
    let green = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
    let object = |kind: &str, more: &str| {
        format!(
            r#"{{"type":"{kind}","id":"{kind}--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","spec_version":"2.1","created":"2026-05-01T00:00:00.000Z","modified":"2026-05-01T00:00:00.000Z","object_marking_refs":["{green}"],{more}}}"#
        )
    };
    let indicator = object(
        "indicator",
        r#""pattern":"[ipv4-addr:value = '198.51.100.7']","pattern_type":"stix","valid_from":"2026-05-01T00:00:00.000Z","x_ticket":"INC-7""#,
    );
    let note =
        object("note", r#""content":"Came back.","object_refs":["indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"]"#);
    let text = format!(
        r#"{{"type":"bundle","id":"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","objects":[{indicator},{note}]}}"#
    );
    let file = folder.join("bundle.json");
    std::fs::write(&file, text).expect("the folder can be written");
    file.to_string_lossy().into_owned()
}

#[test]
fn an_object_is_explained_and_what_is_held_is_a_no() {
    let folder = tempfile::tempdir().expect("a folder");
    let over = bundle(folder.path());
    let profile = format!("{PROFILES}/conservative");
    let explain = |object, to| policy(&["explain", object, "--to", to, "--profile", &profile, "--over", &over]);
    let leaves = explain("indicator--8e2e", "lab-one.example");
    assert_eq!(leaves.status.code(), Some(0), "{}", out(&leaves));
    let told = out(&leaves);
    assert!(told.contains("x_ticket") && told.contains("the table of fields has no row for it"), "{told}");
    let bytes = told.lines().last().expect("the bytes come last");
    assert!(bytes.starts_with('{') && !bytes.contains("INC-7"), "{bytes}");
    let held = explain("note--8e2e", "lab-one.example");
    assert_eq!(held.status.code(), Some(1));
    assert!(out(&held).contains("nothing would leave"));
    assert_eq!(explain("indicator--8e2e", "stranger.example").status.code(), Some(1));
    assert_eq!(explain("tool--8e2e", "lab-one.example").status.code(), Some(2));
}

#[test]
fn profiles_differ_from_others_and_not_from_themselves() {
    let folder = tempfile::tempdir().expect("a folder");
    let over = bundle(folder.path());
    let [conservative, internal] = ["conservative", "internal"].map(|name| format!("{PROFILES}/{name}"));
    let same = policy(&["diff", &conservative, &conservative, "--over", &over]);
    assert_eq!((same.status.code(), out(&same).as_str()), (Some(0), "0 of 2 objects would leave differently\n"));
    let other = policy(&["diff", &conservative, &internal, "--over", &over]);
    assert_eq!(other.status.code(), Some(1));
    assert!(out(&other).contains("would leave no more: the recipient belongs to no audience"), "{}", out(&other));
}

#[test]
fn a_profile_is_signed_verified_and_refused_when_altered() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("profile");
    std::fs::create_dir(&profile).expect("a folder");
    for entry in std::fs::read_dir(format!("{PROFILES}/conservative")).expect("the profile") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), profile.join(entry.file_name())).expect("a copy");
    }
    let kind = "PRIVATE KEY";
    let key = folder.path().join("key.pem");
    let body = "MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
    std::fs::write(&key, format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")).expect("a key");
    // The public key of 32 bytes 7.
    let public = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
    let path = profile.to_string_lossy().into_owned();
    let verify = |more: &[&str]| policy(&[&["verify", &path, "--key", public], more].concat()).status.code();
    assert_eq!(verify(&[]), Some(1));
    let signed = policy(&["sign", &path, "--signing-key", &key.to_string_lossy()]);
    assert_eq!(signed.status.code(), Some(0), "{}", String::from_utf8_lossy(&signed.stderr));
    // Whether it loads depends on the day, too: the shipped profile holds for a year.
    let now = jiff::Timestamp::now().to_string();
    if ("2026-11-01".."2027-11-01").contains(&now.as_str()) {
        assert_eq!((verify(&[]), verify(&["--last-seen", "2"])), (Some(0), Some(1)));
    }
    let rules = profile.join("minimise.toml");
    let altered = std::fs::read_to_string(&rules).expect("rules") + "\n";
    std::fs::write(&rules, altered).expect("written");
    assert_eq!(verify(&[]), Some(1));
}

/// Runs a verb of the program, with the store of that folder.
fn stillwatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stillwatch")).args(arguments).output().expect("the program runs")
}

#[test]
fn a_store_is_decided_over_as_a_bundle_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, store) = (bundle(folder.path()), folder.path().join("store"));
    let store = store.to_string_lossy().into_owned();
    let taken = stillwatch(&["import", "--data", &store, "--source", "own", &file]);
    assert_eq!(taken.status.code(), Some(0), "{}", String::from_utf8_lossy(&taken.stderr));
    let [conservative, internal] = ["conservative", "internal"].map(|name| format!("{PROFILES}/{name}"));
    let diff = |over: &[&str]| policy(&[&["diff", &conservative, &internal], over].concat());
    let (of_bundle, of_store) = (diff(&["--over", &file]), diff(&["--over", &store]));
    assert_eq!(of_store.status.code(), Some(1), "{}", String::from_utf8_lossy(&of_store.stderr));
    // The store has its objects in an order of its own.
    let lines = |output: &Output| {
        let mut lines: Vec<String> = out(output).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&of_bundle), lines(&of_store));
    assert_eq!(lines(&diff(&["--data", &store])), lines(&of_store));
    let none = diff(&["--over", &folder.path().join("nothing").to_string_lossy()]);
    assert_eq!(none.status.code(), Some(2));
    // A folder that is no store is said to be none, and not read as a bundle.
    let empty = diff(&["--over", &folder.path().to_string_lossy()]);
    assert_eq!(empty.status.code(), Some(2));
    let nowhere = diff(&["--over", "postgres://nobody@127.0.0.1:1/none"]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", out(&nowhere));
}

#[test]
fn a_field_is_explained_with_its_grounds() {
    let folder = tempfile::tempdir().expect("a folder");
    let (over, profile) = (bundle(folder.path()), format!("{PROFILES}/conservative"));
    let why = |field| {
        let told = policy(&[
            "explain",
            "indicator--8e2e",
            "--to",
            "lab-one.example",
            "--profile",
            &profile,
            "--over",
            &over,
            "--field",
            field,
        ]);
        (told.status.code(), out(&told))
    };
    let (code, told) = why("pattern");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("can see it as it is") && told.contains("policy `technical-fields` permits it"), "{told}");
    assert!(told.contains("rule `what-to-look-for`: as-is"), "{told}");
    let (code, told) = why("x_ticket");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("the table of fields has no row for it"), "{told}");
}
