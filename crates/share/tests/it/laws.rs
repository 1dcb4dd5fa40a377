//! No input, however odd, makes a field leave that no rule names.
//! In: objects of any type with any properties, nested anyhow. Out: passes or fails.
//! Invariant: judged by reading the rules' text anew, not by the code that decides.
//! Not here: what is in fields that rules name (`secrets.rs`).

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Draft, Set, fields, kinds};
use stillwatch_stix::extension::DEFINITIONS;
use stillwatch_stix::marking::{Pap, Tlp};

#[path = "../../../../fuzz/bodies/profile.rs"]
mod body;
#[path = "../../../../fuzz/bodies/scan.rs"]
mod scan;

use crate::fixture::{PROFILES, draft, files, recipient};

/// Names of properties: known ones, near ones, and any.
fn name() -> impl Strategy<Value = String> {
    let mut known: Vec<String> =
        fields().iter().flat_map(|field| field.path.split('.')).map(|name| name.replace("[]", "")).collect();
    known.extend(DEFINITIONS.iter().map(|definition| definition.id.to_owned()));
    known.extend(["extensions.handling", "x_secret", "", "Name", "granular_markings"].map(str::to_owned));
    known.sort();
    known.dedup();
    prop_oneof![6 => proptest::sample::select(known), 1 => ".{0,12}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,24}".prop_map(Value::from),
        "[a-z-]{1,12}".prop_map(Value::from),
        Just(json!("2026-05-01T10:11:12Z")),
        Just(json!("198.51.100.7")),
        Just(json!("property-extension")),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(name(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// An object that has what it needs, with anything else in it.
fn object() -> impl Strategy<Value = Value> {
    let odd = proptest::collection::hash_map(name(), value(), 0..12);
    (proptest::sample::select(kinds()), odd, any::<bool>()).prop_map(|(kind, odd, needed)| {
        let mut all: Map<String, Value> = odd.into_iter().collect();
        if needed {
            for (name, value) in [
                ("name", json!("Quiet Heron")),
                ("pattern", json!("[ipv4-addr:value = '198.51.100.1']")),
                ("pattern_type", json!("stix")),
                ("valid_from", json!("2026-05-01T00:00:00Z")),
                ("identity_class", json!("organization")),
                ("value", json!("198.51.100.1")),
                ("number", json!(64_500)),
                ("content", json!("Came back.")),
            ] {
                all.insert(name.to_owned(), value);
            }
        }
        all.insert("type".to_owned(), json!(kind));
        all.insert("id".to_owned(), json!(format!("{kind}--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f")));
        all.insert("spec_version".to_owned(), json!("2.1"));
        all.insert("created".to_owned(), json!("2026-05-01T00:00:00Z"));
        all.insert("modified".to_owned(), json!("2026-05-01T00:00:00Z"));
        all.insert("object_marking_refs".to_owned(), json!([Tlp::Clear.id(), Pap::Clear.id()]));
        all.remove("granular_markings");
        Value::Object(all)
    })
}

static DRAFTS: LazyLock<Vec<Draft>> = LazyLock::new(|| PROFILES.iter().filter_map(|name| draft(name).ok()).collect());

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_leaves_that_no_rule_names(all in proptest::collection::vec(object(), 1..8)) {
        prop_assert_eq!(DRAFTS.len(), PROFILES.len());
        for draft in DRAFTS.iter() {
            let name = &draft.about.name;
            let texts: Vec<String> = all.iter().map(Value::to_string).collect();
            let set = Set::of(texts.iter().map(String::as_str));
            let scanners = Scanners::default();
            let desk = Desk::new(draft, recipient(draft), &scanners);
            for preview in desk.decide(&set).into_iter().flatten() {
                let unnamed = body::unnamed(draft, &preview.kind, &preview.text);
                prop_assert_eq!(unnamed, None, "{}: of {}: {}", name, preview.kind, preview.text);
                let value: Value = serde_json::from_str(&preview.text).map_err(|e| TestCaseError::fail(e.to_string()))?;
                let canonical = stillwatch_model::canonical::encode(&value).unwrap_or_default();
                prop_assert_eq!(preview.text.as_bytes(), canonical);
            }
        }
    }

    #[test]
    fn any_text_is_an_object_or_is_refused(text in ".{0,200}") {
        let set = Set::of([text.as_str()]);
        prop_assert_eq!(set.len() + set.refused.len(), 1);
    }

}

proptest! {
    // Each asks every question that there is.
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn any_files_are_a_profile_or_are_refused(
        name in proptest::sample::select(vec!["profile.toml", "policies.cedar", "minimise.toml", "schema.cedarschema", "cases.toml"]),
        from in proptest::sample::select(PROFILES.to_vec()),
        at in 0.0..1.0,
        cut in 0_usize..40,
        put in ".{0,16}",
    ) {
        let mut all = files(from).map_err(|e| TestCaseError::fail(e.to_string()))?;
        if let Some(bytes) = all.get_mut(name) {
            let at = (bytes.len() as f64 * at) as usize;
            bytes.splice(at..(at + cut).min(bytes.len()), put.bytes());
        }
        body::run(&body::written(&all));
        body::run(put.as_bytes());
    }

    #[test]
    fn any_bytes_are_looked_at_the_same_twice(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        scan::run(&bytes);
        scan::run(text.as_bytes());
    }
}

#[test]
fn shipped_profiles_keep_the_laws() -> crate::fixture::Done {
    for name in PROFILES {
        body::run(&body::written(&files(name)?));
    }
    Ok(())
}
