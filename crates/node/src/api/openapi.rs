//! OpenAPI: what this node answers, for programs (OpenAPI Specification 3.1).
//! In: nothing. Out: `openapi.json`, as it stands beside this file.
//! Invariant: every route of the router is in it, and every route in it answers (tested).
//! Not here: the document's words: they are kept by hand.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::get;

use crate::http::Node;

/// The document.
const DOCUMENT: &str = include_str!("openapi.json");

/// The endpoint.
pub(super) fn routes() -> Router<Arc<Node>> {
    Router::new().route("/api/v1/openapi.json", get(openapi))
}

/// `GET /api/v1/openapi.json`.
async fn openapi() -> Response<Body> {
    super::said(DOCUMENT)
}
