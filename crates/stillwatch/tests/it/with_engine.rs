//! Both programs together, as a user runs them.
//! In: `stillwatch` with `stillwatch-engine` beside it. Out: what is printed and written.
//! Invariant: data on stdout, talk on stderr.
//! Not here: figures of detection quality (`stillwatch evaluate`).

use std::path::Path;
use std::process::{Command, Output};

fn stillwatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stillwatch")).args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn traffic(folder: &Path) -> (String, String, String) {
    let out = folder.to_string_lossy().into_owned();
    let made = stillwatch(&["synth", "--preset", "demo", "--exchanges", "12000", "--out", &out]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    (at("traffic.jsonl"), at("accounts.jsonl"), at("truth.jsonl"))
}

#[test]
fn detect_finds_the_demo_campaigns_and_prints_its_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let (traffic, accounts, truth) = traffic(folder.path());
    let page = folder.path().join("report.html");
    let found = stillwatch(&[
        "detect",
        &traffic,
        "--accounts",
        &accounts,
        "--format",
        "json",
        "--html",
        &page.to_string_lossy(),
    ]);
    assert_eq!(found.status.code(), Some(0), "{}", text(&found.stderr));
    let findings: stillwatch_model::Findings = serde_json::from_slice(&found.stdout).expect("findings");
    assert!(!findings.campaigns.is_empty());
    assert!(findings.campaigns.iter().all(|c| c.examples.is_empty()), "examples only where asked for");
    for campaign in &findings.campaigns {
        let sum: f64 = campaign.signals.iter().map(|s| s.contribution).sum();
        assert!((campaign.score - 1.0 / (1.0 + (-sum).exp())).abs() < 1e-3, "a score is the sum of its signals");
    }
    assert!(std::fs::read_to_string(&page).expect("the page").contains("</html>"));

    let again = stillwatch(&["detect", &traffic, "--accounts", &accounts, "--format", "json", "--threads", "1"]);
    let again: stillwatch_model::Findings = serde_json::from_slice(&again.stdout).expect("findings");
    assert_eq!(findings.campaigns, again.campaigns, "threads and files don't change what is found");

    let sketches = folder.path().join("sketches.parquet").to_string_lossy().into_owned();
    let written = stillwatch(&["sketch", &traffic, "--window", "day", "--out", &sketches]);
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    let from = stillwatch(&["detect", &sketches, "--accounts", &accounts, "--format", "json"]);
    let from: stillwatch_model::Findings = serde_json::from_slice(&from.stdout).expect("findings");
    assert_eq!(findings.campaigns, from.campaigns, "sketches of days merge to the sketch of the week");

    let judged = stillwatch(&["evaluate", &traffic, "--accounts", &accounts, "--truth", &truth, "--format", "json"]);
    let judged: serde_json::Value = serde_json::from_slice(&judged.stdout).expect("an evaluation");
    assert!(judged["precision"].as_f64().is_some_and(|p| p >= 0.9), "{judged}");

    let exit = stillwatch(&["detect", &traffic, "--exit-code"]);
    assert_eq!(exit.status.code(), Some(1), "campaigns were found");
}

#[test]
fn explain_tells_observed_from_inferred() {
    let folder = tempfile::tempdir().expect("a folder");
    let (traffic, accounts, _) = traffic(folder.path());
    let found = stillwatch(&["detect", &traffic, "--accounts", &accounts, "--format", "json"]);
    let findings: stillwatch_model::Findings = serde_json::from_slice(&found.stdout).expect("findings");
    let told = stillwatch(&["detect", &traffic, "--accounts", &accounts, "--explain", &findings.campaigns[0].id]);
    let told = text(&told.stdout).to_lowercase();
    assert!(told.contains("observed") && told.contains("inferred"), "{told}");
    let unknown = stillwatch(&["detect", &traffic, "--explain", "campaign--nonsense"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn sources_list_and_completions_print() {
    let sources = stillwatch(&["sources"]);
    assert!(text(&sources.stdout).contains("native"));
    let shell = stillwatch(&["completions", "bash"]);
    assert!(text(&shell.stdout).contains("stillwatch"));
}

#[test]
fn the_demo_tells_its_story_to_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(["demo", "--out"])
        .arg(folder.path())
        .env("STILLWATCH_FORMAT", "json")
        .output()
        .expect("the program runs");
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    let story = text(&told.stdout);
    for part in [" exchanges of 988 accounts, ", "OBSERVED", "INFERRED", "honest accounts", "precision", "Done in "] {
        assert!(story.contains(part), "`{part}` is not in:\n{story}");
    }
    assert!(folder.path().join("report.html").is_file());
}
