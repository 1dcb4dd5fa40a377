//! No input, however odd, makes a field leave that no rule names.
//! In: objects of any type with any properties, nested anyhow. Out: passes or fails.
//! Invariant: judged by reading the rules' text anew, not by the code that decides.
//! Not here: what is in fields that rules name (`secrets.rs`).

use std::collections::BTreeSet;

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Desk, Draft, Set, fields, kinds};
use stillwatch_stix::extension::DEFINITIONS;
use stillwatch_stix::marking::{Pap, Tlp};

use crate::fixture::{PROFILES, draft, recipient};

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

/// Paths of everything in a value that isn't an object, extensions by name.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let known = DEFINITIONS.iter().find(|definition| definition.id == name);
                let name = known.map_or(name.clone(), |definition| format!("<{}>", definition.name));
                paths(value, &if path.is_empty() { name } else { format!("{path}.{name}") }, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{path}[]"), found)),
        _ => {
            found.insert(path.to_owned());
        }
    }
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
                if preview.kind == "marking-definition" || preview.kind == "extension-definition" {
                    continue;
                }
                let value: Value = serde_json::from_str(&preview.text).map_err(|e| TestCaseError::fail(e.to_string()))?;
                let mut found = BTreeSet::new();
                paths(&value, "", &mut found);
                for path in found {
                    let named = [format!("{}.{path}", preview.kind), format!("*.{path}")];
                    prop_assert!(
                        draft.rules.iter().any(|rule| rule.fields.iter().any(|field| named.contains(field))),
                        "{name}: `{path}` of {} leaves, and no rule names it: {}", preview.kind, preview.text
                    );
                }
            }
        }
    }

    #[test]
    fn any_text_is_an_object_or_is_refused(text in ".{0,200}") {
        let set = Set::of([text.as_str()]);
        prop_assert_eq!(set.len() + set.refused.len(), 1);
    }
}
