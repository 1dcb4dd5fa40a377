//! Publish: objects of this node's own, into one of its collections.
//! In: a collection, bytes of a bundle or envelope. Out: how many objects were taken.
//! Invariant: they are kept and shown as if a client with the node's name had sent them.
//! Not here: what may be published: releases come approved, with their exact bytes (`release`).

use std::sync::Arc;

use stillwatch_stix::Limits;

use crate::http::Node;
use crate::taxii::media::Sent;
use crate::taxii::{put_in, read_received};
use crate::{Error, Result};

/// Puts objects into a collection, named by its root and its id or alias.
///
/// # Errors
/// When there is no such collection, the bytes are no list of objects, or the store can't be written.
pub async fn publish(node: &Arc<Node>, root: &str, collection: &str, bytes: &[u8]) -> Result<usize> {
    let book = node.book();
    let into = book.collection(root, collection).ok_or_else(|| {
        let how = "`stillwatch collection list` shows all";
        Error::setup(format!("there is no collection `{collection}` in the root `{root}`"), how)
    })?;
    let items = read_received(bytes, Sent::Envelope, &Limits::default())
        .map_err(|refusal| Error::setup(refusal.description(), "give a bundle or an envelope with objects"))?;
    let (_, taken) = put_in(node, into, &node.config.name, items).await?;
    Ok(taken)
}
