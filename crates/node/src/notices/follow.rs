//! Follow: what the ledger is owed for notices and acknowledgements that came, and for who here has read one.
//! In: the journal of peers, people. Out: entries that are owed.
//! Invariant: each arrival once; ids and names, no content.
//! Not here: entries of what leaves (`release::entries`).

use std::collections::BTreeSet;

use stillwatch_ledger::Outcome;
use stillwatch_stix::notice::{NOTICE, Says};
use stillwatch_track::notices::{self, Came};
use stillwatch_track::{By, Store};

use super::list::{Notice, own, read};
use crate::error::Result;
use crate::release::entries;

/// Owes the ledger what came since the last time.
///
/// # Errors
/// When the store can't be read or written.
pub(crate) async fn follow(store: &Store, by: &By) -> Result<()> {
    let ours: BTreeSet<String> = own(store, NOTICE).await?.into_iter().map(|(id, ..)| id).collect();
    notices::follow(store, &|came| entry(came, &ours, by)).await?;
    Ok(())
}

fn entry(came: &Came, ours: &BTreeSet<String>, by: &By) -> stillwatch_track::Result<Option<(String, String)>> {
    // What we told comes back from a hub.
    if ours.contains(&came.id) {
        return Ok(None);
    }
    let says = read(&came.json);
    let peer = &came.peer;
    let (about, outcome, reason) = match &says {
        Some(says) if says.revoked => (&came.id, Outcome::Received, format!("withdrawn, from {peer}")),
        Some(says) => match &says.says {
            Says::Read { notice } if ours.contains(notice) => {
                (notice, Outcome::Read, format!("by {}, as {peer} tells", says.by))
            }
            _ => (&came.id, Outcome::Received, format!("from {peer}")),
        },
        None => (&came.id, Outcome::Received, format!("from {peer}, not understood")),
    };
    let by = By { author: by.author.clone(), at: came.at };
    Ok(Some((about.clone(), decision(about, outcome, &reason, &by)?)))
}

/// Writes down that somebody here has read a notice; false where they had before.
///
/// # Errors
/// When the store can't be written.
pub async fn read_here(store: &Store, notice: &Notice, by: &By) -> Result<bool> {
    let from = notice.peer.as_deref().map_or_else(|| "here".to_owned(), |peer| format!("here, from {peer}"));
    Ok(notices::read_here(store, &notice.id, &decision(&notice.id, Outcome::Read, &from, by)?, by).await?)
}

fn decision(about: &str, outcome: Outcome, reason: &str, by: &By) -> stillwatch_track::Result<String> {
    entries::decision(&entries::name(about), outcome, reason, by)
}
