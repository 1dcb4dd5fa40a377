//! API: what members ask this node besides TAXII, under `/api/v1/`.
//! In: requests of a known client. Out: JSON; errors as TAXII's error message, like everywhere on this node.
//! Invariant: what a client may not know of reads as if it weren't there; every route is in `openapi.json` (tested).
//! Not here: who the client is, how much it may ask (`http`).

mod acknowledge;
pub mod groups;
mod ledger;
mod me;
mod openapi;
mod trends;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::http::Node;

/// Where it begins.
pub(crate) const PREFIX: &str = "/api/v1/";

/// All endpoints.
pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .merge(acknowledge::routes())
        .merge(groups::routes())
        .merge(ledger::routes())
        .merge(me::routes())
        .merge(openapi::routes())
        .merge(trends::routes())
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
