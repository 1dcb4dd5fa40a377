//! Trends: what is told over HTTP of weeks that are over.
//! In: objects of members in collections of different readers. Out: cells of the collections that the asker may read.
//! Invariant: who may not read a collection learns nothing of it; odd intervals are whole weeks.
//! Not here: counting (`track/tests`), roles (`groups.rs`).

use serde_json::json;
use stillwatch_stix::marking::Tlp;
use stillwatch_track::exchange::{Came, Right, add, allow};
use stillwatch_track::trends::{WEEK, settle};

use crate::hub::{hub, marked};
use crate::lab::{Lab, Tested, id};

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
