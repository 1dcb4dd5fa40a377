//! Rules and decisions, as people run their verbs.
//! In: the shipped rules, a store with a story, decisions that rules made of it. Out: what each verb prints.
//! Invariant: times are masked in snapshots; nothing else is.
//! Not here: what rules mean (`gate/tests`), a running node (`node/tests`).

use std::path::Path;

use serde_json::Value;
use stillwatch_node::config::Gate;
use stillwatch_node::decisions::{Inputs, round};
use stillwatch_node::intel::Decay;
use stillwatch_track::{By, Missing, Place, Store};

use crate::campaigns::{ID, story};
use crate::intel::{masked, run};
use crate::places::block_on;

type Tested = Result<(), Box<dyn std::error::Error>>;

fn told(folder: &Path, lines: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    for line in lines {
        let (code, out, err) = run(folder, line)?;
        text += &format!("$ stillwatch {line}\n{out}{err}exit {code}\n\n");
    }
    Ok(masked(&text))
}

/// The shipped rules, beside the store.
fn rules(folder: &Path) -> Tested {
    for name in ["rules.toml", "access.toml", "cases.toml"] {
        std::fs::copy(format!("{}/../../docs/decisions/{name}", env!("CARGO_MANIFEST_DIR")), folder.join(name))?;
    }
    Ok(())
}

#[test]
fn rules_are_checked_tested_tried_out_and_shown() -> Tested {
    let all = tempfile::tempdir()?;
    rules(all.path())?;
    story(all.path());
    std::fs::write(
        all.path().join("broken.toml"),
        "[[rule]]\nname = \"r\"\nbecause = \"b\"\nwhen.received = {}\nthen = { action = \"block\", for = \"1d\" }\n",
    )?;
    let wrong = "[[case]]\nname = \"nobody is meant\"\nnow = \"2026-06-01T12:00:00Z\"\nholds = \"block\"\nfacts = { subject = { kind = \"account\", value = \"a\" } }\n";
    std::fs::write(all.path().join("wrong.toml"), wrong)?;
    let facts = (0..250).map(|n| {
        let verified = if n % 50 == 0 { ",\"verified\":true,\"verified_requests\":40" } else { "" };
        format!("{{\"subject\":{{\"kind\":\"account\",\"value\":\"acct-{n:03}\"}},\"place\":{{\"billing\":\"XX\"}}{verified}}}\n")
    });
    std::fs::write(all.path().join("facts.jsonl"), facts.collect::<String>())?;
    let text = told(
        all.path(),
        &[
            "rules check rules.toml --access access.toml",
            "rules check broken.toml",
            "rules check nothing.toml",
            "rules test rules.toml cases.toml --access access.toml",
            "rules test rules.toml wrong.toml",
            "rules test rules.toml cases.toml",
            "rules show rules.toml",
            "rules simulate rules.toml --access access.toml --known facts.jsonl --exit-code",
            "rules simulate rules.toml --saved --days 3650",
            "rules simulate rules.toml",
            "rules simulate rules.toml --known rules.toml",
            "rules --help",
        ],
    )?;
    insta::assert_snapshot!("rules", text);
    let (_, out, _) = run(all.path(), "rules show rules.toml --format json")?;
    assert_eq!(serde_json::from_str::<Value>(&out)?["rules"][1]["for_seconds"], 30 * 86_400);
    let (_, out, _) =
        run(all.path(), "rules simulate rules.toml --access access.toml --known facts.jsonl --format json")?;
    let json: Value = serde_json::from_str(&out)?;
    let region = json["rules"].as_array().ok_or("no rules")?.iter().find(|rule| rule["rule"] == "region");
    assert_eq!(region.map(|rule| (&rule["accounts"], &rule["verified"])), Some((&250.into(), &5.into())));
    Ok(())
}

#[test]
fn decisions_are_explained_contested_and_taken_back() -> Tested {
    let all = tempfile::tempdir()?;
    rules(all.path())?;
    let data = story(all.path());
    run(all.path(), &format!("campaigns label {ID} confirmed --because one-card"))?;
    block_on(async {
        let store = Store::open(&Place::Folder(data), Missing::Refuse).await?;
        let files = |name: &str| Some(all.path().join(name));
        let settings = Gate { rules: files("rules.toml"), access: files("access.toml"), ..Gate::default() };
        let by = By { author: "lab-one".into(), at: jiff::Timestamp::now().as_microsecond() };
        let rounded = round(&store, &Inputs::read(&settings)?, None, &Decay::default(), 3_650, &by).await?;
        assert_eq!((rounded.made, rounded.subjects), (32, 30), "30 accounts, two lines of the allow-list");
        store.close().await;
        Tested::Ok(())
    })?;
    let text = told(
        all.path(),
        &[
            "decisions list --limit 3",
            "decisions why 3",
            "decisions show 1",
            "decisions appeal 3 --account acct-00 --because our-own-tests",
            "decisions list --contested",
            "decisions review 3 --outcome wrong --because a-known-harness",
            "decisions review 3 --outcome wrong --because again",
            "decisions show 3",
            "decisions make account hand challenge --for 7d --because T-17",
            "decisions make account hand throttle --for 7d --because T-17",
            "decisions make account hand block --requests-per-minute 3 --for 7d --because T-17",
            "decisions make network 203.0.113.0/24 block --for 90d --because T-17",
            "decisions make network 203.0.113.0/24 throttle --requests-per-minute 60 --for 12h --because T-18",
            "decisions allow network 203.0.113.7 --for 30d --because a-school",
            "decisions reverse 33 --because mine",
            "decisions --author ben reverse 33 --because not-so",
            "decisions list --account hand",
            "decisions held",
            "decisions approve confirmed-campaign",
            "decisions rollback --rule confirmed-campaign --because retrained",
            "decisions rollback --rule confirmed-campaign --because retrained",
            "decisions list --holds",
            "decisions list --rule nothing --exit-code",
            "decisions why 99",
            "decisions export list --kind network --action throttle",
            "decisions export nginx",
            "decisions export haproxy --kind account",
            "decisions export aws-waf --action throttle",
            "decisions --help",
        ],
    )?;
    insta::assert_snapshot!("decisions", text.replace(&all.path().display().to_string(), "DIR"));
    let (_, history, _) = run(all.path(), &format!("campaigns history {ID}"))?;
    assert!(history.contains("false-positive"), "the reversal is a label: {history}");
    let (_, out, _) = run(all.path(), "decisions list --format json --limit 2")?;
    let json: Value = serde_json::from_str(&out)?;
    assert_eq!((&json["next"], json["decisions"].as_array().map(Vec::len)), (&34.into(), Some(2)));
    let (_, out, _) = run(all.path(), "decisions show 3 --format json")?;
    assert_eq!(serde_json::from_str::<Value>(&out)?["stands"], "reversed");
    let (_, out, _) = run(all.path(), "decisions export opa-data")?;
    let json: Value = serde_json::from_str(&out)?;
    assert_eq!(json["stillwatch"]["network"]["203.0.113.0/24"]["action"], "throttle");
    let (_, out, _) = run(all.path(), "decisions export stix --producer Harbor")?;
    std::fs::write(all.path().join("networks.json"), &out)?;
    assert_eq!(run(all.path(), "validate networks.json")?.0, 0, "{out}");
    assert!(out.contains("203.0.113.0") && !out.contains("acct-"), "{out}");
    let (code, ..) = run(all.path(), "decisions export opa --out bundle.tar.gz")?;
    assert_eq!((code, std::fs::read(all.path().join("bundle.tar.gz"))?.get(..2)), (0, Some(&[0x1f, 0x8b][..])));
    Ok(())
}

#[test]
fn decisions_of_a_file_are_made_once() -> Tested {
    let all = tempfile::tempdir()?;
    story(all.path());
    let row = |n: u32| format!("24h,ip,198.51.{}.{},ban,seen\n", n / 256, n % 256);
    let rows: String = (0..12_000).map(row).collect();
    let text = format!("duration,scope,value,type,reason\n{rows}4h,ip,999.1.1.1,ban,\n,account,acct-7,captcha,\n");
    std::fs::write(all.path().join("decisions.csv"), text)?;
    std::fs::write(
        all.path().join("decisions.json"),
        r#"[{"duration":"4h","scope":"Ip","value":"203.0.113.9","type":"ban","reason":"seen"},{"scope":"ip"}]"#,
    )?;
    std::fs::write(all.path().join("proxies.txt"), "# open proxies\n203.0.113.0/24\n2001:db8::1 # one\nno-network\n")?;
    let text = told(
        all.path(),
        &[
            "decisions import decisions.csv --because moved",
            "decisions import decisions.csv --because moved",
            "decisions import decisions.json --because moved",
            "decisions import proxies.txt --action challenge --for 3d --because T-17",
            "decisions import proxies.txt --for 3d --because T-17 --max-bad 0",
            "decisions import nothing.txt --because T-17",
            "decisions list --limit 3",
            "decisions clock",
            "decisions clock --accept",
        ],
    )?;
    insta::assert_snapshot!("import", text);
    let (_, out, _) = run(all.path(), "decisions list --account acct-7 --format json")?;
    assert_eq!(serde_json::from_str::<Value>(&out)?["decisions"][0]["action"], "challenge");
    Ok(())
}
