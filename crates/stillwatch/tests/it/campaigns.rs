//! Campaigns over time, as a user runs the verbs.
//! In: runs in files, the built program. Out: exit codes, stdout, stderr.
//! Invariant: runs without the engine; what people read is a snapshot.
//! Not here: the store (`track/tests`).

use std::path::Path;
use std::process::{Command, Output};

use stillwatch_model::findings::Window;
use stillwatch_model::saved::{Detail, Network, SAVED_VERSION, TextSketch};
use stillwatch_model::{
    Campaign, Capability, Family, Findings, Member, Saved, Severity, Signal, Timeline, Tokens, canonical,
};

/// 2026-03-02, and a day.
const START: i64 = 1_772_409_600_000_000;
const DAY: i64 = 86_400_000_000;

fn instant(at: i64) -> String {
    format!("2026-03-{:02}T{:02}:00:00Z", 2 + (at - START) / DAY, (at - START) % DAY / 3_600_000_000)
}

/// What one day's run found: so many accounts, by these signals.
fn run(day: i64, accounts: u64, signals: &[(&str, Family)]) -> Saved {
    let begin = START + day * DAY;
    let names: Vec<String> = (0..accounts).map(|n| format!("acct-{n:02}")).collect();
    let exchanges = accounts * 120;
    let signals: Vec<Signal> = signals
        .iter()
        .map(|(name, family)| Signal {
            name: (*name).into(),
            family: *family,
            value: 0.9,
            contribution: 1.2,
            because: format!("the {name} figure is 0.9"),
        })
        .collect();
    let campaign = Campaign {
        id: canonical::id("campaign", &serde_json::json!({ "accounts": names })),
        score: 0.97,
        severity: Severity::High,
        actionable: true,
        families: vec![Family::Content, Family::Identity],
        accounts: names.clone(),
        exchanges,
        first_seen: instant(begin),
        last_seen: instant(begin + DAY - 3_600_000_000),
        techniques: vec!["AML.T0024.002".into(), "AML.T0040".into()],
        capabilities: vec![Capability::Coding, Capability::Reasoning],
        signals: signals.clone(),
        links: Vec::new(),
        templates: Vec::new(),
        tokens: Tokens { input: exchanges * 100, output: exchanges * 900, reasoning: 0 },
        examples: Vec::new(),
    };
    let detail = Detail {
        id: campaign.id.clone(),
        technique: "templated harvest".into(),
        observed: signals.iter().map(|s| format!("T{}.", &s.because[1..])).collect(),
        inferred: vec!["That these accounts are one campaign is almost certain (score 0.97).".into()],
        members: names
            .iter()
            .map(|a| Member { account: a.clone(), score: 0.9, exchanges: 120, because: "sends the template".into() })
            .collect(),
        timeline: Timeline {
            from: begin,
            step_seconds: 3600,
            exchanges: vec![exchanges / 24; 24],
            accounts: vec![accounts; 24],
        },
        models: vec![(if day < 2 { "model-2" } else { "model-3" }.into(), exchanges)],
        networks: (0..=day)
            .map(|n| Network { address: format!("198.51.100.{n}"), exchanges: 10, accounts: 2, ..Network::default() })
            .collect(),
        texts: vec![TextSketch { body: (1..=16).collect(), system: vec![0; 4], share: 0.9, ..TextSketch::default() }],
        ..Detail::default()
    };
    Saved {
        schema: SAVED_VERSION,
        findings: Findings {
            schema: 1,
            exchanges: 90_000,
            accounts: 3000,
            window: Window { from: instant(begin), to: instant(begin + DAY - 3_600_000_000) },
            campaigns: vec![campaign],
            ..Findings::default()
        },
        details: vec![detail],
    }
}

fn stillwatch(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(arguments)
        .env_clear()
        .env("STILLWATCH_DATA", data)
        .env("STILLWATCH_AUTHOR", "ada")
        .env("COLUMNS", "130")
        .output()
        .expect("the program runs")
}

/// What a verb prints when it succeeds.
fn out(data: &Path, arguments: &[&str]) -> String {
    let output = stillwatch(data, arguments);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {err}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A store with the story of three days, in which methods become more complex.
pub(crate) fn story(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("data");
    std::fs::create_dir_all(data.join("spool")).expect("a spool");
    let template = ("template", Family::Content);
    let burst = ("burst", Family::Identity);
    let runs = [
        run(0, 10, &[template]),
        run(1, 24, &[template, burst, ("exits", Family::Network)]),
        run(
            2,
            30,
            &[template, burst, ("exits", Family::Network), ("balance", Family::Timing), ("focus", Family::Focus)],
        ),
    ];
    for (at, run) in runs.iter().enumerate() {
        let json = serde_json::to_vec(run).expect("JSON");
        std::fs::write(data.join(format!("spool/run--{at}.json")), json).expect("a run");
    }
    data
}

#[test]
fn a_campaign_is_listed_shown_and_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = story(folder.path());
    let first = stillwatch(&data, &["campaigns", "list"]);
    insta::assert_snapshot!("list", String::from_utf8_lossy(&first.stdout));
    insta::assert_snapshot!("taken_in", String::from_utf8_lossy(&first.stderr));
    insta::assert_snapshot!("show", out(&data, &["campaigns", "show", ID]));
    for change in [
        &["campaigns", "name", ID, "Harvest of March"][..],
        &["campaigns", "assign", ID, "grace"],
        &["campaigns", "label", ID, "confirmed", "--because", "one card"],
        &["campaigns", "claim", ID, "--actor", "Example Lab", "--likelihood", "likely", "--source", "a partner"],
        &["campaigns", "evidence", ID, "--factor", "timeline", "--source", "news", "A release followed."],
        &["campaigns", "note", ID, "asked the payment team"],
        &["campaigns", "label", ID, "--account", "acct-03", "--verdict", "false-positive"],
    ] {
        out(&data, change);
    }
    let listed = out(&data, &["campaigns", "list", "--status", "confirmed", "--assignee", "grace", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(
        (&listed["campaigns"][0]["name"], &listed["next"]),
        (&"Harvest of March".into(), &serde_json::Value::Null)
    );
    let shown = out(&data, &["campaigns", "show", ID]);
    for told in
        ["judged true-positive", "Example Lab, likely", "A release followed. [news]", "ada: asked the payment team"]
    {
        assert!(shown.contains(told), "`{told}` is not in:\n{shown}");
    }
    let history = out(&data, &["campaigns", "history", ID]);
    for told in
        ["status          new → confirmed (one card), by ada", "claim           Example Lab: likely", "10 changes"]
    {
        assert!(history.contains(told), "`{told}` is not in:\n{history}");
    }
    assert!(out(&data, &["campaigns", "show", ID, "--members"]).contains("acct-29"));
    let labels = folder.path().join("labels.jsonl");
    out(&data, &["campaigns", "labels", "--out", &labels.to_string_lossy()]);
    assert_eq!(std::fs::read_to_string(labels).expect("labels").lines().count(), 31);
    out(&data, &["campaigns", "split", ID, "acct-28", "acct-29"]);
    let both = out(&data, &["campaigns", "list", "--format", "json"]);
    let both: serde_json::Value = serde_json::from_str(&both).expect("JSON");
    let other = both["campaigns"].as_array().into_iter().flatten().find(|c| c["accounts"] == 2).expect("the split");
    out(&data, &["campaigns", "merge", ID, other["id"].as_str().expect("an id")]);
}

/// A run that looked and found nothing of it.
fn quiet(day: i64) -> Saved {
    let mut saved = run(day, 20, &[]);
    (saved.findings.campaigns, saved.details) = (Vec::new(), Vec::new());
    saved
}

/// A store in which a campaign was blocked on its eleventh day, was quiet for ten, and looks like another that began six days later.
fn after_decisions(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("data");
    std::fs::create_dir_all(data.join("spool")).expect("a spool");
    let signals = [("template", Family::Content), ("burst", Family::Identity)];
    let later = serde_json::to_string(&run(27, 12, &signals)).expect("JSON").replace("acct-", "late-");
    let mut later: Saved = serde_json::from_str(&later).expect("a run");
    let id = canonical::id("campaign", &serde_json::json!({ "accounts": later.findings.campaigns[0].accounts }));
    (later.findings.campaigns[0].id, later.details[0].id) = (id.clone(), id);
    let busy = (0..10).map(|day| run(day, 20, &signals));
    let runs = busy.chain((10..21).map(quiet)).chain([later]);
    for (at, run) in runs.enumerate() {
        let json = serde_json::to_vec(&run).expect("JSON");
        std::fs::write(data.join(format!("spool/run--{at:02}.json")), json).expect("a run");
    }
    data
}

/// The same, and decisions about its members after ten days.
pub(crate) fn decided(folder: &Path) -> std::path::PathBuf {
    use stillwatch_track::decisions::{After, Change, Happened, Kept, change};
    use stillwatch_track::{By, Error, Filter, Missing, Place, Store};
    let data = after_decisions(folder);
    let decided: Result<(), Error> = crate::places::block_on(async {
        let store = Store::open(&Place::Folder(data.clone()), Missing::Make).await?;
        // Ten runs first: what comes later is compared with what was done before.
        let mut runs: Vec<_> =
            std::fs::read_dir(data.join("spool")).expect("a spool").flatten().map(|e| e.path()).collect();
        runs.sort();
        for file in runs.iter().take(10) {
            let saved: Saved = serde_json::from_slice(&std::fs::read(file).expect("a run")).expect("JSON");
            stillwatch_track::save(&store, &saved, &By { author: "ada".into(), at: START + 10 * DAY }).await?;
            std::fs::remove_file(file).expect("it was there");
        }
        let campaign = stillwatch_track::list(&store, &Filter::default(), 1, None).await?.campaigns[0].id.clone();
        let at = START + 10 * DAY + 9 * 3_600_000_000;
        let one = |id: i64| Kept {
            id,
            kind: if id < 20 { "account" } else { "network" }.into(),
            value: if id < 20 { format!("acct-{id:02}") } else { "198.51.100.9/32".into() },
            made_by: "rule".into(),
            author: "confirmed".into(),
            campaign: Some(campaign.clone()),
            state: "in-force".into(),
            expires: Some(at + 30 * DAY),
            body: format!("{{\"action\":\"{}\",\"id\":{id}}}", if id < 16 { "block" } else { "challenge" }),
            history: vec![Happened { at, by: "confirmed".into(), what: "made".into(), because: "terms".into() }],
        };
        let decisions: Vec<Kept> = (1..=20).map(one).collect();
        let changes = (1..=20).map(|number| Change { number, decision: number, done: "made".into(), at }).collect();
        let after = After { decisions, changes, ..After::default() };
        change::<(), Error>(&store, &[], at, |_| Ok((after, ()))).await?;
        store.close().await;
        Ok(())
    });
    decided.expect("decisions");
    data
}

#[test]
fn what_came_of_decisions_is_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = decided(folder.path());
    let listed = out(&data, &["campaigns", "list"]);
    insta::assert_snapshot!("list_again", listed);
    let json = out(&data, &["campaigns", "list", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let (new, old) = (&json["campaigns"][0], &json["campaigns"][1]);
    assert_eq!(new["reappears"], old["id"]);
    let (new, old) = (new["id"].as_str().expect("an id"), old["id"].as_str().expect("an id"));
    let shown = out(&data, &["campaigns", "show", old]);
    let from = shown.find("WHAT CAME OF IT").expect("a section");
    let until = shown.find("OBSERVED").expect("the next one");
    insta::assert_snapshot!("effect", shown[from..until].trim_end());
    let again = shown.find("COME BACK AS ANOTHER").expect("a section");
    insta::assert_snapshot!("again", shown[again..].trim_end());
    let json = out(&data, &["campaigns", "show", old, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["effect"]["outcome"], &json["effect"]["acted"]["members"]), (&"stopped".into(), &19.into()));
    assert_eq!(json["reappearances"][0]["state"], "supposed");
    out(&data, &["campaigns", "reappears", new, old, "--refuse", "--because", "a public template"]);
    assert!(!out(&data, &["campaigns", "list"]).contains("again?"), "what was refused isn't marked");
    let shown = out(&data, &["campaigns", "show", new]);
    assert!(shown.contains("this one isn't") && shown.contains("a public template"), "{shown}");
    assert!(!shown.contains("WHAT CAME OF IT"), "nothing was done about it");
    assert_eq!(stillwatch(&data, &["campaigns", "reappears", old, new]).status.code(), Some(2));
}

/// The beginning of the id of the story's campaign.
pub(crate) const ID: &str = "940e2fd8";

#[test]
fn refusals_say_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    let told = |output: &Output| String::from_utf8_lossy(&output.stderr).replace(&*nowhere.to_string_lossy(), "DATA");
    let none = stillwatch(&nowhere, &["campaigns", "list"]);
    assert_eq!(none.status.code(), Some(2));
    insta::assert_snapshot!("no_store", told(&none));
    assert!(!nowhere.exists(), "looking makes nothing");
    let data = story(folder.path());
    let unknown = stillwatch(&data, &["campaigns", "show", "ffffffff"]);
    assert_eq!(unknown.status.code(), Some(2));
    insta::assert_snapshot!("unknown", told(&unknown));
    let step = stillwatch(&data, &["campaigns", "label", ID, "returned"]);
    assert_eq!(step.status.code(), Some(2));
    insta::assert_snapshot!("step", told(&step));
    let none = stillwatch(&data, &["campaigns", "list", "--status", "closed", "--exit-code"]);
    assert_eq!(none.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&none.stdout), "no campaign matches; take a filter away to see more\n");
    assert_eq!(stillwatch(&data, &["campaigns", "list", "--since", "soon"]).status.code(), Some(2));
    assert_eq!(stillwatch(&data, &["campaigns", "list", "--status", "great"]).status.code(), Some(2));
    let bad = folder.path().join("bad.json");
    std::fs::write(&bad, "{}").expect("a file");
    assert_eq!(stillwatch(&data, &["save", &bad.to_string_lossy()]).status.code(), Some(2));
    std::fs::write(data.join("spool/bad.json"), "{").expect("a file");
    assert_eq!(stillwatch(&data, &["save"]).status.code(), Some(1), "a file was set aside");
    assert!(data.join("spool/refused/bad.json.why").is_file());
}

#[test]
fn a_backup_restores_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = story(folder.path());
    let file = folder.path().join("lab.backup").to_string_lossy().into_owned();
    out(&data, &["backup", &file]);
    assert_eq!(stillwatch(&data, &["backup", &file]).status.code(), Some(2), "a backup is never overwritten");
    let other = folder.path().join("other");
    out(&other, &["restore", &file]);
    let list = ["campaigns", "list", "--format", "json"];
    assert_eq!(out(&data, &list), out(&other, &list));
    assert_eq!(stillwatch(&other, &["restore", &file]).status.code(), Some(2), "it is not empty");
    out(&other, &["restore", "--force", &file]);
    let expired = stillwatch(&other, &["campaigns", "expire", "--keep", "networks=0"]);
    assert_eq!(String::from_utf8_lossy(&expired.stderr), "3 networks deleted, a tombstone left for each\n");
    assert!(out(&other, &["campaigns", "expire", "--settings"]).contains("networks: 0 days"));
}

#[test]
fn every_verb_has_help_with_examples() {
    let folder = tempfile::tempdir().expect("a folder");
    for verb in [
        "list",
        "show",
        "label",
        "name",
        "note",
        "assign",
        "claim",
        "evidence",
        "merge",
        "split",
        "reappears",
        "history",
        "expire",
        "labels",
    ] {
        let help = out(folder.path(), &["campaigns", verb, "--help"]);
        assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{verb}: {help}");
    }
    for verb in ["campaigns", "save", "backup", "restore"] {
        assert!(out(folder.path(), &["help", verb]).contains("Examples:"), "{verb}");
    }
}
