//! Ledger: whether a peer's ledger only grew since this node saw it last.
//! In: a peer whose ledger's key is known. Out: what was observed; a ledger that was rewritten stops what comes from that peer.
//! Invariant: what was seen last is replaced only by what was proven to continue it.
//! Not here: the proof (`stillwatch_ledger::Consistency`).

use stillwatch_ledger::{Consistency, PublicKey, Signed};
use stillwatch_track::Store;
use stillwatch_track::peers::{self, Peer, feeds, hold};

use super::ask::Asker;
use crate::Result;

/// Where a Stillwatch node proves that its ledger only grew.
const GROWN: &str = "/api/v1/ledger/consistency/";

/// What was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// Its ledger isn't watched: no key is known.
    Not,
    /// It is what it was, or was proven to have grown to this size.
    Good(u64),
    /// The peer doesn't show it now.
    Away(String),
    /// It is signed by somebody else, shorter, or another one: what comes from the peer is held.
    Lies(String),
}

/// Observes the ledger of a peer.
///
/// # Errors
/// When its key can't be read, or the store can't be written.
pub async fn watch(store: &Store, peer: &Peer, asker: &Asker) -> Result<Watched> {
    let Some(line) = &peer.ledger else { return Ok(Watched::Not) };
    let key = PublicKey::parse(line)?;
    let before = peer.checkpoint.as_ref().map(|note| Signed::read(note.as_bytes(), &key, &[])).transpose()?;
    let old = before.as_ref().map_or(0, |before| before.size);
    let lies = match prove(asker, old).await {
        Err(failure) if failure.status == Some(404) && old > 0 => {
            // It may be shorter than it was: then its own signature says so.
            match prove(asker, 0).await {
                Err(failure) => return Ok(Watched::Away(failure.because)),
                Ok(proof) => match Signed::read(&proof.checkpoint, &key, &[]) {
                    Ok(now) if now.size < old => format!("its ledger has {} entries; it had {old}", now.size),
                    // Whoever has them all can prove it.
                    Ok(now) => {
                        format!("its ledger has {} entries; it doesn't prove that they continue {old}", now.size)
                    }
                    Err(error) => error.to_string(),
                },
            }
        }
        Err(failure) => return Ok(Watched::Away(failure.because)),
        Ok(proof) => {
            let root = before.as_ref().map_or(stillwatch_ledger::EMPTY_HASH, |before| before.root);
            match (proof.old == old, proof.check(root, &key, &[])) {
                (true, Ok(now)) => {
                    peers::checkpoint(store, &peer.name, &String::from_utf8_lossy(now.note())).await?;
                    return Ok(Watched::Good(now.size));
                }
                (true, Err(error)) => error.to_string(),
                (false, _) => "it proves something else than was asked for".to_owned(),
            }
        }
    };
    let because = format!("the peer's ledger isn't to be trusted: {lies}");
    for feed in feeds(store, Some(&peer.name)).await? {
        hold(store, &peer.name, &feed.collection, &because).await?;
    }
    Ok(Watched::Lies(lies))
}

async fn prove(asker: &Asker, old: u64) -> std::result::Result<Consistency, super::Failure> {
    let reply = asker.get(&format!("{GROWN}{old}"), &[]).await?;
    let said = reply.json()?;
    let text = said.get("consistency").and_then(serde_json::Value::as_str).unwrap_or_default();
    Consistency::parse(text).map_err(|e| super::Failure::broken(format!("its proof can't be read: {e}")))
}
