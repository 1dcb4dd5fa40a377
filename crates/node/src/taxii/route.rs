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

/// All endpoints: path, methods as `Allow` says them, what answers.
fn all() -> Vec<(String, &'static str, MethodRouter<Arc<Node>>)> {
    const READ: &str = "GET, HEAD, OPTIONS";
    let collection = "/{root}/collections/{collection}/";
    let object = format!("{collection}objects/{{object}}/");
    vec![
        ("/taxii2/".into(), READ, get(discovery::discovery)),
        ("/{root}/".into(), READ, get(discovery::api_root)),
        ("/{root}/status/{status}/".into(), READ, get(status::status)),
        ("/{root}/collections/".into(), READ, get(collections::all)),
        (collection.into(), READ, get(collections::one)),
        (format!("{collection}manifest/"), READ, get(objects::manifest)),
        (format!("{collection}objects/"), "GET, HEAD, POST, OPTIONS", get(objects::objects).post(add::add)),
        (object.clone(), "GET, HEAD, DELETE, OPTIONS", get(objects::object).delete(remove::remove)),
        (format!("{object}versions/"), READ, get(objects::versions)),
    ]
}

/// A router of them.
pub fn routes() -> Router<Arc<Node>> {
    let mut router = Router::new();
    for (path, allow, method) in all() {
        let method = method.options(move || async move { (StatusCode::NO_CONTENT, [(ALLOW, allow)]) });
        router = router.route(&path, method.clone()).route(path.trim_end_matches('/'), method);
    }
    router
}

/// Their paths and methods.
pub(crate) fn paths() -> Vec<(String, &'static str)> {
    all().into_iter().map(|(path, allow, _)| (path, allow)).collect()
}
