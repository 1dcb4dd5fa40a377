//! Remove: an object, or versions of it, out of a collection (TAXII 2.1, section 5.7).
//! In: a client that may read and write. Out: 200.
//! Invariant: a client removes what it sent itself; only who runs the node removes what others sent.
//! Not here: rows (`track`).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use stillwatch_track::exchange::{self, Removed, Versions};

use super::collections::find;
use super::objects::read;
use super::query::Takes;
use crate::http::Node;
use crate::http::answer::{Answer, Refusal};
use crate::http::guard::{Did, Who};

/// `DELETE /{root}/collections/{collection}/objects/{object}/`: all its versions, where none are named.
pub(super) async fn remove(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path((path, id, object)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Answer, Refusal> {
    let (collection, may) = find(&node, &client, &path, &id)?;
    if !(may.read && may.write) {
        return Err(Refusal::forbidden("Who removes objects must be allowed to read and to write the collection"));
    }
    let query = read(query, Takes::OfRemoval)?;
    if !query.wants_stix_2_1 {
        return Err(Refusal::unknown("object"));
    }
    let versions = if query.names_versions { query.pick.versions } else { Versions::all() };
    let only = if client.role.runs_the_node() { None } else { Some(client.name.as_str()) };
    let waited = node.writer.lock().await;
    let removed = exchange::remove(&node.store, &collection, &object, &versions, only).await?;
    drop(waited);
    match removed {
        Removed::Gone(objects) => {
            Ok(Answer::ok("{}").did(Did { collection: Some(collection.id.clone()), objects, failed: 0 }))
        }
        Removed::Nothing => Err(Refusal::unknown("object")),
        Removed::Others => Err(Refusal::forbidden("Another client sent this object; only it, or an admin, removes it")),
    }
}
