//! Relay: passing on between members that don't reach each other.
//! In: a member's name, bytes of one of its lines. Out: what the member answers.
//! Invariant: what is passed on can't be read or altered here: it is sealed from end to end; nothing of it is kept.
//! Not here: whose messages they are, which only the member can tell.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use stillwatch_track::{Store, matches, peers};

use crate::error::{Error, Result};
use crate::peer::Asker;

/// Keeps connections to members.
#[derive(Debug, Default)]
pub(crate) struct Relay {
    askers: Mutex<HashMap<String, Asker>>,
}

impl Relay {
    /// Passes bytes on; `line` is the number of a line, none for a first message.
    pub(crate) async fn pass(&self, store: &Store, to: &str, line: Option<&str>, body: Vec<u8>) -> Result<Vec<u8>> {
        let unknown = || Error::refused("there is no such member here", "the hub's people add members");
        let known = self.askers.lock().unwrap_or_else(PoisonError::into_inner).get(to).cloned();
        let asker = match known.filter(|_| line.is_some()) {
            Some(asker) => asker,
            // Looked up anew for each line: a member may have moved.
            None => {
                let member = matches::member(store, to).await.map_err(|_| unknown())?;
                if member.relayed || member.peer.is_empty() {
                    return Err(unknown());
                }
                let asker = Asker::of(&peers::peer(store, &member.peer).await?)?;
                let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
                askers.insert(to.to_owned(), asker.clone());
                asker
            }
        };
        let is_number = |line: &str| line.len() == 32 && line.bytes().all(|b| b.is_ascii_hexdigit());
        let path = match line {
            Some(line) if is_number(line) => format!("/api/v1/matching/lines/{line}"),
            Some(_) => return Err(unknown()),
            None => "/api/v1/matching/lines".to_owned(),
        };
        asker.bytes(&path, "application/octet-stream", body).await.map_err(|failure| {
            tracing::info!(to, %failure, "a member can't be reached");
            Error::refused(format!("`{to}` can't be reached from the hub"), "try again later")
        })
    }
}
