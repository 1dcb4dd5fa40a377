//! Routes: what each of them answers, and to whom.
//! In: requests. Out: status, headers, body.
//! Invariant: every route is asked without a key, too.
//! Not here: real proxies and bouncers.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use stillwatch_gate::{Action, Kind};
use stillwatch_node::gate::router;
use tower::ServiceExt as _;

use super::{Fixture, Tested};

fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.decide(Kind::Account, "acct-1", Action::Block);
    fixture.decide(Kind::Client, "key-1", Action::Throttle { requests_per_minute: 30 });
    fixture.decide(Kind::Network, "203.0.113.0/24", Action::Challenge);
    fixture.decide(Kind::Network, "203.0.113.8", Action::Allow);
    fixture
}

#[tokio::test]
async fn nothing_is_told_without_a_key() -> Tested {
    let fixture = fixture();
    let paths = [
        ("GET", "/v1/decide"),
        ("POST", "/v1/decide"),
        ("GET", "/v1/forward"),
        ("GET", "/v1/changes"),
        ("GET", "/v1/points"),
        ("POST", "/v1/points"),
        ("GET", "/v1/decisions?ip=203.0.113.7"),
        ("GET", "/v1/decisions/stream?startup=true"),
        ("GET", "/v1/heartbeat"),
        ("POST", "/v1/usage-metrics"),
    ];
    for (method, path) in paths {
        for key in [None, Some("another"), Some("")] {
            let mut request = Request::builder().method(method).uri(path);
            if let Some(key) = key {
                request = request.header("x-api-key", key);
            }
            let response = router(fixture.gate.clone()).oneshot(request.body(Body::empty())?).await?;
            let wanted = if path == "/v1/forward" { 500 } else { 403 };
            assert_eq!(response.status().as_u16(), wanted, "{method} {path} {key:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn decide_by_query_and_by_body() -> Tested {
    let fixture = fixture();
    let get = fixture.get("/v1/decide?account=acct-1&ip=192.0.2.1").await;
    assert_eq!(get, r#"{"action":"block","code":"reviewed","ttl":10,"decision":1,"table":4}"#);
    let body = r#"{"account":"acct-9","client":"key-1","ip":"203.0.113.9"}"#;
    let post = fixture.ask("POST", "/v1/decide", &[("content-type", "application/json")], body).await;
    assert_eq!(
        post.2,
        r#"{"action":"throttle","requests_per_minute":30,"code":"reviewed","ttl":10,"decision":2,"table":4}"#
    );
    for (path, part) in [("/v1/decide?ip=203.0.113", "invalid IP"), ("/v1/decide?acount=x", "unknown field")] {
        let (status, _, body) = fixture.ask("GET", path, &[], "").await;
        assert!(status == 400 && body.contains(part), "{status} {body}");
    }
    let (status, ..) = fixture.ask("POST", "/v1/decide", &[("content-type", "application/json")], "{").await;
    assert_eq!(status, 400);
    let long = format!(r#"{{"account":"{}"}}"#, "x".repeat(1 << 17));
    let (status, ..) = fixture.ask("POST", "/v1/decide", &[("content-type", "application/json")], &long).await;
    assert_eq!(status, 413);
    fixture.pass(3_595);
    let late: Value = serde_json::from_str(&fixture.get("/v1/decide?account=acct-1").await)?;
    assert_eq!(late["ttl"], 5, "no answer outlives its decision");
    fixture.pass(5);
    let over: Value = serde_json::from_str(&fixture.get("/v1/decide?account=acct-1").await)?;
    assert_eq!(over, json!({"action": "allow", "code": "none", "ttl": 10, "table": 4}));
    Ok(())
}

#[tokio::test]
async fn forward_says_what_proxies_understand() {
    let fixture = fixture();
    let ask = async |headers: &[(&str, &str)]| {
        let (status, told, _) = fixture.ask("GET", "/v1/forward", headers, "").await;
        format!("{status}\n{told}")
    };
    let blocked = ask(&[("x-stillwatch-account", "acct-1")]).await;
    insta::assert_snapshot!(blocked, @r"
    403 Forbidden
    x-stillwatch-action: block
    x-stillwatch-code: reviewed
    x-stillwatch-ttl: 10
    x-stillwatch-decision: 1
    ");
    assert!(ask(&[("x-real-ip", "203.0.113.7")]).await.starts_with("401"));
    assert!(ask(&[("x-real-ip", "203.0.113.8")]).await.starts_with("200"), "let through");
    let throttled = ask(&[("x-stillwatch-client", "key-1"), ("x-forwarded-for", "203.0.113.7, 192.0.2.1")]).await;
    assert!(throttled.starts_with("200") && throttled.contains("requests-per-minute: 30"), "{throttled}");
}

#[tokio::test]
async fn a_bouncer_is_told_all_then_what_changed_and_a_lost_answer_is_made_good() -> Tested {
    let mut fixture = fixture();
    let stream = "/v1/decisions/stream";
    let all: Value = serde_json::from_str(&fixture.get(&format!("{stream}?startup=true")).await)?;
    assert_eq!(all["new"].as_array().map(Vec::len), Some(8), "a /24 without one address: {all}");
    let none: Value = serde_json::from_str(&fixture.get(stream).await)?;
    assert_eq!(none, json!({"new": [], "deleted": []}));
    fixture.decide(Kind::Network, "198.51.100.1", Action::Block);
    for answer in ["lost", "and made good"] {
        let new: Value = serde_json::from_str(&fixture.get(stream).await)?;
        assert_eq!(new["new"][0]["value"], "198.51.100.1", "{answer}");
        assert_eq!(new["new"][0]["type"], "ban");
        assert_eq!(new["new"][0]["duration"], "1h0m0s");
    }
    let none: Value = serde_json::from_str(&fixture.get(stream).await)?;
    assert_eq!(none["new"], json!([]));
    let head = fixture.ask("HEAD", &format!("{stream}?startup=true"), &[], "").await;
    assert!(head.0.is_success() && head.2.is_empty());
    fixture.pass(3_600);
    let ended: Value = serde_json::from_str(&fixture.get(stream).await)?;
    let values: Vec<&Value> = ended["deleted"].as_array().into_iter().flatten().map(|d| &d["value"]).collect();
    assert!(values.contains(&&json!("198.51.100.1")) && values.contains(&&json!("203.0.113.9")), "{ended}");
    assert_eq!(ended["new"], json!([]));
    let restarted = fixture.gate.polled();
    assert_eq!(restarted.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_bouncer_asks_for_one_address() -> Tested {
    let fixture = fixture();
    let found: Value = serde_json::from_str(&fixture.get("/v1/decisions?ip=203.0.113.7").await)?;
    assert_eq!(found[0]["type"], "captcha");
    assert_eq!(found[0]["value"], "203.0.113.0/24");
    assert_eq!(fixture.get("/v1/decisions?ip=203.0.113.8").await, "null", "let through");
    assert_eq!(fixture.get("/v1/decisions?ip=192.0.2.1").await, "null");
    assert_eq!(fixture.get("/v1/decisions?ip=203.0.113.7&type=ban").await, "null");
    assert_eq!(fixture.get("/v1/decisions?ip=203.0.113.7&origins=CAPI").await, "null");
    assert_eq!(fixture.ask("GET", "/v1/decisions?ip=x", &[], "").await.0, 400);
    assert_eq!(fixture.ask("GET", "/v1/heartbeat", &[], "").await.0, 200);
    assert_eq!(fixture.ask("POST", "/v1/usage-metrics", &[], "{}").await.0, 201);
    Ok(())
}

#[tokio::test]
async fn points_report_and_lag_is_seen() -> Tested {
    let fixture = fixture();
    let json = [("content-type", "application/json")];
    assert_eq!(fixture.ask("POST", "/v1/points", &json, r#"{"applied":2}"#).await.0, 204);
    fixture.pass(5);
    let standing: Value = serde_json::from_str(&fixture.get("/v1/points").await)?;
    assert_eq!(standing["late"][0]["point"], "edge");
    assert_eq!(standing["late"][0]["missing"], 2);
    assert_eq!(fixture.ask("POST", "/v1/points", &json, r#"{"applied":4}"#).await.0, 204);
    assert!(fixture.gate.late().is_empty());
    assert_eq!(fixture.ask("POST", "/v1/points", &json, r#"{"applied":99}"#).await.0, 204);
    let standing: Value = serde_json::from_str(&fixture.get("/v1/points").await)?;
    assert_eq!(standing["points"]["edge"]["applied"], 4, "nobody has what isn't there yet");
    Ok(())
}
