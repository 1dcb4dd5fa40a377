//! Limits: how much, how deep, how often.
//! In: requests just within and just beyond. Out: done, or 413, 429.
//! Invariant: what is beyond changes nothing and costs little.
//! Not here: connections (`wire.rs`), packed bodies (`adding.rs`).

use axum::body::Body;
use futures_util::stream;

use crate::lab::{Lab, TAXII, Tested, config, envelope, object, some};

#[tokio::test]
async fn a_body_is_bounded() -> Tested {
    let mut config = config();
    config.limits.body_bytes = 2_000;
    config.limits.objects = 5;
    let lab = Lab::with(config).await?;
    assert_eq!(lab.get("both", "/trust/").await?.json()["max_content_length"], 2_000);
    let fits = |bytes: usize| {
        let body = envelope(&some(1));
        let spaces = " ".repeat(bytes - body.len());
        format!("{body}{spaces}")
    };
    assert_eq!(lab.post("both", "shared", &fits(2_000)).await?.status, 202);
    assert_eq!(lab.post("both", "shared", &fits(2_001)).await?.status, 413);
    // Without a length that is told.
    let headers = [("accept", TAXII), ("content-type", TAXII)];
    let pieces = (0..300).map(|_| Ok::<_, std::io::Error>("0123456789"));
    let request = lab.request("both", "POST", "/trust/collections/shared/objects/", &headers, "")?;
    assert_eq!(lab.send(request.map(|_| Body::from_stream(stream::iter(pieces)))).await?.status, 413);
    let small: Vec<String> = (0..6).map(|n| format!("{{\"n\":{n}}}")).collect();
    assert_eq!(lab.post("both", "shared", &envelope(&small[..5])).await?.status, 202);
    assert_eq!(lab.post("both", "shared", &envelope(&small)).await?.status, 413);
    Ok(())
}

#[tokio::test]
async fn an_object_is_not_too_deep() -> Tested {
    let mut config = config();
    config.limits.depth = 8;
    let lab = Lab::with(config).await?;
    let deep = |n: usize| {
        let nested = format!("{}1{}", "[".repeat(n), "]".repeat(n));
        object("tool", n, "2020-01-02T00:00:00Z").replacen("\"name\"", &format!("\"x\":{nested},\"name\""), 1)
    };
    let said = lab.post("both", "shared", &envelope(&[deep(6), deep(9), deep(100_000)])).await?.json();
    assert_eq!((said["success_count"].as_u64(), said["failure_count"].as_u64()), (Some(1), Some(2)), "{said}");
    let whole = "[".repeat(1_000_000);
    assert_eq!(lab.post("both", "shared", &format!("{{\"x\":{whole}")).await?.status, 400);
    assert_eq!(lab.post("both", "shared", &whole).await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn who_asks_too_often_waits() -> Tested {
    let mut config = config();
    config.limits.requests_per_second = 1;
    config.limits.burst = 3;
    config.limits.strangers_per_second = 2;
    let lab = Lab::with(config).await?;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let said = lab.get("both", "/trust/").await?;
        assert_eq!(said.status == 429, !said.header("retry-after").is_empty());
        statuses.push(said.status.as_u16());
    }
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses.contains(&429), "{statuses:?}");
    // Another client's bucket is its own.
    assert_eq!(lab.get("reader", "/trust/").await?.status, 200);
    let mut strangers = Vec::new();
    for _ in 0..6 {
        strangers.push(lab.get("", "/trust/").await?.status.as_u16());
    }
    assert_eq!(strangers[..2], [401; 2]);
    assert!(strangers.contains(&429), "{strangers:?}");
    Ok(())
}
