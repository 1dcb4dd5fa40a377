//! Round: everything that follows and hands over, once.
//! In: the store, the ledger, who we are. Out: what came, what went, what failed.
//! Invariant: a peer that fails keeps no other from being asked; what came is read for what it means; what is owed is written down
//! before anything is handed over.
//! Not here: when (`serve`, the command line).

use stillwatch_track::groups::{self, Learned};
use stillwatch_track::peers::{self, Peer};
use stillwatch_track::{By, Store};

use super::ask::Asker;
use super::ledger::{Watched, watch};
use super::push::{Pushed, push};
use super::walk::{Walked, With, walk};
use super::{inbox, inbox::Inbox};
use crate::record::Record;
use crate::{Result, api, intel, release};

/// Where a Stillwatch node tells of its groups.
const GROUPS: &str = "/api/v1/groups";

/// What became of a round.
#[derive(Debug, Default)]
pub struct Round {
    /// Feeds that were walked.
    pub walked: Vec<Walked>,
    /// Ledgers of peers.
    pub ledgers: Vec<(String, Watched)>,
    /// What peers told of their groups.
    pub groups: Vec<(String, Learned)>,
    /// Deliveries.
    pub pushed: Vec<Pushed>,
    /// Peers that couldn't be asked at all, and why.
    pub failed: Vec<(String, String)>,
}

impl Round {
    /// Whether a person should look.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        use super::walk::Way;
        self.walked.iter().any(|one| matches!(one.way, Way::Held(_) | Way::Failed(..)) || one.taken.held > 0)
            || self.ledgers.iter().any(|(_, seen)| matches!(seen, Watched::Lies(_)))
            || self.groups.iter().any(|(_, learned)| !learned.odd.is_empty())
            || self.pushed.iter().any(|one| one.because.is_some())
            || !self.failed.is_empty()
    }
}

/// Who goes round.
#[derive(Debug)]
pub struct Us<'a> {
    /// This node's name.
    pub name: &'a str,
    /// The ledger; without one nothing is handed over.
    pub record: Option<&'a Record>,
    /// Objects that a client may put into a collection here in an hour.
    pub hourly: u64,
    /// What a walk needs.
    pub with: &'a With<'a>,
}

/// Goes round once: all peers, inboxes and the outbox; or one peer, of which things are fetched only.
///
/// # Errors
/// When store or ledger can't be read or written.
pub async fn round(store: &Store, us: &Us<'_>, only: Option<&str>, by: &By) -> Result<Round> {
    let mut round = Round::default();
    let asked = match only {
        Some(name) => vec![peers::peer(store, name).await?],
        None => peers::peers(store).await?,
    };
    for peer in &asked {
        match Asker::of(peer) {
            Ok(asker) => follow(store, peer, &asker, us, by, &mut round).await?,
            Err(error) => round.failed.push((peer.name.clone(), error.to_string())),
        }
    }
    if only.is_none() {
        round.walked.extend(inbox::inbox(store, &Inbox { name: us.name, hourly: us.hourly }, us.with).await?);
    }
    intel::follow(store).await?;
    if let (None, Some(record)) = (only, us.record) {
        release::settle(store, record, by).await?;
        let pushed = push(store, record, us.name, None, by).await;
        // What was handed over before something failed is written down too.
        release::settle(store, record, by).await?;
        round.pushed = pushed?;
    }
    Ok(round)
}

async fn follow(store: &Store, peer: &Peer, asker: &Asker, us: &Us<'_>, by: &By, round: &mut Round) -> Result<()> {
    round.ledgers.push((peer.name.clone(), watch(store, peer, asker).await?));
    // Only Stillwatch nodes have groups; others are not asked.
    if peer.acknowledges {
        match asker.get(GROUPS, &[]).await {
            Ok(reply) => match api::groups::read(&reply.bytes) {
                Ok(told) => {
                    let learned = groups::learn(store, &peer.name, &told, by.at).await?;
                    round.groups.push((peer.name.clone(), learned));
                }
                Err(error) => round.failed.push((peer.name.clone(), error.to_string())),
            },
            Err(failure) if failure.status == Some(404) => {}
            Err(failure) => round.failed.push((peer.name.clone(), format!("its groups: {failure}"))),
        }
    }
    for feed in peers::feeds(store, Some(&peer.name)).await? {
        round.walked.push(walk(store, peer, asker, feed, us.with).await?);
    }
    Ok(())
}
