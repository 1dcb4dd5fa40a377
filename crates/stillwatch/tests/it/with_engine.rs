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
    let shell = stillwatch(&["completions", "fish"]);
    let script = text(&shell.stdout);
    for part in ["demo", "seed", "campaigns", "explain", "warning-list", "received"] {
        assert!(script.contains(part), "`{part}` is not in:\n{script}");
    }
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
    for part in [
        " exchanges of 988 accounts, ",
        "OBSERVED",
        "INFERRED",
        "honest accounts",
        "precision",
        "What each lab knew before, and after",
        "every byte is what was signed",
        "50 in common: exactly those that both have",
        "reads 50 of them: exactly those that all three have",
        "or hashed (SHA-256), it holds 0.",
        "Done in ",
    ] {
        assert!(story.contains(part), "`{part}` is not in:\n{story}");
    }
    assert!(!story.contains("NOT those"), "{story}");
    assert!(folder.path().join("report.html").is_file());
}

/// Runs in a folder, without settings of the user's.
fn inside(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stillwatch"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STILLWATCH_")) {
        command.env_remove(name);
    }
    let output = command.current_dir(folder).args(arguments).output().expect("the program runs");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_campaign_is_saved_judged_told_and_found_by_another_lab() {
    let folder = tempfile::tempdir().expect("a folder");
    traffic(folder.path());
    let done = |arguments: &[&str]| {
        let (code, out, err) = inside(folder.path(), arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {err}");
        out
    };
    let saving = ["detect", "traffic.jsonl", "--accounts", "accounts.jsonl", "--save", "--format", "json"];
    let found: stillwatch_model::Findings = serde_json::from_str(&done(&saving)).expect("findings");
    let listed = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&done(&[&["campaigns", "list", "--format", "json"], arguments].concat())).expect("a list")
    };
    assert_eq!(listed(&[])["campaigns"].as_array().map(Vec::len), Some(found.campaigns.len()));
    done(&saving);
    assert_eq!(
        listed(&[])["campaigns"].as_array().map(Vec::len),
        Some(found.campaigns.len()),
        "saved twice, kept once"
    );

    let (code, _, said) = inside(folder.path(), &["export", "--producer", "Harbor Lab"]);
    assert_eq!((code, said.contains("nothing to export")), (Some(1), true), "nobody vouched for any: {said}");
    let strongest = found.campaigns.iter().max_by_key(|c| c.accounts.len()).expect("a campaign");
    done(&["campaigns", "label", &strongest.id, "confirmed", "--because", "one card on many accounts"]);
    let export = ["export", "--producer", "Harbor Lab", "--out", "told.json"];
    done(&export);
    let told = std::fs::read_to_string(folder.path().join("told.json")).expect("the bundle");
    assert!(strongest.accounts.iter().all(|account| !told.contains(account.as_str())), "no account is told");
    done(&["validate", "--errors-only", "told.json"]);
    done(&export);
    assert_eq!(std::fs::read_to_string(folder.path().join("told.json")).expect("again"), told, "nothing changed");

    done(&["import", "--data", "theirs", "--source", "harbor", "told.json"]);
    done(&["export", "--data", "theirs", "--received", "--out", "back.json"]);
    let objects = |name: &str| {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a bundle");
        let bundle: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let mut objects: Vec<String> =
            bundle["objects"].as_array().into_iter().flatten().map(ToString::to_string).collect();
        objects.sort();
        objects
    };
    assert_eq!(objects("told.json"), objects("back.json"), "given back as it was written");

    let hunted = done(&["hunt", "back.json", "traffic.jsonl", "--expired", "--format", "json"]);
    let hunted: stillwatch_model::Hunted = serde_json::from_str(&hunted).expect("matches");
    assert!(hunted.matches.iter().any(|found| found.indicates.contains(&strongest.id)), "{:?}", hunted.matches);

    done(&["backup", "all.backup"]);
    done(&["restore", "all.backup", "--data", "restored"]);
    assert_eq!(listed(&[]), listed(&["--data", "restored"]));
}

#[test]
fn verdicts_shift_scores_and_the_shift_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    traffic(folder.path());
    let mut verdicts = String::new();
    for number in 0..24 {
        let (verdict, odds) = if number % 3 == 0 { ("true-positive", 6.0) } else { ("false-positive", 5.0) };
        verdicts += &format!(
            r#"{{"label":"campaign","version":1,"campaign":"campaign--{number}","verdict":"{verdict}","score":0.99,"signals":[{{"name":"template","family":"content","value":1.0,"contribution":{odds},"because":"x"}}],"accounts":5,"exchanges":50}}"#
        );
        verdicts.push('\n');
    }
    std::fs::write(folder.path().join("verdicts.jsonl"), &verdicts).expect("a file");
    let (code, _, err) = inside(folder.path(), &["train", "verdicts.jsonl", "--calibration", "shift.json"]);
    assert_eq!(code, Some(0), "{err}");
    let scores = |arguments: &[&str]| {
        let (code, out, err) =
            inside(folder.path(), &[&["detect", "traffic.jsonl", "--format", "json"], arguments].concat());
        assert_eq!(code, Some(0), "{err}");
        serde_json::from_str::<stillwatch_model::Findings>(&out).expect("findings").campaigns
    };
    let (plain, shifted) = (scores(&[]), scores(&["--calibration", "shift.json"]));
    assert_eq!(plain.len(), shifted.len());
    for (plain, shifted) in plain.iter().zip(&shifted) {
        let told = shifted.signals.iter().find(|signal| signal.name == "verdicts").expect("the shift is told");
        assert!(told.contribution < 0.0 && shifted.score <= plain.score, "{told:?}");
    }
    let few = inside(folder.path(), &["train", "traffic.jsonl", "--calibration", "shift.json"]);
    assert_eq!(few.0, Some(2), "{}", few.2);
}

#[test]
fn rules_are_tried_out_over_logs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (traffic, accounts, truth) = traffic(folder.path());
    let rules = folder.path().join("rules.toml");
    let rule = |name: &str, more: &str| {
        format!(
            "[[rule]]\nname = \"{name}\"\nbecause = \"tried out\"\ncode = \"terms-distillation\"\nmode = \"enforce\"\n\
             [rule.when]\ncampaign = {{ score_at_least = 0.8, membership_at_least = 0.8 }}\n{more}\n\
             [rule.then]\naction = \"block\"\nfor = \"7d\"\n\n"
        )
    };
    let text = format!(
        "[cap]\naccounts_per_hour = 100000\nverified_percent_per_hour = 0.0\n\n{}{}",
        rule("unverified", "verified = false"),
        rule("anybody", "")
    );
    std::fs::write(&rules, text).expect("rules");
    let rules = rules.to_string_lossy();
    let simulated =
        stillwatch(&["rules", "simulate", &rules, "--over", &traffic, "--accounts", &accounts, "--format", "json"]);
    assert_eq!(simulated.status.code(), Some(0), "{}", self::text(&simulated.stderr));
    let json: serde_json::Value = serde_json::from_slice(&simulated.stdout).expect("a simulation");
    let found = stillwatch(&["detect", &traffic, "--accounts", &accounts, "--format", "json"]);
    let findings: stillwatch_model::Findings = serde_json::from_slice(&found.stdout).expect("findings");
    assert_eq!(json["subjects"], findings.accounts, "everybody in the logs is looked at");
    let count = |at: usize, what: &str| json["rules"][at][what].as_u64().expect("a figure");
    let members: usize = findings.campaigns.iter().map(|c| c.accounts.len()).sum();
    assert!(count(0, "accounts") > 0 && count(0, "accounts") <= members as u64, "{json}");
    assert_eq!(count(0, "verified"), 0, "{json}");
    assert_eq!(count(1, "accounts"), count(0, "accounts") + count(1, "verified"), "{json}");
    let guilty = std::fs::read_to_string(&truth).expect("the truth");
    for named in json["rules"][0]["named"].as_array().expect("names") {
        let name = named["value"].as_str().expect("a name");
        assert!(guilty.contains(&format!("\"{name}\"")), "{name} is in no campaign of the truth");
    }
    // What the lab knows goes before what the logs' file says.
    let name = json["rules"][0]["named"][0]["value"].as_str().expect("a name");
    let known = folder.path().join("known.jsonl");
    let line = format!(
        "{{\"subject\":{{\"kind\":\"account\",\"value\":\"{name}\"}},\"verified\":true,\"verified_requests\":5}}\n"
    );
    std::fs::write(&known, line).expect("facts");
    let known = known.to_string_lossy();
    let over = ["--over", &traffic, "--accounts", &accounts, "--known", &known, "--format", "json", "--exit-code"];
    let joined = stillwatch(&[&["rules", "simulate", &rules][..], &over].concat());
    let joined_json: serde_json::Value = serde_json::from_slice(&joined.stdout).expect("a simulation");
    assert_eq!(joined_json["rules"][0]["accounts"], count(0, "accounts") - 1, "{joined_json}");
    assert_eq!(joined_json["rules"][1]["verified_percent"], 100.0, "all verified traffic that is known of");
    assert_eq!(joined.status.code(), Some(1), "the cap would have stopped it");
    let none = stillwatch(&["rules", "simulate", &rules, "--over", "no-such-folder/"]);
    assert_eq!((none.status.code(), none.stdout.len()), (Some(2), 0), "{}", self::text(&none.stderr));
}
