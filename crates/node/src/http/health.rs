//! Health: whether the node lives, whether it can work, and its figures.
//! In: nothing. Out: `/healthz` and `/readyz` for anybody, `/metrics` for those whose role sees figures.
//! Invariant: what anybody may ask tells a word, and nothing of what is in the store.
//! Not here: which figures there are (`counts.rs`).

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router, extract::State};

use super::Node;
use super::answer::Refusal;
use super::guard::Who;

/// `/healthz`: the process answers. `/readyz`: so does its store.
pub(super) fn alive() -> Router<Arc<Node>> {
    let no = || async { Refusal::of_status(StatusCode::METHOD_NOT_ALLOWED, Some("GET,HEAD".to_owned())) };
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .method_not_allowed_fallback(no)
}

/// `/metrics`.
pub(super) fn figures() -> Router<Arc<Node>> {
    Router::new().route("/metrics", get(metrics))
}

async fn ready(State(node): State<Arc<Node>>) -> (StatusCode, &'static str) {
    if !node.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n");
    }
    // What is served goes on: nobody should take the node out of service for it.
    match node.acting.as_ref().map(|acting| acting.trouble()) {
        Some(trouble) if trouble.behind.is_some() => {
            (StatusCode::OK, "ready; decisions are as they were: the store can't be read\n")
        }
        Some(trouble) if trouble.unwritten.is_some() => {
            (StatusCode::OK, "ready; decisions are as they were: the store can't be written\n")
        }
        Some(_) if node.acting.as_ref().is_some_and(|acting| acting.gate().clock_moved() != 0) => (
            StatusCode::OK,
            "ready; the system's clock was moved, and decisions don't follow it: see `stillwatch decisions clock`\n",
        ),
        _ => (StatusCode::OK, "ready\n"),
    }
}

async fn metrics(State(node): State<Arc<Node>>, Extension(Who(client)): Extension<Who>) -> Response {
    if !client.role.sees_figures() {
        return Refusal::forbidden("Figures are for the roles `admin` and `auditor`").into_response();
    }
    if let Some(acting) = &node.acting {
        node.counts.gate(&acting.figures());
        node.counts.answers(acting.gate().answers());
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, kind)], node.counts.text()).into_response()
}
