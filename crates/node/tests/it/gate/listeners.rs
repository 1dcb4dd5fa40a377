//! Listeners: changes as server-sent events and as webhooks.
//! In: changes. Out: what listeners are told, in order.
//! Invariant: no sleeping: what is told is waited for.
//! Not here: polling.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use stillwatch_gate::{Action, Kind};
use stillwatch_node::gate::router;
use stillwatch_node::gate::webhook::{self, Call};
use tokio::sync::Notify;
use tokio_stream::StreamExt as _;
use tower::ServiceExt as _;

use super::{Fixture, KEY, Tested};

/// Reads events until so many were told.
async fn events(fixture: &Fixture, last: Option<&str>, count: usize) -> Result<String, Box<dyn std::error::Error>> {
    let mut request = Request::builder().uri("/v1/changes").header("authorization", format!("Bearer {KEY}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = router(Arc::clone(&fixture.gate)).oneshot(request.body(Body::empty())?).await?;
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        text += std::str::from_utf8(&body.next().await.ok_or("ended")??)?;
    }
    Ok(text)
}

#[tokio::test]
async fn events_are_in_order_and_go_on_where_a_point_left() -> Tested {
    let mut fixture = Fixture::new();
    for n in 1..=5_000_u32 {
        fixture.decide(Kind::Account, &format!("acct-{n}"), Action::Block);
        if n == 900 {
            let all = events(&fixture, Some("0"), 900).await?;
            let ids: Vec<u32> = all.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
            assert_eq!(ids, (1..=900).collect::<Vec<_>>());
        }
    }
    let two = events(&fixture, Some("4998"), 2).await?;
    insta::assert_snapshot!(two);
    let lost = events(&fixture, Some("17"), 1).await?;
    assert!(lost.starts_with("event: everything\n"), "it was away too long: {lost}");
    Ok(())
}

#[tokio::test]
async fn a_listener_is_told_what_happens_next() -> Tested {
    let mut fixture = Fixture::new();
    let request = Request::builder().uri("/v1/changes").header("x-api-key", KEY).body(Body::empty())?;
    let response = router(Arc::clone(&fixture.gate)).oneshot(request).await?;
    let mut body = response.into_body().into_data_stream();
    fixture.decide(Kind::Account, "acct-1", Action::Challenge);
    let told = body.next().await.ok_or("ended")??;
    assert!(std::str::from_utf8(&told)?.contains(r#""action":"challenge""#));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn webhooks_are_repeated_until_they_arrive() -> Tested {
    let mut fixture = Fixture::new();
    for n in 0..3 {
        fixture.decide(Kind::Account, &format!("acct-{n}"), Action::Block);
    }
    let (calls, arrived) = (Arc::new(Mutex::new(Vec::<Call>::new())), Arc::new(Notify::new()));
    let send = {
        let (calls, arrived) = (Arc::clone(&calls), Arc::clone(&arrived));
        move |call: Call| {
            let mut calls = calls.lock().unwrap();
            calls.push(call);
            // The first two tries fail.
            let took = calls.len() > 2;
            if took {
                arrived.notify_one();
            }
            std::future::ready(took)
        }
    };
    let running = tokio::spawn(webhook::run(Arc::clone(&fixture.gate), "hook".to_owned(), b"secret".to_vec(), 0, send));
    arrived.notified().await;
    fixture.decide(Kind::Account, "acct-9", Action::Block);
    arrived.notified().await;
    running.abort();
    let calls = calls.lock().unwrap();
    let numbers: Vec<u64> = calls.iter().map(|call| call.number).collect();
    assert_eq!(numbers, [3, 3, 3, 4]);
    assert_eq!(calls[0], calls[2], "the same call again");
    let body: Value = serde_json::from_slice(&calls[3].body)?;
    assert_eq!((&body["after"], &body["changes"][0]["subject"]["value"]), (&3.into(), &"acct-9".into()));
    insta::assert_snapshot!(calls[0].signature);
    assert_eq!(webhook::next(&fixture.gate, b"secret", 4), None);
    let lost = webhook::next(&fixture.gate, b"secret", 77).ok_or("nothing")?;
    assert!(String::from_utf8(lost.body)?.ends_with(r#""everything":true}"#));
    Ok(())
}
