//! Resources: discovery, API roots, collections, status, and what isn't there.
//! In: requests of clients that may. Out: exactly TAXII's resources.
//! Invariant: what is unknown is 404, never 500.
//! Not here: objects (`paging.rs`, `filters.rs`).

use serde_json::json;

use crate::lab::{Lab, Tested, envelope, id, object, some};

#[tokio::test]
async fn discovery_leads_to_collections() -> Tested {
    let lab = Lab::new().await?;
    let said = lab.get("both", "/taxii2/").await?;
    // The second root has nothing for this client.
    assert_eq!(said.json(), json!({"title": "Stillwatch", "default": "/trust/", "api_roots": ["/trust/"]}));
    assert_eq!(lab.get("stranger", "/taxii2/").await?.json()["api_roots"], json!(["/trust/", "/second/"]));
    let said = lab.get("both", "/trust/").await?;
    let root = json!({
        "title": "Trust group",
        "versions": ["application/taxii+json;version=2.1"],
        "max_content_length": 16 << 20,
    });
    assert_eq!(said.json(), root);
    assert_eq!(lab.get("both", "/second/").await?.status, 404);
    assert_eq!(lab.get("stranger", "/second/").await?.status, 200);
    let said = lab.get("both", "/trust/collections/").await?;
    let shared = json!({
        "id": lab.collections[0].id, "title": "The shared", "alias": "shared", "can_read": true, "can_write": true,
        "media_types": ["application/stix+json;version=2.1"],
    });
    let inbox = json!({
        "id": lab.collections[1].id, "title": "The inbox", "alias": "inbox", "can_read": false, "can_write": true,
        "media_types": ["application/stix+json;version=2.1"],
    });
    assert_eq!(said.json(), json!({"collections": [shared, inbox]}));
    for name in ["shared", lab.collections[0].id.as_str()] {
        assert_eq!(lab.get("both", &format!("/trust/collections/{name}/")).await?.json(), shared);
    }
    assert_eq!(lab.get("nobody", "/trust/collections/").await?.json(), json!({}));
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_404() -> Tested {
    let lab = Lab::new().await?;
    lab.put(&some(1)).await?;
    let there = id("tool", 0);
    for path in [
        "/",
        "/nowhere/",
        "/nowhere/collections/",
        "/nowhere/collections/shared/objects/",
        "/trust/nowhere/",
        "/trust/collections/nowhere/",
        "/trust/collections/nowhere/objects/",
        "/trust/collections/8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f/manifest/",
        "/trust/collections/elsewhere/",
        "/second/collections/shared/objects/",
        "/trust/collections/shared/objects/tool--8e2e2d2b-17d4-4cbf-938f-000000000009/",
        "/trust/collections/shared/objects/tool--8e2e2d2b-17d4-4cbf-938f-000000000009/versions/",
        "/trust/collections/shared/objects/nonsense/",
        "/trust/collections/shared/objects/%00/",
        "/trust/collections/%F0%9F%98%80/objects/",
        "/trust/status/nonsense/",
        "/trust/status/8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f/",
        "/trust/collections/shared/objects/x/versions/y/",
        "/taxii2/x",
    ] {
        assert_eq!(lab.get("both", path).await?.status, 404, "{path}");
    }
    // No text at all.
    let odd = lab.get("both", "/trust/collections/%FF/objects/").await?.status.as_u16();
    assert!(odd == 400 || odd == 404, "{odd}");
    // An object that is there, of which nothing fits, isn't unknown.
    for path in ["", "versions/"] {
        let path = format!("objects/{there}/{path}?added_after=2100-01-01T00:00:00Z");
        let said = lab.shared(&path).await?;
        assert_eq!((said.status.as_u16(), said.text.as_str()), (200, "{}"), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_status_tells_of_each_object() -> Tested {
    let lab = Lab::new().await?;
    let good = object("tool", 1, "2020-01-02T00:00:00.000Z");
    let mut objects = vec![
        good.clone(),
        r#"{"type":"tool","id":"tool--nonsense","spec_version":"2.1"}"#.to_owned(),
        "17".to_owned(),
        good.clone(),
        good.replace("é 1", "other"),
        object("tool", 2, "yesterday"),
        r#"{"type":"mutex","id":"mutex--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f","name":"m"}"#.to_owned(),
        r#"{"type":"indicator","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2020-01-02T00:00:00.000Z"}"#
            .to_owned(),
        object("tool", 3, "2020-01-02T00:00:00Z"),
    ];
    let said = lab.post("both", "shared", &envelope(&objects)).await?;
    assert_eq!(said.status, 202);
    let status = said.json();
    let counts = ["total_count", "success_count", "failure_count", "pending_count"].map(|c| status[c].as_u64());
    assert_eq!(counts, [Some(9), Some(4), Some(5), Some(0)], "{}", said.text);
    assert_eq!(status["status"], "complete");
    let mut failures = Vec::new();
    for failure in status["failures"].as_array().into_iter().flatten() {
        assert!(failure["message"].as_str().is_some_and(|m| !m.is_empty()));
        assert!(failure["version"].is_string());
        failures.push(failure["id"].as_str().unwrap_or_default().to_owned());
    }
    let expected = [
        "tool--nonsense",
        "unknown",
        &id("tool", 1),
        &id("tool", 2),
        "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
    ];
    assert_eq!(failures, expected);
    // The version is given back as it was sent; that of an object without is when it was added.
    let versions: Vec<_> = status["successes"].as_array().into_iter().flatten().map(|s| s["version"].clone()).collect();
    assert_eq!(versions[0], "2020-01-02T00:00:00.000Z");
    assert_eq!(versions[3], "2020-01-02T00:00:00Z");
    let manifest = lab.shared("manifest/").await?.json();
    assert_eq!(manifest["objects"][1]["date_added"], versions[2]);

    let path = format!("/trust/status/{}/", status["id"].as_str().unwrap_or_default());
    assert_eq!(lab.get("both", &path).await?.json(), status);
    assert_eq!(lab.get("admin", &path).await?.json(), status);
    for other in ["reader", "writer", "hub", "nobody"] {
        assert_eq!(lab.get(other, &path).await?.status, 404);
    }
    assert_eq!(lab.get("both", &path.replace("/trust/", "/second/")).await?.status, 404);
    // What was sent again is no failure.
    objects.truncate(1);
    let again = lab.post("both", "shared", &envelope(&objects)).await?.json();
    assert_eq!((again["success_count"].as_u64(), again["failures"].is_null()), (Some(1), true));
    Ok(())
}

#[tokio::test]
async fn whether_it_lives_anybody_may_ask() -> Tested {
    let lab = Lab::new().await?;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(lab.send(lab.request("", "GET", path, &[], "")?).await?.status, 200, "{path}");
    }
    for (who, status) in [("", 401), ("both", 403), ("viewer", 403), ("hub", 403), ("auditor", 200), ("admin", 200)] {
        assert_eq!(lab.send(lab.request(who, "GET", "/metrics", &[], "")?).await?.status, status, "{who}");
    }
    lab.put(&some(3)).await?;
    lab.shared("objects/?limit=2").await?;
    let text = lab.send(lab.request("admin", "GET", "/metrics", &[], "")?).await?.text;
    for line in [
        "stillwatch_objects_received_total{outcome=\"taken\"} 3",
        "stillwatch_objects_sent_total 2",
        "stillwatch_requests_total{route=\"/{root}/collections/{collection}/objects/\",method=\"POST\",status=\"202\"} 1",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("shared"), "no names in figures");
    Ok(())
}
