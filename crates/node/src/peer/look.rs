//! Look: what a server has to offer, before it becomes a peer.
//! In: an address. Out: its API root, and the collections that this node may use there.
//! Invariant: nothing is written; what the server says is shown as text only.
//! Not here: following it (`walk.rs`).

use serde_json::Value;
use stillwatch_track::peers::Peer;

use super::ask::{Asker, Failure, address};
use crate::{Error, Result};

/// A collection of a server (TAXII 2.1, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// Its alias.
    pub alias: Option<String>,
    /// Its title.
    pub title: String,
    /// Whether this node may read it.
    pub can_read: bool,
    /// Whether this node may add objects.
    pub can_write: bool,
}

/// Finds the API root of a peer, where its address is that of discovery (TAXII 2.1, section 4.1), and what is there. Returns the
/// root's address and the collections.
///
/// # Errors
/// When the server can't be reached or doesn't speak TAXII 2.1.
pub async fn look(peer: &Peer) -> Result<(String, Vec<Offer>)> {
    let failed = |failure: Failure| {
        let how = match failure.status {
            Some(401 | 403) => "check the token, or ask who runs the server for rights",
            Some(404) => "give its API root or its discovery address, such as https://node.example/taxii2/",
            _ => "check the address, the network, and `--ca` where its certificate isn't publicly trusted",
        };
        Error::setup(format!("`{}`: {failure}", peer.name), how)
    };
    let mut peer = peer.clone();
    peer.url = address(&peer.url)?.to_string();
    let mut asker = Asker::of(&peer)?;
    let first = asker.get("", &[]).await.and_then(|reply| reply.json()).map_err(failed)?;
    if let Some(root) = default_root(&first) {
        let base = address(&peer.url)?;
        let root = base.join(&root).map_err(|e| {
            Error::setup(format!("the API root that `{}` names is no address: {e}", peer.name), "give its API root")
        })?;
        // A server doesn't send our token elsewhere.
        if root.origin() != base.origin() {
            return Err(Error::setup(
                format!(
                    "the API root of `{}` is at another server: {}",
                    peer.name,
                    root.origin().ascii_serialization()
                ),
                "give that address itself, if the token is meant for it",
            ));
        }
        peer.url = address(root.as_str())?.to_string();
        asker = Asker::of(&peer)?;
    }
    let all = asker.get("collections/", &[]).await.and_then(|reply| reply.json()).map_err(failed)?;
    let collections = all.get("collections").and_then(Value::as_array).into_iter().flatten();
    Ok((peer.url, collections.filter_map(offer).take(10_000).collect()))
}

/// The API root that a discovery resource names.
fn default_root(said: &Value) -> Option<String> {
    let roots: Vec<&str> = said.get("api_roots")?.as_array()?.iter().filter_map(Value::as_str).collect();
    let default = said.get("default").and_then(Value::as_str);
    default.or_else(|| roots.first().copied()).map(str::to_owned)
}

fn offer(said: &Value) -> Option<Offer> {
    let text = |key: &str| {
        let text = said.get(key).and_then(Value::as_str)?;
        Some(text.chars().filter(|c| !c.is_control()).take(200).collect::<String>())
    };
    let may = |key: &str| said.get(key).and_then(Value::as_bool).unwrap_or(false);
    Some(Offer {
        id: text("id")?,
        alias: text("alias"),
        title: text("title").unwrap_or_default(),
        can_read: may("can_read"),
        can_write: may("can_write"),
    })
}
