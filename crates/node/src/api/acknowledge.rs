//! Acknowledge: a member says what of that which was handed over to it, it has.
//! In: SHA-256 of objects' bytes. Out: how many of them are new.
//! Invariant: hashes of other things than what was handed over to this client are forgotten, and not told apart from known ones.
//! Not here: the ledger's entry (`release::settle`).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Extension, Router};
use jiff::Timestamp;
use serde::Deserialize;
use stillwatch_track::peers;

use crate::http::answer::{Answer, Refusal};
use crate::http::guard::{Did, Who};
use crate::http::{Node, body};

/// Hashes in one request: a page of TAXII has no more objects.
const MOST: usize = 20_000;

/// What is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Have {
    /// SHA-256 of objects' bytes, 64 hexadecimal digits each.
    objects: Vec<String>,
}

/// The endpoint.
pub(super) fn routes() -> Router<Arc<Node>> {
    Router::new().route("/api/v1/acknowledgements", post(acknowledge))
}

async fn acknowledge(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Answer, Refusal> {
    let share = node.shares.place(&client.name).await;
    let place = node.bodies.acquire().await;
    let bytes = body::read(&headers, sent, node.config.limits.body_bytes).await?;
    let have: Have = serde_json::from_slice(&bytes)
        .map_err(|e| Refusal::malformed(format!("`{{\"objects\":[…]}}` with hashes is wanted: {e}")))?;
    drop((place, share));
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if have.objects.len() > MOST || !have.objects.iter().all(is_hash) {
        let how = format!("Give at most {MOST} hashes of 64 hexadecimal digits, in lower case");
        return Err(Refusal::malformed(how));
    }
    let hashes: Vec<&str> = have.objects.iter().map(String::as_str).collect();
    let at = Timestamp::now().as_microsecond();
    peers::acknowledge(&node.store, &client.name, &hashes, at).await?;
    // How many were known isn't told: nobody learns what was handed over to whom.
    Ok(Answer::ok("{\"status\":\"heard\"}").did(Did { objects: hashes.len(), ..Did::default() }))
}
