//! Strangers: calls that get no answer: without a key that is known, too long, no messages at all, never complete.
//! In: such calls. Out: errors of gRPC, which Envoy treats as a gate that is gone.
//! Invariant: a bad call ends itself alone: the connection goes on.
//! Not here: answers (`checks.rs`).

use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use axum::response::Response;
use stillwatch_envoy::{LONGEST, router};
use stillwatch_gate::{Action, Kind};
use tonic::Code;
use tower::ServiceExt as _;

use super::{Fixture, KEY, Tested, asks};

#[tokio::test]
async fn who_has_no_key_is_told_nothing() -> Tested {
    let mut fixture = Fixture::new();
    fixture.decide(Kind::Account, "blocked", Action::Block);
    let mut client = fixture.client().await?;
    let check = || asks(&[("x-stillwatch-account", "blocked")], "");
    for key in [None, Some(""), Some("another"), Some("key-of-the-edge ")] {
        client.key = key;
        let refused = client.check(check()).await.err().ok_or("an answer")?;
        assert_eq!(refused.code(), Code::Unauthenticated, "{key:?}");
        assert!(!refused.message().contains(KEY));
    }
    client.key = Some(KEY);
    assert_eq!(client.check(check()).await?.status, Some(403));
    // A key that is revoked ends on the connection that used it.
    fixture.keys.lock().map_err(|_| "poisoned")?.clear();
    let refused = client.check(check()).await.err().ok_or("an answer")?;
    assert_eq!(refused.code(), Code::Unauthenticated);
    Ok(())
}

#[tokio::test]
async fn what_is_too_long_ends_itself_alone() -> Tested {
    let mut client = Fixture::new().client().await?;
    let long = "x".repeat(LONGEST);
    let check = asks(&[("x-long", &long)], "");
    let refused = client.check(check).await.err().ok_or("an answer")?;
    assert_eq!(refused.code(), Code::OutOfRange, "{refused}");
    // The longest head that Envoy lets through by default is no way past the gate.
    let long = "x".repeat(60 << 10);
    assert_eq!(client.check(asks(&[("x-long", &long)], "")).await?.code, 0);
    Ok(())
}

/// A call as bytes, to the router itself.
async fn call(path: &str, key: &str, body: Body) -> Tested<Response> {
    let request = Request::builder().method("POST").uri(path).header("content-type", "application/grpc");
    let request = request.header("x-api-key", key).body(body)?;
    Ok(router(Fixture::new().asked()).oneshot(request).await?)
}

/// Its code, in the head or in the trailers.
async fn code(response: Response) -> Tested<Code> {
    let said = response.headers().get("grpc-status").cloned().ok_or("no code in the head")?;
    assert_eq!(response.status(), 200, "gRPC says what is wrong by its own code");
    assert!(to_bytes(response.into_body(), 1 << 16).await?.is_empty());
    Ok(Code::from_bytes(said.as_bytes()))
}

const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

#[tokio::test]
async fn garbage_is_an_error_and_no_answer() -> Tested {
    let framed = |bytes: &[u8]| [&[0, 0, 0, 0, u8::try_from(bytes.len()).unwrap_or(0)], bytes].concat();
    let deep = framed(&[0x0a; 200]);
    for body in
        [vec![], b"GET / HTTP/1.1".to_vec(), framed(b"\xff\xff\xff"), framed(b"\x0a\xff\x01"), deep, vec![1; 64]]
    {
        let code = code(call(CHECK, KEY, Body::from(body.clone())).await?).await?;
        assert!(!matches!(code, Code::Ok | Code::Unauthenticated), "{code:?}: {body:?}");
    }
    assert_eq!(
        code(call("/envoy.service.auth.v3.Authorization/Other", KEY, Body::empty()).await?).await?,
        Code::Unimplemented
    );
    assert_eq!(code(call("/v1/decide", KEY, Body::empty()).await?).await?, Code::Unimplemented);
    Ok(())
}

/// A body of which nothing comes; whether it is asked for is seen.
fn never() -> Body {
    Body::from_stream(futures())
}

fn futures() -> impl tonic::codegen::tokio_stream::Stream<Item = Result<Bytes, std::io::Error>> {
    tonic::codegen::tokio_stream::pending()
}

#[tokio::test(start_paused = true)]
async fn a_message_that_never_comes_is_not_waited_for() -> Tested {
    // Of who has no key nothing is read, so it isn't waited for at all.
    let begun = tokio::time::Instant::now();
    assert_eq!(code(call(CHECK, "another", never()).await?).await?, Code::Unauthenticated);
    assert_eq!(begun.elapsed().as_millis(), 0);
    assert_eq!(code(call(CHECK, KEY, never()).await?).await?, Code::DeadlineExceeded);
    Ok(())
}
