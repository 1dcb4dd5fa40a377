//! Plans: presets, and plans written in files.
//! In: JSON. Out: `Plan`s.
//! Invariant: unknown fields are refused, absent ones have defaults.
//! Not here: what plans make (`laws.rs`).

use stillwatch_synth::{Plan, Shape, accounts};

#[test]
fn a_plan_survives_being_written() {
    for plan in [Plan::default(), Plan::demo(), Plan::quiet()] {
        let text = serde_json::to_string(&plan).unwrap();
        assert!(text.contains("2026-03-02T00:00:00"));
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}

#[test]
fn absent_fields_have_defaults_and_unknown_ones_are_refused() {
    let plan: Plan = serde_json::from_str(
        r#"{"days": 3, "start": "2026-05-01T00:00:00Z", "campaigns": [{"shape": "extract-tags"}]}"#,
    )
    .unwrap();
    assert_eq!(plan.days, 3);
    assert_eq!(plan.campaigns[0].shape, Shape::ExtractTags);
    assert_eq!(plan.campaigns[0].accounts, 60);
    assert!(serde_json::from_str::<Plan>(r#"{"day": 3}"#).is_err());
    assert!(serde_json::from_str::<Plan>(r#"{"campaigns": [{"proxy": 3}]}"#).is_err());
    assert!(serde_json::from_str::<Plan>(r#"{"start": "yesterday"}"#).is_err());
}

#[test]
fn odd_plans_make_odd_worlds_not_panics() {
    for text in [
        r#"{"days": 0, "honest_accounts": 1}"#,
        r#"{"honest_accounts": 0, "campaigns": []}"#,
        r#"{"honest_accounts": 0, "campaigns": [{"accounts": 0, "probes": 5}]}"#,
        r#"{"honest_accounts": 5, "days": 1, "exchanges": 1, "campaigns": [{"start_day": 4, "banned_day": 2, "successors": 3}]}"#,
        r#"{"honest_accounts": 0, "days": 2, "campaigns": [{"hours": [9, 9], "proxies": 0, "aggregator": 1.0, "exchanges": 50}]}"#,
        r#"{"honest_accounts": 0, "days": 2, "release_day": 90, "campaigns": [{"end_day": 90, "burst_days": 0, "balance": 9}]}"#,
    ] {
        let plan: Plan = serde_json::from_str(text).unwrap();
        let world = accounts(&plan);
        let count = world.exchanges().count();
        assert!(count < 600_000, "{text}: {count}");
    }
}

#[test]
fn the_demo_is_small() {
    let world = accounts(&Plan::demo());
    let count = world.exchanges().count();
    assert!((30_000..60_000).contains(&count), "{count}");
}
