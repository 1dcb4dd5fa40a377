//! Status: what became of a request to add objects (TAXII 2.1, section 4.3).
//! In: an id. Out: the status resource, for who made the request.
//! Invariant: another's status reads like one that isn't there.
//! Not here: making it (`add.rs`).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use stillwatch_track::exchange;
use uuid::Uuid;

use super::discovery::root;
use crate::http::Node;
use crate::http::answer::{Answer, Refusal};
use crate::http::guard::Who;

/// `GET /{root}/status/{status}/`.
pub(super) async fn status(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path((path, id)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    let root = root(&node, &client, &path)?;
    let id = Uuid::parse_str(&id).map_err(|_| Refusal::unknown("status"))?.to_string();
    match exchange::status(&node.store, &root.path, &id).await? {
        Some((whose, body)) if whose == client.name || client.role.runs_the_node() => Ok(Answer::ok(body)),
        _ => Err(Refusal::unknown("status")),
    }
}
