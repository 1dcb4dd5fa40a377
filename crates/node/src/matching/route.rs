//! Route: lines over HTTP, under `/api/v1/matching/`.
//! In: bytes of a known client, which is another organisation. Out: bytes.
//! Invariant: the client's token lets it knock; who speaks in a line is told by the line's keys alone. A hub passes on for members only.
//! Not here: lines (`lines.rs`), passing on (`relay.rs`).

use std::io::Write;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::post;
use axum::{Extension, Router};

use super::files;
use super::line::LONGEST;
use crate::config::Part;
use crate::error::Error;
use crate::http::answer::Refusal;
use crate::http::guard::Who;
use crate::http::{Node, body};

/// Bytes of a request: a call with what sealing adds.
const MOST: usize = LONGEST + 1_024;

/// The endpoints.
pub(crate) fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route("/api/v1/matching/lines", post(begin))
        .route("/api/v1/matching/lines/{line}", post(call))
        .route("/api/v1/matching/relay/{member}/lines", post(begin_relayed))
        .route("/api/v1/matching/relay/{member}/lines/{line}", post(call_relayed))
}

type Answered = Result<Response<Body>, Refusal>;

async fn begin(State(node): State<Arc<Node>>, who: Extension<Who>, headers: HeaderMap, sent: Body) -> Answered {
    let bytes = read(&node, &who, &headers, sent).await?;
    let place = node.matching.as_ref().ok_or_else(unknown)?;
    node.lines.begin(place, &bytes).await.map(said).map_err(|error| refused(&error))
}

async fn call(
    State(node): State<Arc<Node>>,
    who: Extension<Who>,
    Path(line): Path<String>,
    headers: HeaderMap,
    sent: Body,
) -> Answered {
    let bytes = read(&node, &who, &headers, sent).await?;
    let place = node.matching.as_ref().ok_or_else(unknown)?;
    node.lines.call(place, &line, &bytes).await.map(said).map_err(|error| refused(&error))
}

async fn begin_relayed(
    State(node): State<Arc<Node>>,
    who: Extension<Who>,
    Path(member): Path<String>,
    headers: HeaderMap,
    sent: Body,
) -> Answered {
    relayed(&node, &who, &headers, sent, &member, None).await
}

async fn call_relayed(
    State(node): State<Arc<Node>>,
    who: Extension<Who>,
    Path((member, line)): Path<(String, String)>,
    headers: HeaderMap,
    sent: Body,
) -> Answered {
    relayed(&node, &who, &headers, sent, &member, Some(&line)).await
}

async fn relayed(
    node: &Node,
    who: &Extension<Who>,
    headers: &HeaderMap,
    sent: Body,
    member: &str,
    line: Option<&str>,
) -> Answered {
    let bytes = read(node, who, headers, sent).await?;
    if node.config.role != Part::Hub {
        return Err(unknown());
    }
    let reply = node.relay.pass(&node.store, member, line, bytes.to_vec()).await.map_err(|error| refused(&error))?;
    keep(node, member, &reply).await?;
    Ok(said(reply))
}

/// The body of a client that is an organisation.
async fn read(node: &Node, who: &Extension<Who>, headers: &HeaderMap, sent: Body) -> Result<Bytes, Refusal> {
    let Extension(Who(client)) = who;
    if !client.role.is_organisation() {
        return Err(unknown());
    }
    let share = node.shares.place(&client.name).await;
    let place = node.bodies.acquire().await;
    let bytes = body::read(headers, sent, MOST.min(node.config.limits.body_bytes)).await;
    drop((place, share));
    let bytes = bytes?;
    keep(node, &client.name, &bytes).await?;
    Ok(bytes)
}

/// Appends what came from somebody to the transcript, where one is kept.
async fn keep(node: &Node, from: &str, bytes: &[u8]) -> Result<(), Refusal> {
    let Some(file) = &node.config.matching_transcript else { return Ok(()) };
    let (file, line) = (file.clone(), format!("{from} {}\n", hex::encode(bytes)));
    let kept = tokio::task::spawn_blocking(move || {
        let written = files::behind(&file)?.write_all(line.as_bytes());
        written.map_err(files::failed(&file))
    });
    match kept.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::error!(%error, hint = error.hint(), "what comes can't be kept");
            Err(Refusal::of_status(StatusCode::INTERNAL_SERVER_ERROR, None))
        }
        Err(_) => Err(Refusal::of_status(StatusCode::INTERNAL_SERVER_ERROR, None)),
    }
}

fn said(bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn unknown() -> Refusal {
    Refusal::unknown("line")
}

fn refused(error: &Error) -> Refusal {
    match error {
        Error::Refused { message, .. } => Refusal::forbidden(message.clone()),
        error => {
            tracing::error!(%error, hint = error.hint(), "a line can't be served");
            Refusal::of_status(StatusCode::INTERNAL_SERVER_ERROR, None)
        }
    }
}
