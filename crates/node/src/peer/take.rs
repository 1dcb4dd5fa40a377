//! Take: what came from a peer, fetched or put here: opened, judged, kept.
//! In: pieces, where the feed goes on. Out: what became of them; what is in the store now.
//! Invariant: both ways in are judged alike; what is sealed to others stays closed.
//! Not here: where pieces come from (`walk.rs`, `inbox.rs`), rows (`track::peers`).

use sha2::{Digest, Sha256};
use stillwatch_model::Micros;
use stillwatch_track::Store;
use stillwatch_track::peers::{self, Cursor, Feed, Heard, Taken};

use super::envelope::{self, Came};
use super::judge;
use crate::Result;
use crate::seal::{self, Identity};

/// Takes pieces of a feed, of which the last `date_added` is known, and what is sealed to this node among them. Returns SHA-256 of
/// the bytes of those that are in the store now.
pub(super) async fn take(
    store: &Store,
    feed: &mut Feed,
    mut came: Vec<Came<'_>>,
    cursor: Cursor,
    last: &str,
    (now, identity): (Micros, Option<&Identity>),
) -> Result<(Taken, Vec<String>)> {
    let is_artifact = |one: &&Came<'_>| one.1.as_ref().is_ok_and(|object| object.head.kind == "artifact");
    let opened: Vec<String> = came.iter().filter(is_artifact).filter_map(|(raw, _)| opened(raw, identity)).collect();
    for bundle in &opened {
        match envelope::read(bundle.as_bytes()) {
            Ok((_, inner)) => came.extend(inner),
            Err(failure) => tracing::warn!(peer = feed.peer, because = %failure, "what was sealed can't be read"),
        }
    }
    let ids: Vec<&str> = came.iter().filter_map(|(_, object)| Some(object.as_ref().ok()?.head.id.as_ref())).collect();
    let earlier = peers::earlier(store, &feed.peer, &ids).await?;
    let judged = judge::judge(&came, earlier, now);
    let heard: Vec<Heard<'_>> =
        judged.objects.iter().map(|object| Heard { object: judge::raw(object), date_added: last }).collect();
    let taken = peers::take(store, feed, &heard, &judged.suspects, cursor, now).await?;
    Ok((taken, heard.iter().map(|heard| hex::encode(Sha256::digest(heard.object.json))).collect()))
}

/// What is sealed to this node, opened.
fn opened(raw: &str, identity: Option<&Identity>) -> Option<String> {
    let identity = identity.filter(|_| seal::is_sealed(raw))?;
    match seal::open(raw, identity) {
        Ok(bundle) => Some(bundle),
        Err(seal::Fault::NotForUs) => None,
        Err(fault) => {
            tracing::warn!(because = %fault, "a sealed object can't be opened");
            None
        }
    }
}
