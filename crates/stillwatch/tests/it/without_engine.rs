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
