//! API: what members' own programs ask of a node besides TAXII, under `/api/v1/`.
//! In: requests of a known client. Out: JSON; errors as TAXII's error message, like everywhere on this node.
//! Invariant: every route is in `ROUTES`, in `openapi.json`, and in the table of who may (tests).
//! Not here: who the client is (`http/guard.rs`), TAXII.

mod me;
mod openapi;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use serde::Serialize;

use crate::http::Node;

/// Where it begins.
pub(crate) const PREFIX: &str = "/api/v1/";

/// Its routes: path, methods as `Allow` says them, what answers.
fn all() -> Vec<(&'static str, &'static str, MethodRouter<Arc<Node>>)> {
    vec![
        ("/api/v1/me", "GET, HEAD, OPTIONS", get(me::me)),
        ("/api/v1/openapi.json", "GET, HEAD, OPTIONS", get(openapi::openapi)),
    ]
}

/// Everything under `/api/v1/`.
pub(crate) fn routes() -> Router<Arc<Node>> {
    all().into_iter().fold(Router::new(), |router, (path, allow, method)| {
        router.route(path, method.options(move || async move { (StatusCode::NO_CONTENT, [(ALLOW, allow)]) }))
    })
}

/// Its routes' paths and methods.
pub(crate) fn paths() -> Vec<(String, &'static str)> {
    all().into_iter().map(|(path, allow, _)| (path.to_owned(), allow)).collect()
}

/// 200 with JSON.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response<Body> {
        match serde_json::to_string(&self.0) {
            Ok(text) => said(text),
            Err(error) => {
                tracing::error!(%error, "an answer can't be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn said(text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
