//! Route: TAXII's endpoints (TAXII 2.1, section 3.1).
//! In: nothing. Out: a router.
//! Invariant: each path answers GET, HEAD and OPTIONS sanely, also without its last slash; other methods get 405 with `Allow`.
//! Not here: what the endpoints do.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::ALLOW;
use axum::routing::{MethodRouter, get};

use super::{add, collections, discovery, objects, remove, status};
use crate::http::Node;

/// All endpoints.
pub fn routes() -> Router<Arc<Node>> {
    let collection = "/{root}/collections/{collection}/";
    let object = format!("{collection}objects/{{object}}/");
    let mut router = Router::new();
    for (path, allow, method) in [
        ("/taxii2/", "GET, HEAD, OPTIONS", get(discovery::discovery)),
        ("/{root}/", "GET, HEAD, OPTIONS", get(discovery::api_root)),
        ("/{root}/status/{status}/", "GET, HEAD, OPTIONS", get(status::status)),
        ("/{root}/collections/", "GET, HEAD, OPTIONS", get(collections::all)),
        (collection, "GET, HEAD, OPTIONS", get(collections::one)),
        (&format!("{collection}manifest/"), "GET, HEAD, OPTIONS", get(objects::manifest)),
        (&format!("{collection}objects/"), "GET, HEAD, POST, OPTIONS", get(objects::objects).post(add::add)),
        (&object, "GET, HEAD, DELETE, OPTIONS", get(objects::object).delete(remove::remove)),
        (&format!("{object}versions/"), "GET, HEAD, OPTIONS", get(objects::versions)),
    ] {
        let method: MethodRouter<Arc<Node>> =
            method.options(move || async move { (StatusCode::NO_CONTENT, [(ALLOW, allow)]) });
        router = router.route(path, method.clone()).route(path.trim_end_matches('/'), method);
    }
    router
}
