//! Reach: how a member is asked: on its own server, or through a hub that passes on.
//! In: a member's name. Out: an HTTP client for it, a path, its key.
//! Invariant: who carries a message reads nothing of it; the way is what the operator said.
//! Not here: what is asked.

use std::sync::Arc;

use stillwatch_matching::channel::ChannelKey;
use stillwatch_track::matches::{self, Member};
use stillwatch_track::{Store, peers};

use super::Place;
use crate::error::{Error, Result};
use crate::peer::Asker;

/// The path under a server's root.
const LINES: &str = "/api/v1/matching/lines";

/// Knows how members are reached.
#[derive(Debug, Clone)]
pub struct Reach {
    store: Store,
    pub(super) name: String,
    pub(super) key: Arc<ChannelKey>,
}

/// A way to one member.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) asker: Asker,
    pub(super) path: String,
    pub(super) key: [u8; 32],
}

impl Reach {
    /// From where a node's side is done.
    #[must_use]
    pub fn of(place: &Place) -> Self {
        Self { store: place.store.clone(), name: place.name.clone(), key: Arc::clone(&place.key) }
    }

    /// The way to a member.
    pub(super) async fn way(&self, to: &str) -> Result<Way> {
        let member = matches::member(&self.store, to).await?;
        let key = key_of(&member)?;
        if member.peer.is_empty() {
            return Err(Error::refused(
                format!("`{to}` can be answered, and not asked: no server is known for it"),
                "`stillwatch match member add` with `--peer`, or with `--through` a hub",
            ));
        }
        let asker = Asker::of(&peers::peer(&self.store, &member.peer).await?)?;
        let path = if member.relayed { format!("/api/v1/matching/relay/{to}/lines") } else { LINES.to_owned() };
        Ok(Way { asker, path, key })
    }
}

/// A member's key.
pub(super) fn key_of(member: &Member) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    hex::decode_to_slice(&member.key, &mut key).map_err(|_| {
        Error::refused(format!("the key of `{}` in the store is none", member.name), "add the member again")
    })?;
    Ok(key)
}
