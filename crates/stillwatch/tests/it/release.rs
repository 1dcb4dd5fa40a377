//! Release: the path out, as its users type it.
//! In: a lab, a signed profile, three people. Out: what each verb prints, files of the outbox, the ledger.
//! Invariant: ids, hashes and times are masked in snapshots; nothing else is.
//! Not here: rules of the path, interruptions (`node/tests`).

use std::path::Path;

use serde_json::{Value, json};
use stillwatch_node::config::Gate;
use stillwatch_node::decisions::{Inputs, round};
use stillwatch_node::intel::Decay;
use stillwatch_track::{By, Missing, Place, Store};

use crate::lab::Lab;
use crate::places::block_on;

type Tested = Result<(), Box<dyn std::error::Error>>;

pub(crate) const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH
-----END PRIVATE KEY-----
";
pub(crate) const PUBLIC: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";

/// A lab with `conservative` in force, for two invented members.
fn lab() -> Result<Lab, Box<dyn std::error::Error>> {
    let lab = Lab::new()?;
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/conservative");
    std::fs::create_dir(lab.at("profile"))?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let mut text = std::fs::read_to_string(entry.path())?;
        if entry.file_name() == "profile.toml" {
            text = text.replace("[\"lab-one.example\"]", "[\"lab-one.example\", \"lab-six.example\"]");
            text = text.replace("2026-11-01", "2020-01-01").replace("2027-11-01", "2099-01-01");
        }
        std::fs::write(lab.at("profile").join(entry.file_name()), text)?;
    }
    std::fs::write(lab.at("key.pem"), KEY)?;
    lab.done("policy sign profile --signing-key key.pem")?;
    lab.done(&format!("policy adopt profile --key {PUBLIC} --ledger record"))?;
    Ok(lab)
}

/// Ids, hashes and times differ from run to run.
pub(crate) fn masked(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if let Some((kind, _)) = bare.split_once("--").filter(|(kind, rest)| rest.len() >= 8 && !kind.is_empty()) {
            return word.replace(bare, &format!("{kind}--…"));
        }
        if let Some(at) = word.find("sha256:") {
            let end = if word.ends_with(')') { "…)" } else { "…" };
            return format!("{}sha256:{end}", &word[..at]);
        }
        let digits = bare.chars().filter(char::is_ascii_digit).count();
        match (digits, bare.len()) {
            (14.., _) if bare.contains('T') => word.replace(bare, "INSTANT"),
            (8, 10) if bare.contains('-') => word.replace(bare, "DAY"),
            (4, 5) if bare.contains(':') => word.replace(bare, "TIME"),
            _ => word.to_owned(),
        }
    };
    text.lines()
        .map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" ").trim_end().to_owned() + "\n")
        .collect()
}

pub(crate) fn by(lab: &Lab, who: &str, line: &str) -> Result<(i32, String, String), Box<dyn std::error::Error>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = lab.run(&words, "", who)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

/// Both outputs of a verb that succeeds.
fn done(lab: &Lab, who: &str, line: &str) -> Result<(String, String), Box<dyn std::error::Error>> {
    match by(lab, who, line)? {
        (0, out, err) => Ok((out, err)),
        (code, _, err) => Err(format!("`{line}`: exit {code}: {err}").into()),
    }
}

#[test]
fn from_proposal_to_acknowledgement_and_back() -> Tested {
    let lab = lab()?;
    let campaign = lab.campaign()?;
    let key = format!("--key {PUBLIC}");
    let propose = format!("release propose {campaign} --profile conservative --producer Harbor {key}");
    let (code, id, told) = by(&lab, "ana", &propose)?;
    assert_eq!(code, 0, "{told}");
    let id = id.trim();
    let (_, shown, _) = by(&lab, "ben", &format!("release show {id} --to lab-one.example"))?;
    insta::assert_snapshot!("release_shown", masked(&shown));
    assert!(!shown.contains("acct-"), "no account is shown to leave");

    let (code, _, told) = by(&lab, "ana", &format!("release approve {id} {key} --ledger record"))?;
    assert_eq!(code, 2);
    assert!(told.contains("nobody approves their own"), "{told}");
    let (code, _, told) = by(&lab, "ben", &format!("release approve {id} {key}"))?;
    assert!(code == 0 && told.contains("owed to the ledger"), "{told}");
    assert_eq!(by(&lab, "cron", "release send outbox")?.0, 2, "nothing is sent without a ledger");
    let (code, sent, told) = by(&lab, "cron", "release send outbox --ledger record")?;
    assert!(code == 0 && sent.lines().count() == 2, "{sent}{told}");
    assert!(by(&lab, "cron", "release send outbox --ledger record")?.2.contains("the outbox is empty"));
    let file = sent.split_whitespace().next().ok_or("nothing was sent")?;
    let (_, bytes, _) = by(&lab, "ben", &format!("release show {id} --to lab-one.example --bytes"))?;
    let bundle = std::fs::read_to_string(lab.at(file))?;
    assert!(bytes.lines().all(|line| bundle.contains(line)), "what was shown is what was sent");
    assert_eq!(by(&lab, "cron", &format!("validate --errors-only {file}"))?.0, 0);

    assert_eq!(by(&lab, "cron", &format!("release acknowledge {id} --from lab-one.example --ledger record"))?.0, 0);
    assert_eq!(by(&lab, "cron", &format!("release acknowledge {id} --from lab-two.example"))?.0, 2);
    let (_, _, told) = by(&lab, "cleo", &format!("campaigns label {campaign} false-positive --ledger record"))?;
    assert!(told.contains("waits to be sent"), "{told}");
    let (_, listed, _) = by(&lab, "ana", "release list")?;
    insta::assert_snapshot!("release_listed", masked(&listed));
    let (_, sent, _) = by(&lab, "cron", "release send outbox --ledger record")?;
    let back = std::fs::read_to_string(lab.at(sent.split_whitespace().next().ok_or("nothing was sent")?))?;
    let back: Value = serde_json::from_str(&back)?;
    let objects = back["objects"].as_array().ok_or("no objects")?;
    assert!(!objects.is_empty() && objects.iter().all(|object| object["revoked"] == true));

    lab.done("ledger verify record --public record.pub")?;
    let (_, shown, _) = by(&lab, "ana", &format!("release show {id}"))?;
    let steps: String = shown.split("steps:").nth(1).unwrap_or_default().to_owned();
    insta::assert_snapshot!("release_steps", masked(&steps));
    Ok(())
}

/// A campaign was told to others; a decision about one of its accounts is reversed; those who have it hear of it.
#[test]
fn a_reversal_is_told_to_those_who_have_the_campaign() -> Tested {
    let lab = lab()?;
    let campaign = lab.campaign()?;
    let key = format!("--key {PUBLIC}");
    let done = |who: &str, line: &str| done(&lab, who, line);
    std::fs::write(lab.at("token.key"), "a key of sixteen bytes, or more")?;
    let propose = format!(
        "--profile conservative --producer Harbor {key} --token-key lab-one.example=token.key --token-key lab-six.example=token.key"
    );
    let (id, _) = done("ana", &format!("release propose {campaign} {propose}"))?;
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/decisions/rules.toml"), lab.at("rules.toml"))?;
    block_on(async {
        let store = Store::open(&Place::Folder(lab.data.clone()), Missing::Refuse).await?;
        let settings = Gate { rules: Some(lab.at("rules.toml")), ..Gate::default() };
        let at = By { author: "lab-one".into(), at: jiff::Timestamp::now().as_microsecond() };
        round(&store, &Inputs::read(&settings)?, None, &Decay::default(), 3_650, &at).await?;
        store.close().await;
        Tested::Ok(())
    })?;
    let decided = |account: &str| -> Result<u64, Box<dyn std::error::Error>> {
        let (out, _) = done("ana", &format!("decisions list --account {account} --format json"))?;
        let json: Value = serde_json::from_str(&out)?;
        Ok(json["decisions"][0]["id"].as_u64().ok_or("no decision")?)
    };
    let (first, second) = (decided("acct-00")?, decided("acct-01")?);
    let (_, told) = done("ben", &format!("decisions reverse {first} --because a-harness"))?;
    assert!(!told.contains("we "), "nobody has the campaign yet: {told}");
    done("ben", &format!("release approve {id} {key} --ledger record", id = id.trim()))?;
    done("cron", "release send outbox --ledger record")?;
    let (_, told) = done("ben", &format!("decisions reverse {second} --because a-harness"))?;
    assert!(told.contains(&format!("we neutral: {campaign}")), "one account says little of a campaign: {told}");
    let (id, _) = done("ana", &format!("intel propose {campaign} --opinion {propose}"))?;
    done("ben", &format!("release approve {id} {key} --ledger record", id = id.trim()))?;
    let (sent, _) = done("cron", "release send outbox --ledger record")?;
    assert_eq!(sent.lines().count(), 2, "both who have it hear of it: {sent}");
    let file = sent.split_whitespace().next().ok_or("nothing was sent")?;
    let bundle: Value = serde_json::from_slice(&lab.bytes(file)?)?;
    let objects = bundle["objects"].as_array().ok_or("no objects")?;
    let opinion = objects.iter().find(|one| one["type"] == "opinion").ok_or("no opinion")?;
    assert_eq!((&opinion["opinion"], &opinion["object_refs"]), (&json!("neutral"), &json!([campaign])));
    assert!(!bundle.to_string().contains("acct-"), "{bundle}");
    let (code, _, err) = by(&lab, "ana", &format!("intel propose {campaign} --sighting {propose}"))?;
    assert!(code == 2 && err.contains("no received indicator"), "{err}");
    Ok(())
}

#[test]
fn examples_that_are_looked_at_are_written_down() -> Tested {
    let lab = lab()?;
    let campaign = lab.campaign()?;
    let before = lab.done("ledger show record --public record.pub --count 100000 --format json")?;
    let (code, text, _) =
        by(&lab, "ada", &format!("campaigns show {campaign} --examples --because T-17 --ledger record"))?;
    assert!(code == 0 && text.contains("Grade the proof"));
    let after = lab.done("ledger show record --public record.pub --count 100000 --format json")?;
    let new = after.strip_prefix(&before).ok_or("the ledger only grows")?;
    assert!(new.contains(r#""view""#) && new.contains("T-17") && new.contains(r#""by":"ada""#), "{new}");
    assert!(!new.contains("Grade"), "never content");
    Ok(())
}

#[test]
fn release_says_what_is_missing() -> Tested {
    let lab = lab()?;
    let campaign = lab.campaign()?;
    let mut text = String::new();
    for line in [
        "release list".to_owned(),
        "release list --state proposed --exit-code".to_owned(),
        "release show 12ab".to_owned(),
        format!("release propose {campaign} --profile expanded --producer Harbor --key {PUBLIC}"),
        format!("release propose {campaign} --profile conservative --producer Harbor"),
        format!("release propose {campaign} --profile conservative --producer Harbor --key {}", "00".repeat(32)),
        format!(
            "release propose {campaign} --profile conservative --producer Harbor --to nobody.example --key {PUBLIC}"
        ),
        format!("policy adopt profile --key {PUBLIC} --ledger nowhere"),
        "policy list".to_owned(),
    ] {
        let (code, out, told) = by(&lab, "ana", &line)?;
        let line = line.replace(&campaign, "ID").replace(PUBLIC, "KEY");
        text += &format!("$ stillwatch {line}\n{out}{told}exit {code}\n\n");
    }
    insta::assert_snapshot!("release_refused", masked(&text));
    // Help tells what the environment says: here nothing.
    let mut help = std::process::Command::new(env!("CARGO_BIN_EXE_stillwatch"));
    let help = help.args(["release", "--help"]).env_clear().env("COLUMNS", "130").output()?;
    insta::assert_snapshot!("release_help", String::from_utf8(help.stdout)?);
    Ok(())
}
