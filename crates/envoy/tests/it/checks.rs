//! Checks: what Envoy is told of requests.
//! In: accounts, clients and addresses, where Envoy has them. Out: served, with headers; 401; 403.
//! Invariant: no header that a client sent under a name of ours reaches anybody.
//! Not here: who may ask (`strangers.rs`).

use envoy_types::pb::envoy::config::core::v3::{HeaderMap, HeaderValue, Metadata};
use envoy_types::pb::envoy::service::auth::v3::CheckRequest;
use envoy_types::pb::google::protobuf::value::Kind as Is;
use envoy_types::pb::google::protobuf::{Struct, Value};
use stillwatch_gate::{Action, Kind};

use super::{Fixture, Tested, asks};

const ACCOUNT: &str = "x-stillwatch-account";

fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.decide(Kind::Account, "blocked", Action::Block);
    fixture.decide(Kind::Account, "challenged", Action::Challenge);
    fixture.decide(Kind::Account, "slowed", Action::Throttle { requests_per_minute: 30 });
    let less = Action::Degrade { withhold_reasoning: true, max_output_tokens: Some(512), withhold_logprobs: true };
    fixture.decide(Kind::Account, "degraded", less);
    fixture.decide(Kind::Account, "let-through", Action::Allow);
    fixture.decide(Kind::Network, "203.0.113.0/24", Action::Challenge);
    fixture.decide(Kind::Network, "2001:db8::/48", Action::Block);
    fixture
}

#[tokio::test]
async fn what_is_decided_is_told() -> Tested {
    let mut client = fixture().client().await?;
    let blocked = client.check(asks(&[(ACCOUNT, "blocked")], "")).await?;
    assert_eq!((blocked.code, blocked.status, blocked.header("x-stillwatch-decision")), (7, Some(403), Some("1")));
    assert_eq!(blocked.body, r#"{"error":"reviewed","decision":1}"#);
    assert_eq!(blocked.header("content-type"), Some("application/json"));
    let challenged = client.check(asks(&[(ACCOUNT, "challenged")], "")).await?;
    assert_eq!((challenged.code, challenged.status), (16, Some(401)));
    let slowed = client.check(asks(&[(ACCOUNT, "slowed")], "")).await?;
    assert_eq!((slowed.code, slowed.status), (0, None));
    assert_eq!(slowed.header("x-stillwatch-requests-per-minute"), Some("30"));
    let degraded = client.check(asks(&[(ACCOUNT, "degraded")], "")).await?;
    assert_eq!(degraded.header("x-stillwatch-withhold-reasoning"), Some("1"));
    assert_eq!(degraded.header("x-stillwatch-max-output-tokens"), Some("512"));
    // Whatever is ours is set or removed, and nothing is both: Envoy removes after it set.
    for said in [&slowed, &degraded] {
        let mut all: Vec<&str> = said.headers.iter().map(|(name, _)| name.as_str()).collect();
        all.extend(said.removed.iter().map(String::as_str));
        all.sort_unstable();
        let names = ["action", "code", "decision", "max-output-tokens", "requests-per-minute", "ttl"];
        let names = names.into_iter().chain(["withhold-logprobs", "withhold-reasoning"]);
        assert_eq!(all, names.map(|name| format!("x-stillwatch-{name}")).collect::<Vec<_>>());
    }
    assert!(slowed.removed.contains(&"x-stillwatch-withhold-reasoning".to_owned()));
    let unknown = client.check(asks(&[(ACCOUNT, "somebody")], "")).await?;
    assert_eq!((unknown.code, unknown.header("x-stillwatch-action")), (0, Some("allow")));
    assert!(unknown.removed.contains(&"x-stillwatch-decision".to_owned()), "{unknown:?}");
    Ok(())
}

#[tokio::test]
async fn addresses_are_those_that_envoy_saw() -> Tested {
    let mut client = fixture().client().await?;
    let claimed =
        [("x-forwarded-for", "203.0.113.9"), ("x-real-ip", "203.0.113.9"), ("x-stillwatch-ip", "203.0.113.9")];
    assert_eq!(client.check(asks(&claimed, "192.0.2.1")).await?.code, 0, "headers say nothing of addresses");
    assert_eq!(client.check(asks(&[], "203.0.113.9")).await?.status, Some(401));
    assert_eq!(client.check(asks(&[], "::ffff:203.0.113.9")).await?.status, Some(401));
    assert_eq!(client.check(asks(&[], "2001:db8::1")).await?.status, Some(403));
    for odd in ["", "/run/envoy.sock", "203.0.113.9:80", "x"] {
        assert_eq!(client.check(asks(&[(ACCOUNT, "slowed")], odd)).await?.code, 0, "{odd}");
    }
    // An exception for the account wins over its network.
    assert_eq!(client.check(asks(&[(ACCOUNT, "let-through")], "203.0.113.9")).await?.code, 0);
    assert_eq!(client.check(CheckRequest::default()).await?.code, 0, "nothing is known: nothing is decided");
    Ok(())
}

/// With what the operator tells of the account, by the route and by filters.
fn told(mut check: CheckRequest, route: Option<&str>, filter: Option<Is>) -> CheckRequest {
    let Some(attributes) = &mut check.attributes else { return check };
    attributes.context_extensions.extend(route.map(|account| (ACCOUNT.to_owned(), account.to_owned())));
    let fields = filter.map(|kind| (ACCOUNT.to_owned(), Value { kind: Some(kind) })).into_iter().collect();
    let filter_metadata = [("stillwatch".to_owned(), Struct { fields })].into_iter().collect();
    attributes.metadata_context = Some(Metadata { filter_metadata, ..Default::default() });
    check
}

#[tokio::test]
async fn no_header_counts_where_the_operator_tells_who_asks() -> Tested {
    let mut client = fixture().client().await?;
    let forged = || asks(&[(ACCOUNT, "let-through")], "203.0.113.9");
    assert_eq!(
        client.check(told(forged(), None, None)).await?.code,
        0,
        "nothing is told: the header is the operator's"
    );
    let text = |text: &str| Some(Is::StringValue(text.to_owned()));
    for (route, filter) in [
        (Some("blocked"), None),
        (Some("blocked"), text("let-through")),
        (None, text("blocked")),
        (Some(""), text("blocked")),
    ] {
        let said = client.check(told(forged(), route, filter.clone())).await?;
        assert_eq!(said.status, Some(403), "{route:?} {filter:?}");
    }
    // Nobody, or what isn't text: then the network alone counts.
    for (route, filter) in [(Some(""), None), (None, text("")), (None, Some(Is::NumberValue(1.0)))] {
        let said = client.check(told(forged(), route, filter.clone())).await?;
        assert_eq!(said.status, Some(401), "{route:?} {filter:?}");
    }
    Ok(())
}

#[tokio::test]
async fn raw_headers_are_read_too() -> Tested {
    let mut client = fixture().client().await?;
    let raw = |headers: &[(&str, &[u8])]| {
        let mut check = asks(&[], "");
        let http = check.attributes.as_mut().and_then(|all| all.request.as_mut()?.http.as_mut());
        let headers = headers.iter().map(|(key, raw)| HeaderValue {
            key: (*key).to_owned(),
            raw_value: raw.to_vec(),
            ..Default::default()
        });
        if let Some(http) = http {
            http.header_map = Some(HeaderMap { headers: headers.collect() });
        }
        check
    };
    assert_eq!(client.check(raw(&[(ACCOUNT, b"blocked")])).await?.status, Some(403));
    // What a filter of Envoy's added behind a client's own.
    assert_eq!(client.check(raw(&[(ACCOUNT, b"let-through"), (ACCOUNT, b"blocked")])).await?.status, Some(403));
    assert_eq!(client.check(raw(&[(ACCOUNT, b"\xff\xfe")])).await?.code, 0, "no text is no account");
    Ok(())
}

#[tokio::test]
async fn a_decision_holds_for_the_next_request() -> Tested {
    let mut fixture = fixture();
    let mut client = fixture.client().await?;
    assert_eq!(client.check(asks(&[(ACCOUNT, "new")], "")).await?.code, 0);
    fixture.decide(Kind::Account, "new", Action::Block);
    assert_eq!(client.check(asks(&[(ACCOUNT, "new")], "")).await?.status, Some(403));
    Ok(())
}
