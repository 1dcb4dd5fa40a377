//! Envoy: the gate behind `ext_authz`.
//! In: the gate. Out: a router, for a door of its own over HTTP/2.
//! Invariant: the same keys, the same table and the same time as at every other point: asked live, so never late.
//! Not here: messages (`stillwatch-envoy`), connections (`serve`).

use std::sync::Arc;

use axum::Router;
use stillwatch_envoy::Asked;

use super::Gate;
use super::answers::Way;

/// Everything that Envoy asks, over HTTP/2 alone.
pub fn router(gate: Arc<Gate>) -> Router {
    let knows = Arc::clone(&gate);
    stillwatch_envoy::router(Asked {
        knows: Arc::new(move |headers| knows.point(headers).is_some()),
        decide: Arc::new(move |request| gate.answer(Way::Envoy, request)),
    })
}
