//! The strictest marking wins, also through references, and no object drags a forbidden neighbour along.
//! In: small sets under the conservative profile. Out: passes or fails.
//! Invariant: the order of a set never changes a decision.
//! Not here: fields (`profiles.rs`).

use serde_json::{Value, json};
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Held, Preview, Recipient, Set};
use stillwatch_stix::marking::{Pap, Tlp};

use crate::fixture::{Done, draft, recipient};

fn uuid(n: u32) -> String {
    format!("8e2e2d2b-17d4-4cbf-938f-{n:012x}")
}

fn object(kind: &str, n: u32, tlp: Option<Tlp>, more: &Value) -> String {
    let mut all = json!({
        "type": kind, "id": format!("{kind}--{}", uuid(n)), "spec_version": "2.1",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
    });
    if let Some(tlp) = tlp {
        all["object_marking_refs"] = json!([tlp.id(), Pap::Amber.id()]);
    }
    for (name, value) in more.as_object().into_iter().flatten() {
        all[name.as_str()] = value.clone();
    }
    all.to_string()
}

fn indicator(n: u32, tlp: Option<Tlp>) -> String {
    let pattern = format!("[ipv4-addr:value = '198.51.100.{n}']");
    let more = json!({"pattern": pattern, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00.000Z"});
    object("indicator", n, tlp, &more)
}

fn campaign(n: u32, tlp: Option<Tlp>) -> String {
    object("campaign", n, tlp, &json!({"name": "Quiet Heron"}))
}

fn tie(n: u32, tlp: Tlp, source: &str, target: &str) -> String {
    let more = json!({"relationship_type": "indicates", "source_ref": source, "target_ref": target});
    object("relationship", n, Some(tlp), &more)
}

fn decide(texts: &[String], to: Option<&str>) -> Result<Vec<Result<Preview, Held>>, Box<dyn std::error::Error>> {
    let draft = draft("conservative")?;
    let mut recipient = recipient(&draft);
    if let Some(to) = to {
        recipient = Recipient { member: to.to_owned(), ..recipient };
    }
    let scanners = Scanners::default();
    let set = Set::of(texts.iter().map(String::as_str));
    Ok(Desk::new(&draft, recipient, &scanners).decide(&set))
}

fn why(outcome: &Result<Preview, Held>) -> &str {
    outcome.as_ref().err().map_or("", |held| held.why.as_str())
}

#[test]
fn unmarked_unknown_and_red_objects_stay() -> Done {
    let mut strange = indicator(3, Some(Tlp::Green));
    strange = strange.replace(Tlp::Green.id(), &format!("marking-definition--{}", uuid(99)));
    let mut granular: Value = serde_json::from_str(&indicator(4, Some(Tlp::Green)))?;
    granular["granular_markings"] = json!([{"marking_ref": Tlp::Red.id(), "selectors": ["pattern"]}]);
    let all = [
        indicator(1, None),
        indicator(2, Some(Tlp::Red)),
        strange,
        granular.to_string(),
        indicator(5, Some(Tlp::Green)),
    ];
    let decided = decide(&all, None)?;
    let reasons: Vec<&str> = decided.iter().map(why).collect();
    assert!(reasons[0].contains("not marked"), "{reasons:?}");
    assert!(reasons[1].contains("TLP:RED"), "{reasons:?}");
    assert!(reasons[2].contains("neither TLP nor PAP"), "{reasons:?}");
    assert!(reasons[3].contains("TLP:RED"), "{reasons:?}");
    assert!(decided[4].is_ok(), "{reasons:?}");
    Ok(())
}

#[test]
fn who_is_in_no_audience_gets_nothing() -> Done {
    let decided = decide(&[indicator(1, Some(Tlp::Clear)), Tlp::Clear.object()], Some("stranger.example"))?;
    assert!(decided.iter().all(|outcome| why(outcome).contains("no audience")), "{decided:?}");
    Ok(())
}

#[test]
fn a_relationship_to_what_stays_stays_too_and_marks_rise() -> Done {
    let (one, red) = (format!("indicator--{}", uuid(1)), format!("campaign--{}", uuid(2)));
    let (strict, absent) = (format!("campaign--{}", uuid(3)), format!("campaign--{}", uuid(4)));
    let all = [
        tie(10, Tlp::Clear, &one, &red),
        tie(11, Tlp::Clear, &one, &strict),
        tie(12, Tlp::Clear, &one, &absent),
        indicator(1, Some(Tlp::Clear)),
        campaign(2, Some(Tlp::Red)),
        campaign(3, Some(Tlp::AmberStrict)),
    ];
    let decided = decide(&all, None)?;
    assert!(why(&decided[0]).contains("target_ref"), "{decided:?}");
    assert_eq!(decided[1].as_ref().map(|preview| preview.tlp), Ok(Tlp::AmberStrict));
    assert!(decided[1].as_ref().is_ok_and(|preview| preview.text.contains(Tlp::AmberStrict.id())));
    assert!(why(&decided[2]).contains("target_ref"), "{decided:?}");
    // The indicator itself names nobody: it rises only to the profile's least.
    assert_eq!(decided[3].as_ref().map(|preview| preview.tlp), Ok(Tlp::Amber));
    for outcome in decided.iter().flatten() {
        assert!(!outcome.text.contains(&red) && !outcome.text.contains(&absent));
    }
    Ok(())
}

#[test]
fn order_never_shows() -> Done {
    let (one, two) = (format!("indicator--{}", uuid(1)), format!("campaign--{}", uuid(2)));
    let mut all = vec![
        tie(10, Tlp::Clear, &one, &two),
        tie(11, Tlp::Clear, &two, &format!("relationship--{}", uuid(10))),
        indicator(1, Some(Tlp::AmberStrict)),
        campaign(2, Some(Tlp::Green)),
        tie(12, Tlp::Clear, &one, &format!("campaign--{}", uuid(3))),
        campaign(3, Some(Tlp::Red)),
    ];
    let texts = |all: &[String]| -> Result<std::collections::BTreeSet<String>, Box<dyn std::error::Error>> {
        Ok(decide(all, None)?.into_iter().flatten().map(|preview| preview.text).collect())
    };
    let before = texts(&all)?;
    assert_eq!(before.len(), 4);
    // Through two references.
    assert!(before.iter().filter(|text| text.contains(Tlp::AmberStrict.id())).count() == 3, "{before:#?}");
    all.reverse();
    assert_eq!(texts(&all)?, before);
    Ok(())
}
