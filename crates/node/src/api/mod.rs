//! API: what members ask this node besides TAXII, under `/api/v1/`.
//! In: requests of a known client. Out: JSON.
//! Invariant: what a client may not know of reads like what isn't there.
//! Not here: who the client is, how much it may ask (`http`).

mod acknowledge;
pub mod groups;
mod ledger;
mod trends;

use std::sync::Arc;

use axum::Router;

use crate::http::Node;

/// All endpoints.
pub fn routes() -> Router<Arc<Node>> {
    acknowledge::routes().merge(groups::routes()).merge(ledger::routes()).merge(trends::routes())
}
