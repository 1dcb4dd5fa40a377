//! OpenAPI: what this node answers, for programs (OpenAPI Specification 3.1).
//! In: nothing. Out: `openapi.json`, as it stands beside this file.
//! Invariant: every route of the router is in it, and every route in it answers (tested).
//! Not here: the document's words: they are kept by hand.

use axum::body::Body;
use axum::http::Response;

/// The document.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");

/// `GET /api/v1/openapi.json`.
pub(super) async fn openapi() -> Response<Body> {
    super::said(DOCUMENT)
}
