//! Begin: the side that answers makes ready: its set, the terms, a key, its own evaluations.
//! In: a proposal, the agreement. Out: a sender whose set is closed.
//! Invariant: the asking side is charged before a key is made; a round that goes on isn't charged again.
//! Not here: frames (`answer.rs`).

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use stillwatch_matching::pair::{Sender, Terms};
use stillwatch_matching::walk;
use stillwatch_track::By;
use stillwatch_track::matches::{self, Agreement};

use super::keep::{keep_sender, sender as kept};
use super::{begun, own, permit};
use crate::error::{Error, Result};
use crate::matching::set::Prepared;
use crate::matching::{Place, broken, key};

/// Elements evaluated at a time: one batch of the protocol.
const BATCH: usize = 4_096;
/// Rounds that a member may begin in an hour: each costs us as many evaluations as our own set has elements.
const ROUNDS: usize = 60;
const HOUR: i64 = 3_600_000_000;

/// Charges the asking side, once a round, and keeps that it is begun.
pub(super) async fn charge(place: &Place, terms: &Terms, agreement: &Agreement, by: &By) -> Result<()> {
    let id = hex::encode(terms.session);
    let (member, namespace) = (&terms.receiver.name, terms.namespace.name());
    let latest = matches::rounds(&place.store, 10_000).await?;
    if latest.iter().any(|round| round.id == id) {
        return Ok(());
    }
    let recent =
        |round: &&matches::Round| round.member == *member && round.side == "answers" && round.begun > by.at - HOUR;
    if latest.iter().filter(recent).count() >= ROUNDS {
        return Err(Error::refused(format!("`{member}` began {ROUNDS} rounds within an hour"), "try again later"));
    }
    let asked = (terms.receiver.size, agreement.budget);
    if let Err(left) = matches::charge(&place.store, member, namespace, asked, by.at).await? {
        let error = stillwatch_matching::Error::Budget {
            member: member.clone(),
            asked: terms.receiver.size,
            left,
            limit: agreement.budget,
        };
        return Err(broken(error));
    }
    let hours = matches::hours(&place.store, member, namespace).await?;
    let volumes: Vec<u64> = hours.iter().map(|hour| hour.asked).collect();
    for alarm in walk::volume(&volumes, terms.receiver.size) {
        tracing::warn!(member, namespace, ?alarm, "a member asks for unusually much");
    }
    let profile = format!("{} {}", agreement.profile, agreement.version);
    begun(place, terms, "answers", &profile, Some(agreement.budget), by).await
}

/// A sender with the whole set in it; goes on with the key that was kept, where one is. It takes a multiplication an element.
pub(super) fn fill(terms: &Terms, set: &Prepared, folder: &Path, done: &AtomicU64) -> Result<Sender> {
    let mut sender = match kept(terms, set, folder)? {
        Some(sender) => sender,
        None => {
            let sender = Sender::new(terms.clone(), own(set), permit(terms)?, &mut key::random()).map_err(broken)?;
            keep_sender(&sender, folder)?;
            sender
        }
    };
    let mut from = 0;
    while from < set.count {
        let items = set.items(from, BATCH)?;
        let items: Vec<_> = items.iter().map(|(element, label)| (element.clone(), label.as_slice())).collect();
        sender.add(&items).map_err(broken)?;
        from += items.len() as u64;
        done.store(from, Ordering::Relaxed);
    }
    sender.seal().map_err(broken)?;
    Ok(sender)
}
