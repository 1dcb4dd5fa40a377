//! Notices of acting: off in every shipped profile; where a member's lawyers permit them, the form leaves and nothing beside it.
//! In: a notice and an acknowledgement, planted words beside; profiles as shipped, and with the one word turned. Out: passes or fails.
//! Invariant: the reason that is told is the profile's own.
//! Not here: proposing one (`node`), cases (`profiles/*/cases.toml`).

use serde_json::{Value, json};
use stillwatch_model::tracked::Status;
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Draft, Set, check};
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::effect::{EFFECT, effect};
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::notice::{ACKNOWLEDGEMENT, NOTICE, acknowledgement, notice};

use crate::fixture::{Done, NOW, PROFILES, draft, exported, files, recipient};

const CAMPAIGN: &str = "campaign--0c4f1b4c-5d9a-5a3e-9f0b-6a8f5a1c2d3e";

/// The campaign with everything, a notice about it, an acknowledgement of that; all of them with words planted.
fn told(tlp: Tlp) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let by = Producer { name: "Example Lab".to_owned(), created: String::new() };
    let told = notice(&by, CAMPAIGN, "2026-12-01T09:20:00Z".parse()?, NOW, tlp);
    let id = serde_json::from_str::<Value>(&told)?["id"].as_str().ok_or("no id")?.to_owned();
    let read = acknowledgement(&by, &id, NOW, tlp);
    let mut all = exported(tlp, Status::Confirmed);
    for text in [told, read, effect(&by, CAMPAIGN, -83.0, NOW, tlp)] {
        let mut value: Value = serde_json::from_str(&text)?;
        for (name, words) in [
            ("description", json!("PLANTED act with us")),
            ("content", json!("PLANTED")),
            ("labels", json!(["PLANTED"])),
            ("lang", json!("PLANTED")),
            ("confidence", json!(100)),
            ("external_references", json!([{"source_name": "mitre-atlas", "description": "PLANTED"}])),
        ] {
            value[name] = words;
        }
        all.push(value.to_string());
    }
    Ok(all)
}

/// A shipped profile as lawyers switch notices on: `permit` in place of `forbid`, in one policy.
fn switched(name: &str) -> Result<Draft, Box<dyn std::error::Error>> {
    let mut files = files(name)?;
    let text = String::from_utf8(files.get("policies.cedar").cloned().unwrap_or_default())?;
    let (before, policy) = text.split_once("@id(\"no-notices\")").ok_or("no such policy")?;
    let turned = format!("{before}@id(\"no-notices\"){}", policy.replacen("forbid (", "permit (", 1));
    files.insert("policies.cedar".to_owned(), turned.into_bytes());
    Ok(Draft::read(files)?)
}

/// What leaves of the notice and of its acknowledgement, or why not.
fn left(draft: &Draft, tlp: Tlp) -> Result<Vec<Result<Value, String>>, Box<dyn std::error::Error>> {
    let texts = told(tlp)?;
    let set = Set::of(texts.iter().map(String::as_str));
    let scanners = Scanners::default();
    let decided = Desk::new(draft, recipient(draft), &scanners).at(NOW.parse()?).decide(&set);
    let ours = set
        .ids()
        .zip(decided)
        .filter(|(id, _)| [NOTICE, ACKNOWLEDGEMENT, EFFECT].iter().any(|kind| id.starts_with(kind)));
    ours.map(|(_, one)| match one {
        Ok(preview) => Ok(Ok(serde_json::from_str(&preview.text)?)),
        Err(held) => Ok(Err(held.why)),
    })
    .collect()
}

#[test]
fn no_shipped_profile_lets_one_out_and_each_says_why() -> Done {
    for name in PROFILES {
        let draft = draft(name)?;
        let tlp = if name == "public" { Tlp::Clear } else { Tlp::Amber };
        let all = left(&draft, tlp)?;
        assert_eq!(all.len(), 3);
        for one in all {
            let why = one.err().ok_or(format!("{name} lets a notice out"))?;
            let because = draft.because("no-notices").ok_or("no reason")?;
            assert_eq!(why, format!("a policy forbids it: {because}"), "{name}");
        }
    }
    Ok(())
}

#[test]
fn switched_on_the_form_leaves_and_nothing_beside_it() -> Done {
    for name in ["expanded", "government", "internal"] {
        let draft = switched(name)?;
        assert_eq!(check(&draft), [], "{name}");
        let all: Vec<Value> = left(&draft, Tlp::Amber)?.into_iter().collect::<Result<_, _>>()?;
        let mut names: Vec<Vec<&String>> = Vec::new();
        for one in &all {
            names.push(one.as_object().ok_or("no object")?.keys().collect());
            assert!(!one.to_string().contains("PLANTED"), "{name}: {one}");
        }
        let common = ["created", "created_by_ref", "extensions", "id"];
        let rest = ["object_marking_refs", "spec_version", "type"];
        let with = |own: &[&'static str]| {
            let mut all = [&common[..], own, &["modified"], &rest].concat();
            all.sort_unstable();
            all
        };
        assert_eq!(
            names,
            [
                with(&["acts_from", "campaign_ref"]),
                with(&["notice_ref"]),
                with(&["campaign_ref", "volume_change_percent"])
            ],
            "{name}"
        );
        assert_eq!(all[0]["acts_from"], "2026-12-01T09:00:00.000Z");
        assert_eq!(all[0]["campaign_ref"], CAMPAIGN);
        assert_eq!(all[2]["volume_change_percent"], -80);
    }
    Ok(())
}

#[test]
fn where_nothing_competitive_leaves_one_word_is_not_enough() -> Done {
    let all = left(&switched("conservative")?, Tlp::Amber)?;
    assert!(
        all.iter().all(|one| one.as_ref().is_err_and(|why| ["acts_from", "notice_ref", "volume_change_percent"]
            .iter()
            .any(|part| why.contains(part)))),
        "{all:?}"
    );
    let all = left(&switched("public")?, Tlp::Clear)?;
    assert!(all.iter().all(Result::is_err), "{all:?}");
    Ok(())
}
