//! Me: who the node takes a client for, and what that client may do.
//! In: a client. Out: its name, role, and collections with its rights.
//! Invariant: it tells a client nothing that it can't try out.
//! Not here: rights (`access`).

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use serde::Serialize;

use super::Json;
use crate::http::Node;
use crate::http::guard::Who;

#[derive(Debug, Serialize)]
struct Me {
    name: String,
    role: &'static str,
    /// Whether it may remove what others sent, and see every status.
    runs_the_node: bool,
    sees_figures: bool,
    collections: Vec<Mine>,
}

#[derive(Debug, Serialize)]
struct Mine {
    id: String,
    root: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    title: String,
    can_read: bool,
    can_write: bool,
}

/// The endpoint.
pub(super) fn routes() -> Router<Arc<Node>> {
    Router::new().route("/api/v1/me", get(me))
}

/// `GET /api/v1/me`.
async fn me(State(node): State<Arc<Node>>, Extension(Who(client)): Extension<Who>) -> Json<Me> {
    let book = node.book();
    let mine = book.collections().map(|c| (c, client.may(c))).filter(|(_, may)| may.know());
    let collections = mine
        .map(|(c, may)| Mine {
            id: c.id.clone(),
            root: c.root.clone(),
            alias: c.alias.clone(),
            title: c.title.clone(),
            can_read: may.read,
            can_write: may.write,
        })
        .collect();
    Json(Me {
        name: client.name.clone(),
        role: client.role.name(),
        runs_the_node: client.role.runs_the_node(),
        sees_figures: client.role.sees_figures(),
        collections,
    })
}
