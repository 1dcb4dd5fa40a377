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
    for verb in ["detect", "sketch", "sources", "synth", "evaluate", "train", "demo", "completions", "Examples:"] {
        assert!(out.contains(verb), "`{verb}` is missing from:\n{out}");
    }
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
    assert!(err.contains("invalid value 'detekt'") && err.contains("'detect'"), "{err}");
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
