//! Trends: what is told over HTTP of weeks that are over.
//! In: objects of members in collections of different readers. Out: cells of the collections that the asker may read.
//! Invariant: who may not read a collection learns nothing of it; odd intervals are whole weeks.
//! Not here: counting (`track/tests`), roles (`groups.rs`).

use serde_json::json;
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::effect::effect;
use stillwatch_stix::marking::Tlp;
use stillwatch_track::exchange::{Came, NewCollection, Right, add, allow, make_collection};
use stillwatch_track::trends::{WEEK, settle};

use crate::hub::{hub, marked};
use crate::lab::{Lab, Tested, envelope, id};

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

#[tokio::test]
async fn readers_see_cells_of_what_they_read() -> Tested {
    let lab = Lab::with(hub()).await?;
    let (shared, other) = (lab.collections[0].number, lab.collections[2].number);
    for (client, collection) in [("writer", other), ("both", other), ("stranger", shared)] {
        allow(&lab.node.store, client, Right { collection, can_read: false, can_write: true }).await?;
    }
    lab.node.refresh().await?;
    // What came three weeks ago, and what came in this one.
    let mut n = 0;
    for (at, collection) in [(0, 0), (0, 2), (1, 0)] {
        for source in ["both", "writer", "stranger"] {
            n += 1;
            let (id, json) = (id("tool", n), marked(n, &[Tlp::Green.id()]));
            let version = Some("2020-01-02T00:00:00.000Z");
            let came = Came { id: &id, version, kind: "tool", tlp: 1, pap: 2, json: &json };
            let clock: fn() -> i64 = if at == 0 { || now() - 3 * WEEK } else { now };
            add(&lab.node.store, &lab.collections[collection], source, &[came], clock, &|_| Ok(None)).await?;
        }
    }
    assert_eq!(settle(&lab.node.store, now()).await?, 1);
    let current = format!("/api/v1/trends?from={}&to=2999-01-01", stillwatch_track::instant(now()));
    assert_eq!(lab.get("admin", &current).await?.json()["weeks"], json!([]), "the current week isn't told");
    let told = async |who: &str| -> Tested<serde_json::Value> {
        let json = lab.get(who, "/api/v1/trends").await?.json();
        assert_eq!(json["contributors_at_least"], 3);
        Ok(json["weeks"].as_array().and_then(|w| w.first()).map_or(json!(null), |w| w["types"].clone()))
    };
    for (who, objects) in [("admin", 6), ("both", 3), ("reader", 3), ("auditor", 3)] {
        assert_eq!(told(who).await?, json!([{"type": "tool", "objects": objects}]), "{who}");
    }
    for who in ["nobody", "writer"] {
        assert_eq!(told(who).await?, json!(null), "{who} reads nothing");
    }
    Ok(())
}

#[tokio::test]
async fn effects_are_told_to_those_who_contribute_and_never_one_by_one() -> Tested {
    let lab = Lab::with(hub()).await?;
    let new = NewCollection {
        id: None,
        root: "trust".into(),
        alias: Some("effects".into()),
        title: "How campaigns fared".into(),
        description: None,
        can_read: false,
        can_write: true,
        profile: None,
        most_tlp: 2,
        most_pap: 3,
    };
    let effects = make_collection(&lab.node.store, &new, 1).await?;
    for client in ["both", "writer", "stranger"] {
        let right = Right { collection: effects.number, can_read: true, can_write: true };
        allow(&lab.node.store, client, right).await?;
    }
    lab.node.refresh().await?;
    let campaign = "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
    let said = |who: &str, percent: f64| {
        let by = Producer { name: who.to_owned(), ..Producer::default() };
        effect(&by, campaign, percent, "2020-01-02T00:00:00Z", Tlp::Green)
    };
    let refused = lab.post("both", "shared", &envelope(&[said("both", -80.0)])).await?.json();
    assert!(refused["failures"][0]["message"].as_str().is_some_and(|why| why.contains("nobody can read")), "{refused}");
    assert_eq!(lab.get("both", "/trust/collections/effects/objects/").await?.status, 403, "nobody reads it");
    // What came three weeks ago.
    for (who, percent) in [("both", -80.0), ("writer", -90.0), ("stranger", -50.0)] {
        let json = said(&format!("{who} before"), percent);
        let value: serde_json::Value = serde_json::from_str(&json)?;
        let (id, version) = (value["id"].as_str().unwrap_or_default(), Some("2020-01-02T00:00:00.000Z"));
        let came = Came { id, version, kind: "campaign-effect", tlp: 1, pap: 2, json: &json };
        add(&lab.node.store, &effects, who, &[came], || now() - 3 * WEEK, &|_| Ok(None)).await?;
    }
    let taken = lab.post("both", "effects", &envelope(&[said("both", -80.0)])).await?.json();
    assert_eq!(taken["success_count"], 1, "{taken}");
    settle(&lab.node.store, now()).await?;
    let told = async |who: &str| -> Tested<serde_json::Value> {
        let json = lab.get(who, "/api/v1/trends").await?.json();
        Ok(json["weeks"].as_array().and_then(|weeks| weeks.first()).cloned().unwrap_or_default())
    };
    for who in ["both", "writer", "stranger", "admin"] {
        let week = told(who).await?;
        assert_eq!(week["effects"], json!([{"campaign": campaign, "volume_change_percent": -70}]), "{who}");
        assert_eq!(week["types"], json!([]), "{who}");
    }
    assert_eq!(told("reader").await?, json!(null), "who contributes nothing is told nothing");
    Ok(())
}
