//! What the command line says when the engine isn't there.
//! In: the built program. Out: its help and its errors.
//! Invariant: runs without the engine.
//! Not here: anything that reads logs.

use std::process::Command;

fn stillwatch(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(arguments)
        .env("STILLWATCH_ENGINE", "/nonexistent/engine")
        .output()
        .expect("the program runs");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn help_lists_every_verb_with_examples() {
    let (code, out, _) = stillwatch(&["--help"]);
    assert_eq!(code, Some(0));
    for verb in
        ["detect", "sketch", "sources", "synth", "evaluate", "train", "demo", "validate", "completions", "Examples:"]
    {
        assert!(out.contains(verb), "`{verb}` is missing from:\n{out}");
    }
}

#[test]
fn validate_tells_line_and_path_and_answers_no() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_string_lossy().into_owned()
    };
    let bundle = r#"{"type":"bundle","id":"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","objects":[
OBJECT]}"#;
    let tool = r#"{"type":"tool","spec_version":"2.1","id":"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"n"}"#;
    let good = file("good.json", &bundle.replace("OBJECT", tool));
    let bad = file("bad.json", &bundle.replace("OBJECT", &tool.replace("\"n\"", "7")));
    let odd = file("odd.json", &bundle.replace("OBJECT", &tool.replace("\"name\"", "\"x_odd\":1,\"name\"")));
    let (code, out, err) = stillwatch(&["validate", &good]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), format!("{good}: no faults\n").as_str(), ""));
    let (code, out, _) = stillwatch(&["validate", &good, &bad]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains(&format!("{bad}:2:169: error[type]: $.objects[0].name: should be a string, not a number")),
        "{out}"
    );
    let (code, out, _) = stillwatch(&["validate", "--format", "json", &odd]);
    assert!(code == Some(1) && out.contains(r#""code":"custom-property""#) && out.contains(r#""line":2"#), "{out}");
    assert_eq!(stillwatch(&["validate", "--errors-only", &odd]).0, Some(0));
    let (code, _, err) = stillwatch(&["validate", "/nonexistent.json", &good]);
    assert!(code == Some(2) && err.contains("cannot read `/nonexistent.json`"), "{err}");
}

#[test]
fn a_missing_engine_is_told_with_a_cure() {
    let (code, _, err) = stillwatch(&["detect", "x.jsonl"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("cannot run `/nonexistent/engine`"), "{err}");
    assert!(err.contains("hint:"), "{err}");
}

#[test]
fn help_of_no_verb_names_the_verbs() {
    let (code, _, err) = stillwatch(&["help", "detekt"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("unrecognized subcommand 'detekt'") && err.contains("'detect'"), "{err}");
}

/// A stand-in for the engine shows what is handed to it, and its exit code is the verb's.
#[cfg(unix)]
#[test]
fn arguments_and_exit_codes_are_the_engines() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let engine = folder.path().join("engine");
    std::fs::write(&engine, "#!/bin/sh\nprintf '%s|' \"$@\"\nexit 1\n").expect("a stand-in");
    std::fs::set_permissions(&engine, std::fs::Permissions::from_mode(0o755)).expect("a stand-in that runs");
    let output = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(["detect", "my logs/*.jsonl", "--exit-code", "--", "-odd"])
        .env("STILLWATCH_ENGINE", &engine)
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "detect|my logs/*.jsonl|--exit-code|--|-odd|");
}
