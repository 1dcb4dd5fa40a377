//! Intel: received indicators, as people ask about them.
//! In: a store with what a peer sent, a stand-in for the engine. Out: what each verb prints.
//! Invariant: times are masked in snapshots; nothing else is.
//! Not here: the formula (`gate/tests`), the way of an answer (`node/tests`), looking in logs (`engine/tests`).

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use stillwatch_node::own::raw;
use stillwatch_stix::Object;
use stillwatch_track::peers::{self, Heard};
use stillwatch_track::{By, Missing, Place, Store};

use crate::places::block_on;

type Tested = Result<(), Box<dyn std::error::Error>>;

const TLP: &str = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";

fn id(kind: &str, n: u32) -> String {
    format!("{kind}--{n:08x}-17d4-4cbf-938f-98ee46b3cd3f")
}

fn objects() -> Vec<Value> {
    // Told now: what is left of them is told to the percent.
    let now = stillwatch_track::instant(jiff::Timestamp::now().as_microsecond());
    let object = |kind: &str, n: u32, by: u32, mut more: Value| {
        let common = json!({"type": kind, "spec_version": "2.1", "id": id(kind, n), "created": now, "modified": now,
            "created_by_ref": id("identity", by), "object_marking_refs": [TLP]});
        if let (Some(all), Some(common)) = (more.as_object_mut(), common.as_object()) {
            all.extend(common.clone());
        }
        more
    };
    let told = |n: u32, name: &str, pattern: &str| {
        object(
            "indicator",
            n,
            1,
            json!({"name": name, "pattern": pattern, "pattern_type": "stix", "confidence": 80, "valid_from": now}),
        )
    };
    vec![
        told(0x5f0c_12ab, "Exit address", "[ipv4-addr:value = '198.51.100.7']"),
        told(0x77aa_31cd, "Harvest \u{1b}[31mdomain", "[domain-name:value = 'harvest.example']"),
        object(
            "sighting",
            3,
            2,
            json!({"sighting_of_ref": id("indicator", 0x5f0c_12ab), "last_seen": now, "count": 10}),
        ),
        object("opinion", 4, 3, json!({"opinion": "disagree", "object_refs": [id("indicator", 0x77aa_31cd)]})),
    ]
}

/// As if a peer had sent them.
pub(crate) fn receive(data: &Path, objects: &[Value]) -> Tested {
    block_on(async {
        let store = Store::open(&Place::Folder(data.into()), Missing::Make).await?;
        let by = By { author: "ana".into(), at: jiff::Timestamp::now().as_microsecond() };
        let peer = peers::Peer {
            name: "hub".into(),
            url: "https://hub.example/taxii2/".into(),
            username: None,
            token_file: None,
            ca: None,
            certificate: None,
            key: None,
            hourly: 1000,
            overlap: 0,
            leaves_out: Vec::new(),
            acknowledges: false,
            ledger: None,
            checkpoint: None,
            made: by.at,
        };
        peers::add(&store, &peer, &by).await?;
        peers::follow(&store, "hub", "shared").await?;
        let mut feed = peers::feeds(&store, Some("hub")).await?.pop().ok_or("no feed")?;
        let texts: Vec<String> = objects.iter().map(ToString::to_string).collect();
        let read = texts.iter().map(|text| Object::read(text, 16)).collect::<Result<Vec<_>, _>>()?;
        let heard: Vec<Heard<'_>> = read.iter().map(|one| Heard { object: raw(one), date_added: "" }).collect();
        let cursor = feed.cursor.clone();
        peers::take(&store, &mut feed, &heard, &[], cursor, by.at).await?;
        store.close().await;
        Ok(())
    })
}

pub(crate) fn run(folder: &Path, line: &str) -> Result<(i32, String, String), Box<dyn std::error::Error>> {
    let output = Command::new(env!("CARGO_BIN_EXE_stillwatch"))
        .args(line.split_whitespace())
        .env_clear()
        .env("STILLWATCH_DATA", folder.join("data"))
        .env("STILLWATCH_AUTHOR", "ana")
        .env("STILLWATCH_ENGINE", folder.join("engine"))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("COLUMNS", "130")
        .current_dir(folder)
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

/// Times differ from run to run.
pub(crate) fn masked(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let digits = bare.chars().filter(char::is_ascii_digit).count();
        match (digits, bare.len()) {
            (14.., _) if bare.contains('T') && !bare.contains("--") => word.replace(bare, "INSTANT"),
            (8, 10) if bare.contains('-') => word.replace(bare, "DAY"),
            (4, 5) if bare.contains(':') => word.replace(bare, "TIME"),
            _ => word.to_owned(),
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ").trim_end().to_owned() + "\n";
    text.lines().map(line).collect()
}

#[cfg(unix)]
#[test]
fn from_what_was_told_to_a_draft_and_a_dispute() -> Tested {
    use std::os::unix::fs::PermissionsExt;
    let all = tempfile::tempdir()?;
    let at = all.path();
    receive(&at.join("data"), &objects())?;
    // The stand-in prints what a hunt found, and keeps what it was given.
    let hunted = json!({"schema": 1, "generated": "2026-11-25T12:00:00Z", "exchanges": 1000, "accounts": 0, "sketches": false,
        "wanted": 1, "refused": [], "warned": [], "missed": [], "matches": [{"indicator": id("indicator", 0x5f0c_12ab), "name": "x",
        "kind": "pattern", "strength": 0.8, "exchanges": 42, "accounts": 2, "among": ["acct-1", "acct-2"],
        "first_seen": "2026-11-20T10:00:00Z", "last_seen": "2026-11-20T11:00:00Z", "indicates": [], "because": "42 exchanges came from it."}]});
    std::fs::write(at.join("hunted.json"), hunted.to_string())?;
    std::fs::write(at.join("engine"), "#!/bin/sh\necho \"$@\" >asked\ncp \"$2\" wanted.json\ncat hunted.json\n")?;
    std::fs::set_permissions(at.join("engine"), std::fs::Permissions::from_mode(0o755))?;

    let mut text = String::new();
    for line in [
        "intel list",
        "intel list --disputed",
        "intel list --peer nobody --exit-code",
        "intel hunt logs/ -- --threads 1",
        "intel hunt logs/",
        "intel sight hunted.json",
        "intel why 5f0c",
        "intel show 5f0c",
        "intel dispute 5f0c --because library-proxy",
        "intel dispute 5f0c --because library-proxy",
        "intel dispute 5f0c --because two;words;and\u{a0}more",
        "intel why 5f0c",
        "intel hunt logs/",
        "intel dismiss 5f0c --because T-1",
        "intel show 5f",
        "intel show ffff",
        "intel propose 5f0c --sighting --profile conservative --producer Harbor",
    ] {
        let (code, out, err) = run(at, line)?;
        text += &format!("$ stillwatch {line}\n{out}{err}exit {code}\n\n");
    }
    insta::assert_snapshot!("intel", masked(&text));
    assert!(!text.contains('\u{1b}'), "nothing that a terminal would obey");
    let asked = std::fs::read_to_string(at.join("asked"))?;
    assert!(asked.starts_with("hunt ") && asked.trim_end().ends_with("logs/ --format json"), "{asked}");
    let wanted: Value = serde_json::from_slice(&std::fs::read(at.join("wanted.json"))?)?;
    let wanted = wanted["objects"].as_array().ok_or("no objects")?;
    assert_eq!(
        wanted.iter().map(|one| &one["id"]).collect::<Vec<_>>(),
        [&json!(id("indicator", 0x5f0c_12ab))],
        "what is disputed isn't looked for"
    );
    let (_, list, _) = run(at, "intel list --format json --limit 1")?;
    let list: Value = serde_json::from_str(&list)?;
    let (_, rest, _) = run(at, &format!("intel list --after {}", list["next"].as_str().ok_or("no next page")?))?;
    assert_eq!(rest.lines().count(), 1, "{rest}");
    Ok(())
}

#[test]
fn intel_says_what_is_missing() -> Tested {
    let all = tempfile::tempdir()?;
    receive(&all.path().join("data"), &[])?;
    let (code, out, _) = run(all.path(), "intel list")?;
    assert_eq!((code, out.as_str()), (0, "no indicators yet; `stillwatch peer sync` takes in what peers tell\n"));
    let (code, _, err) = run(all.path(), "intel export --wanted")?;
    assert!(code == 1 && err.contains("nothing stands"), "{err}");
    std::fs::write(all.path().join("mine.toml"), "[half_life_days]\nja4 = 0\n")?;
    let (code, _, err) = run(all.path(), "intel --decay mine.toml list")?;
    assert!(code == 2 && err.contains("`half_life_days.ja4`"), "{err}");
    let (code, out, _) = run(all.path(), "intel decay")?;
    assert!(code == 0 && out.contains("payment = 180"));
    let (code, _, err) = run(all.path(), "intel sight mine.toml")?;
    assert!(code == 2 && err.contains("nothing that a hunt printed"), "{err}");
    Ok(())
}
