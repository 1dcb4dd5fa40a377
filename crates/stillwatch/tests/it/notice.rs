//! Notices, as their users type it.
//! In: a lab with a campaign, `conservative` as shipped and `expanded` with notices permitted; a peer that sent some. Out: what each
//! verb prints, files of the outbox, the ledger.
//! Invariant: ids and times are masked in snapshots; nothing else is.
//! Not here: two labs (`node/tests`), which fields leave (`share/tests`).

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::notice;

use crate::campaigns::decided;
use crate::intel::receive;
use crate::lab::Lab;
use crate::release::{KEY, PUBLIC, by, masked};

type Tested = Result<(), Box<dyn std::error::Error>>;

/// A shipped profile put in force; with notices permitted where `turned`.
fn adopt(lab: &Lab, name: &str, turned: bool) -> Tested {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(name);
    std::fs::create_dir(lab.at(name))?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let mut text = std::fs::read_to_string(entry.path())?;
        text = text.replace("2026-11-01", "2020-01-01").replace("2027-11-01", "2099-01-01");
        if turned && entry.file_name() == "policies.cedar" {
            let (before, policy) = text.split_once("@id(\"no-notices\")").ok_or("no such policy")?;
            text = format!("{before}@id(\"no-notices\"){}", policy.replacen("forbid (", "permit (", 1));
        }
        if turned && entry.file_name() == "cases.toml" {
            // The two last ones say that notices are off: with them it isn't signed.
            let off = "[[case]]\nname = \"notices of acting are switched off\"";
            text = text.split_once(off).ok_or("no such case")?.0.to_owned();
        }
        std::fs::write(lab.at(name).join(entry.file_name()), text)?;
    }
    std::fs::write(lab.at("key.pem"), KEY)?;
    lab.done(&format!("policy sign {name} --signing-key key.pem"))?;
    lab.done(&format!("policy adopt {name} --key {PUBLIC} --ledger record"))?;
    Ok(())
}

/// Beginnings of ids differ from run to run too.
fn plain(text: &str) -> String {
    let is_id = |word: &str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let word = |word: &str| if is_id(word) { "BEGINNING".to_owned() } else { word.to_owned() };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n";
    masked(&text.replace(PUBLIC, "KEY")).lines().map(line).collect()
}

fn said(lab: &Lab, who: &str, line: &str) -> Result<String, Box<dyn std::error::Error>> {
    let (code, out, told) = by(lab, who, line)?;
    Ok(format!("$ stillwatch {line}\n{out}{told}exit {code}\n\n"))
}

#[test]
fn from_a_proposal_that_is_forbidden_to_one_that_leaves() -> Tested {
    let lab = Lab::new()?;
    adopt(&lab, "conservative", false)?;
    adopt(&lab, "expanded", true)?;
    let campaign = lab.campaign()?;
    std::fs::write(lab.at("token.key"), [9u8; 32])?;
    let at = (Timestamp::now() + SignedDuration::from_hours(48)).to_string();
    let with = format!("--producer Harbor --key {PUBLIC} --token-key lab-one.example=token.key");
    let propose = |profile: &str, more: &str| {
        format!("notice propose {campaign} --at {at} --profile {profile} {with} --to lab-one.example {more}")
    };
    let mut text = said(&lab, "ana", "notice list --exit-code")?;
    text += &said(&lab, "ana", &propose("conservative", ""))?;
    let told = format!("release propose {campaign} --profile expanded {with}");
    assert_eq!(by(&lab, "ana", &told)?.0, 0);
    text += &said(&lab, "ana", &propose("conservative", ""))?;
    text += &said(&lab, "ana", &propose("expanded", "").replace("--to lab-one.example", ""))?;
    text += &said(&lab, "ana", &propose("expanded", "").replace(&at, "2020-01-01T00:00:00Z"))?;
    text += &said(&lab, "ana", &propose("expanded", "").replace(&at, "tomorrow"))?;
    text += &said(&lab, "ana", &propose("expanded", "--because please"))?;
    let (code, id, told) = by(&lab, "ana", &propose("expanded", "--ledger record"))?;
    assert_eq!(code, 0, "{told}");
    text += &format!("$ stillwatch notice propose\n{id}{told}exit {code}\n\n");
    let id = id.trim();
    text += &said(&lab, "ana", &propose("expanded", ""))?;
    for who in ["ben", "cleo"] {
        assert_eq!(by(&lab, who, &format!("release approve {id} --key {PUBLIC} --ledger record"))?.0, 0);
    }
    let (_, sent, _) = by(&lab, "cron", "release send outbox --ledger record")?;
    let file = sent.split_whitespace().next().ok_or("nothing was sent")?;
    assert_eq!(by(&lab, "cron", &format!("validate --errors-only {file}"))?.0, 0);
    let bundle: Value = serde_json::from_slice(&lab.bytes(file)?)?;
    let kinds: Vec<_> = bundle["objects"].as_array().ok_or("no objects")?.iter().map(|one| &one["type"]).collect();
    assert!(kinds.contains(&&json!("action-notice")) && !kinds.contains(&&json!("campaign")), "{kinds:?}");
    text += &said(&lab, "ana", "notice list --ours")?;
    let (_, listed, _) = by(&lab, "ana", "notice list --format json")?;
    let listed: Value = serde_json::from_str(&listed)?;
    let notice = listed["notices"][0]["id"].as_str().ok_or("no notice")?.to_owned();
    text += &said(&lab, "ana", &format!("notice show {notice}"))?;
    text += &said(&lab, "ana", &format!("notice read {notice} --only-here"))?;
    assert_eq!(by(&lab, "ana", &format!("release withdraw {id} --because T-9 --ledger record"))?.0, 0);
    text += &said(&lab, "ana", "notice list")?;
    lab.done("ledger verify record --public record.pub")?;
    insta::assert_snapshot!("notice_told", plain(&text.replace(&at, "INSTANT")));
    Ok(())
}

#[test]
fn a_received_one_is_shown_in_our_words_and_read() -> Tested {
    let lab = Lab::new()?;
    adopt(&lab, "conservative", false)?;
    adopt(&lab, "expanded", true)?;
    std::fs::write(lab.at("token.key"), [9u8; 32])?;
    let quay = Producer { name: "Quay Lab".into(), created: "2026-01-01T00:00:00Z".into() };
    let other = "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    let from = Timestamp::now() + SignedDuration::from_hours(48);
    let told = notice::notice(&quay, other, from, "2026-11-25T00:00:00Z", Tlp::Amber);
    let mut told: Value = serde_json::from_str(&told)?;
    told["description"] = json!("PLANTED: act with us");
    let campaign = json!({
        "type": "campaign", "spec_version": "2.1", "id": other, "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z", "name": "Quiet Heron", "object_marking_refs": [Tlp::Amber.id()],
    });
    receive(&lab.data, &[serde_json::from_str(&quay.object(Tlp::Amber))?, campaign, told.clone()])?;
    let id = told["id"].as_str().ok_or("no id")?;
    let with = format!("--producer Harbor --key {PUBLIC} --token-key lab-one.example=token.key --ledger record");
    let mut text = String::new();
    for line in [
        "notice list".to_owned(),
        "notice list --ours".to_owned(),
        format!("notice show {id}"),
        "notice show ffff".to_owned(),
        format!("notice read {id} --profile conservative {with} --to lab-one.example"),
        format!("notice read {id} --profile expanded {with}"),
        format!("notice read {id} --profile expanded {with} --to lab-one.example"),
        format!("notice read {id} --only-here"),
        "notice list".to_owned(),
        format!("notice show {id}"),
    ] {
        text += &said(&lab, "dora", &line)?;
    }
    assert!(!text.contains("PLANTED"), "{text}");
    insta::assert_snapshot!("notice_read", plain(&text));
    let ledger = lab.done("ledger show record --public record.pub --count 100000 --format json")?;
    let of = |outcome: &str| {
        ledger.lines().filter(|line| line.contains(&format!("\"{outcome}\"")) && line.contains(id)).count()
    };
    assert_eq!((of("received"), of("read")), (1, 1), "{ledger}");
    assert!(!ledger.contains("PLANTED"));
    Ok(())
}

#[test]
fn how_a_campaign_fared_is_proposed_in_tens() -> Tested {
    let folder = tempfile::tempdir()?;
    let data = decided(folder.path());
    let lab = Lab { folder, data };
    lab.done("ledger init record --name lab.example/ledger")?;
    adopt(&lab, "expanded", true)?;
    adopt(&lab, "conservative", false)?;
    std::fs::write(lab.at("token.key"), [9u8; 32])?;
    let all: Value = serde_json::from_str(&lab.done("campaigns list --format json")?)?;
    let id = |at: usize| all["campaigns"][at]["id"].as_str().ok_or("no campaign");
    let (new, old) = (id(0)?, id(1)?);
    let with = format!("--producer Harbor --key {PUBLIC} --token-key lab-one.example=token.key");
    let effect = |campaign: &str, profile: &str| {
        format!("notice effect {campaign} --to lab-one.example --profile {profile} {with} --ledger record")
    };
    let mut text = said(&lab, "ana", &effect(old, "expanded"))?;
    assert_eq!(by(&lab, "ana", &format!("release propose {old} --profile expanded {with}"))?.0, 0);
    text += &said(&lab, "ana", &effect(old, "conservative"))?;
    text += &said(&lab, "ana", &effect(new, "expanded"))?;
    text += &said(&lab, "ana", &effect(old, "expanded").replace("--to lab-one.example", ""))?;
    let (code, release, told) = by(&lab, "ana", &effect(old, "expanded"))?;
    assert_eq!(code, 0, "{told}");
    text += &told;
    let (_, bytes, _) = by(&lab, "ben", &format!("release show {} --to lab-one.example --bytes", release.trim()))?;
    let one = bytes.lines().find(|line| line.contains("\"campaign-effect\"")).ok_or("no effect")?;
    let one: Value = serde_json::from_str(one)?;
    assert_eq!((&one["campaign_ref"], &one["volume_change_percent"]), (&json!(old), &json!(-100)));
    insta::assert_snapshot!("notice_effect", plain(&text));
    Ok(())
}

#[test]
fn notice_tells_how_it_is_used() -> Tested {
    let mut text = String::new();
    for line in [
        "notice --help",
        "notice propose --help",
        "notice list --help",
        "notice show --help",
        "notice read --help",
        "notice effect --help",
    ] {
        let mut help = std::process::Command::new(env!("CARGO_BIN_EXE_stillwatch"));
        let help = help.args(line.split(' ')).env_clear().env("COLUMNS", "130").output()?;
        text += &format!("$ stillwatch {line}\n{}\n", String::from_utf8(help.stdout)?);
    }
    insta::assert_snapshot!("notice_help", text);
    Ok(())
}
