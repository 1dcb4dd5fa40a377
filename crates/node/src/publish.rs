//! Publish: objects of this node's own, into one of its collections.
//! In: a collection, bytes of a bundle or envelope. Out: what became of each.
//! Invariant: they are kept and shown as if a client with the node's name had sent them.
//! Not here: what may be published: releases come approved, with their exact bytes (`release`).

use jiff::Timestamp;
use stillwatch_stix::Limits;
use stillwatch_track::Store;
use stillwatch_track::exchange::{self, Added, Outcome, collections};

use crate::taxii::media::Sent;
use crate::taxii::{came, read_received};
use crate::{Error, Result};

/// Puts objects into a collection, named `ROOT/COLLECTION`, the latter by id or alias. Returns how many are there now.
///
/// # Errors
/// When there is no such collection, the bytes are no list of objects, an object isn't taken, or the store can't be written.
pub async fn publish(store: &Store, name: &str, into: &str, bytes: &[u8]) -> Result<usize> {
    let all = collections(store).await?;
    let is = |named: &str, root: &str| {
        all.iter().find(|c| c.root == root && (c.id == named || c.alias.as_deref() == Some(named)))
    };
    let into = into.split_once('/').and_then(|(root, named)| is(named, root)).ok_or_else(|| {
        Error::setup(format!("there is no collection `{into}`"), "`stillwatch collection list` shows all: ROOT/ALIAS")
    })?;
    let items = read_received(bytes, Sent::Envelope, &Limits::default())
        .map_err(|refusal| Error::setup(refusal.description(), "give a bundle or an envelope with objects"))?;
    if let Some(bad) = items.iter().find_map(|item| item.as_ref().err()) {
        return Err(Error::setup(format!("`{}`: {}", bad.id, bad.message), "give STIX 2.1 objects"));
    }
    let clock = || Timestamp::now().as_microsecond();
    let added: Added = exchange::add(store, into, name, &came(&items), clock, &|_| None).await?;
    let refused =
        |outcome: &&Outcome| matches!(outcome, Outcome::Contradicts | Outcome::NoTimestamp | Outcome::OddText);
    if let Some(outcome) = added.outcomes.iter().find(refused) {
        let told = format!("an object isn't taken into `{}`: {outcome:?}", into.title);
        return Err(Error::setup(told, "what was published before stays as it was; give it a later `modified`"));
    }
    Ok(added.outcomes.len())
}
