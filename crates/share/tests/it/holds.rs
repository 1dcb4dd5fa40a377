//! What a hostile insider might try: an expired object, somebody else's identity, a neighbour named in words.
//! In: small sets under shipped profiles. Out: passes or fails.
//! Invariant: each attempt stands beside the same thing done honestly, which leaves.
//! Not here: markings and references (`references.rs`), secrets (`secrets.rs`).

use serde_json::{Value, json};
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Set, minimise, why};
use stillwatch_stix::extension::HANDLING;
use stillwatch_stix::marking::{Pap, Tlp};

use crate::fixture::{Done, NOW, draft, profile, recipient};

fn uuid(n: u32) -> String {
    format!("8e2e2d2b-17d4-4cbf-938f-{n:012x}")
}

fn object(kind: &str, n: u32, tlp: Tlp, more: &Value) -> String {
    let mut all = json!({
        "type": kind, "id": format!("{kind}--{}", uuid(n)), "spec_version": "2.1",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "object_marking_refs": [tlp.id(), Pap::Amber.id()],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        all[name.as_str()] = value.clone();
    }
    all.to_string()
}

fn left(texts: &[String], name: &str) -> Result<Vec<Result<String, String>>, Box<dyn std::error::Error>> {
    let draft = draft(name)?;
    let set = Set::of(texts.iter().map(String::as_str));
    let scanners = Scanners::default();
    let desk = Desk::new(&draft, recipient(&draft), &scanners).at(NOW.parse()?);
    Ok(desk.decide(&set).into_iter().map(|one| one.map(|p| p.text).map_err(|held| held.why)).collect())
}

fn indicator(n: u32, more: &Value) -> String {
    let mut all = json!({"pattern": "[ipv4-addr:value = '198.51.100.1']", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00.000Z"});
    for (name, value) in more.as_object().into_iter().flatten() {
        all[name.as_str()] = value.clone();
    }
    object("indicator", n, Tlp::Green, &all)
}

#[test]
fn what_has_expired_stays_and_takes_those_with_it_that_need_it() -> Done {
    let expires =
        |time: &str| json!({"extensions": {HANDLING: {"extension_type": "property-extension", "expires": time}}});
    let source = format!("indicator--{}", uuid(1));
    let tie = object(
        "relationship",
        9,
        Tlp::Green,
        &json!({"relationship_type": "based-on", "source_ref": source, "target_ref": source}),
    );
    for (time, leaves) in [("2026-12-01T00:00:00.000Z", true), ("2026-11-01T00:00:00.000Z", false), ("soon", false)] {
        let all = [indicator(1, &expires(time)), tie.clone()];
        let left = left(&all, "conservative")?;
        assert!(left.iter().all(|one| one.is_ok() == leaves), "{time}: {left:?}");
        let profile = profile("conservative")?;
        let set = Set::of(all.iter().map(String::as_str));
        let released = minimise(&set, &recipient(profile.draft()), &profile, &Scanners::default());
        assert!(released.iter().all(|one| one.is_ok() == leaves), "{time}");
    }
    Ok(())
}

#[test]
fn an_identity_leaves_only_as_the_one_who_tells() -> Done {
    let organisation =
        |n, name: &str| object("identity", n, Tlp::Green, &json!({"name": name, "identity_class": "organization"}));
    let all = [
        organisation(1, "Example Lab"),
        organisation(2, "Example Customer"),
        indicator(3, &json!({"created_by_ref": format!("identity--{}", uuid(1))})),
    ];
    let left = left(&all, "conservative")?;
    assert!(left[0].is_ok() && left[2].is_ok(), "{left:?}");
    assert!(left[1].as_ref().is_err_and(|why| why.contains("only as the one who tells")), "{left:?}");
    Ok(())
}

#[test]
fn a_neighbour_that_stays_is_not_named_in_words_either() -> Done {
    let campaign = |tlp| object("campaign", 2, tlp, &json!({"name": "Quiet Heron"}));
    let note = |about: &str| {
        let more = json!({"content": format!("See also {about}, the same."), "object_refs": [format!("indicator--{}", uuid(1))]});
        object("note", 5, Tlp::Green, &more)
    };
    let id = format!("campaign--{}", uuid(2));
    let first = left(&[indicator(1, &json!({})), campaign(Tlp::Green), note(&id)], "internal")?;
    assert!(first[2].as_ref().is_ok_and(|text| text.contains(&id)), "{first:?}");
    for all in [
        vec![indicator(1, &json!({})), campaign(Tlp::Red), note(&id)],
        vec![indicator(1, &json!({})), indicator(4, &json!({})), note(&id)],
    ] {
        // What can't be said isn't, and a note without content says nothing.
        let left = left(&all, "government")?;
        assert!(left.iter().flatten().all(|text| !text.contains(&id)), "{left:?}");
    }
    // Named in words, a stricter neighbour raises the marking too.
    let strict = left(&[indicator(1, &json!({})), campaign(Tlp::AmberStrict), note(&id)], "internal")?;
    assert!(strict[2].as_ref().is_ok_and(|text| text.contains(Tlp::AmberStrict.id())), "{strict:?}");
    // Nor in a word of a vocabulary, which an id would fit into.
    let named = [indicator(1, &json!({"indicator_types": [id, "anonymization"]}))];
    assert!(left(&named, "conservative")?[0].as_ref().is_ok_and(|text| !text.contains("campaign--")));
    Ok(())
}

#[test]
fn why_a_member_sees_a_field_is_told_with_grounds() -> Done {
    let draft = draft("conservative")?;
    let texts = [indicator(1, &json!({"name": "Exit address", "description": "Seen by somebody", "x_ticket": "7"}))];
    let set = Set::of(texts.iter().map(String::as_str));
    let id = format!("indicator--{}", uuid(1));
    let ask =
        |path: &str| why(&draft, &recipient(&draft), &Scanners::default(), &set, &id, path).ok_or("not in the set");
    let told = ["indicator.pattern", "description", "valid_until", "x_ticket"]
        .map(ask)
        .into_iter()
        .collect::<Result<String, _>>()?;
    insta::assert_snapshot!("why", told);
    Ok(())
}
