//! Collections: those that a client may use (TAXII 2.1, sections 5.1 and 5.2).
//! In: a client. Out: collection resources, with what that client may do.
//! Invariant: a collection that a client may neither read nor write reads like one that isn't there.
//! Not here: what is in them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use stillwatch_track::exchange::Collection;

use super::discovery::root;
use super::resource::{CollectionResource, Collections, STIX, text};
use crate::access::{Known, May};
use crate::http::Node;
use crate::http::answer::{Answer, Refusal};
use crate::http::guard::Who;

/// `GET /{root}/collections/`.
pub(super) async fn all(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path(path): Path<String>,
) -> Result<Answer, Refusal> {
    let root = root(&node, &client, &path)?;
    let book = node.book();
    let mine = book.collections().filter(|c| c.root == root.path).map(|c| (c, client.may(c)));
    let collections = mine.filter(|(_, may)| may.know()).map(|(c, may)| resource(c, may)).collect();
    Ok(Answer::ok(text(&Collections { collections })))
}

/// `GET /{root}/collections/{collection}/`.
pub(super) async fn one(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    Path((path, id)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    let (collection, may) = find(&node, &client, &path, &id)?;
    Ok(Answer::ok(text(&resource(&collection, may))))
}

fn resource(collection: &Collection, may: May) -> CollectionResource<'_> {
    CollectionResource {
        id: &collection.id,
        title: &collection.title,
        description: collection.description.as_deref(),
        alias: collection.alias.as_deref(),
        can_read: may.read,
        can_write: may.write,
        media_types: [STIX],
    }
}

/// The collection with that id or alias, and what the client may do with it.
pub(super) fn find(node: &Node, client: &Known, path: &str, id: &str) -> Result<(Arc<Collection>, May), Refusal> {
    let root = root(node, client, path)?;
    let book = node.book();
    let collection = book.collection(&root.path, id).ok_or_else(|| Refusal::unknown("collection"))?;
    let may = client.may(collection);
    if may.know() { Ok((Arc::clone(collection), may)) } else { Err(Refusal::unknown("collection")) }
}

/// The same, for reading: 403 where the client may only write.
pub(super) fn find_to_read(node: &Node, client: &Known, path: &str, id: &str) -> Result<Arc<Collection>, Refusal> {
    match find(node, client, path, id)? {
        (collection, may) if may.read => Ok(collection),
        _ => Err(Refusal::forbidden("You may add objects to this collection, but not read it")),
    }
}
