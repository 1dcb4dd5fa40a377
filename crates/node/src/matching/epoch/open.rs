//! Open: the hub has members make a key with it.
//! In: a namespace, members, terms. Out: an active epoch; or who failed, and nothing left of it.
//! Invariant: the hub sees first packages and public shares only; the epoch is active once every member has checked the key; where
//! anything fails, all are told to erase, and the epoch's number isn't used again.
//! Not here: members' side (`making.rs`).

use std::collections::BTreeMap;

use stillwatch_ledger::Step;
use stillwatch_matching::Namespace;
use stillwatch_matching::epoch::{Packages, Setup, possession};
use stillwatch_matching::oprf::Key;
use stillwatch_track::matches::epochs::{self, State};

use super::call::{Call, Public, Reply, Terms, bytes};
use super::close::settle;
use super::known::Known;
use super::making::{activate, check, row};
use super::others::{Others, ask_all, odd};
use super::share;
use crate::error::{Error, Result};
use crate::matching::key::random;
use crate::matching::{Place, broken};

/// Which key is to be made.
#[derive(Clone, Debug)]
pub struct New {
    /// For what.
    pub namespace: Namespace,
    /// By whom, besides the hub.
    pub members: Vec<String>,
    /// How many members' shares an evaluation needs, besides the hub's.
    pub quorum: u16,
    /// On which terms.
    pub terms: Terms,
}

/// Makes a key with members; `told` hears each step.
///
/// # Errors
/// When the terms can't be, or a member refuses, isn't reached, or cheats: it is named, and everything is erased.
pub async fn open(place: &Place, others: &dyn Others, new: &New, told: &(dyn Fn(&str) + Sync)) -> Result<Known> {
    let mut members = new.members.clone();
    members.sort_unstable();
    members.dedup();
    let epoch = epochs::next_number(&place.store, &place.name, new.namespace.name()).await?;
    let setup = Setup { epoch, namespace: new.namespace, hub: place.name.clone(), members, quorum: new.quorum };
    setup.digest().map_err(broken)?;
    check(&setup, &new.terms).map_err(|why| Error::refused(why, "choose other terms"))?;
    left_over(place, others, new.namespace).await?;
    epochs::begin(&place.store, &row(&setup, &new.terms, String::new())?).await?;
    let known = Known::get(place, &setup.digest().map_err(broken)?).await?;
    match make(place, others, &known, told).await {
        Ok(()) => Known::get(place, &known.id).await,
        Err(error) => {
            let because = error.to_string();
            told("something failed: all erase what they have of it");
            give_up(place, others, &known, &because).await?;
            Err(error)
        }
    }
}

/// Epochs whose making an earlier attempt left lying.
async fn left_over(place: &Place, others: &dyn Others, namespace: Namespace) -> Result<()> {
    for row in epochs::all(&place.store).await? {
        if row.state == State::Making && row.hub == place.name && row.namespace == namespace.name() {
            give_up(place, others, &Known::of(row)?, "it was broken off").await?;
        }
    }
    Ok(())
}

async fn give_up(place: &Place, others: &dyn Others, known: &Known, because: &str) -> Result<()> {
    settle(place, known, State::Failed, because).await?;
    let members: Vec<&str> = known.setup.members.iter().map(String::as_str).collect();
    let because: String = because.chars().take(200).collect();
    let erased = ask_all(others, &members, |_| Call::Erase { epoch: known.id, because: because.clone() }).await;
    for (member, done) in erased {
        if let Err(error) = done {
            tracing::warn!(member, %error, "a member wasn't told that the key isn't made; it forgets by itself");
        }
    }
    Ok(())
}

async fn make(place: &Place, others: &dyn Others, known: &Known, told: &(dyn Fn(&str) + Sync)) -> Result<()> {
    let (setup, id) = (&known.setup, known.id);
    let members: Vec<&str> = setup.members.iter().map(String::as_str).collect();

    told("members begin");
    let begun = ask_all(others, &members, |_| Call::Begin { setup: setup.clone(), terms: known.terms.clone() }).await;
    let first: Packages = each(begun, |reply| match reply {
        Reply::Package(package) => Some(package),
        _ => None,
    })?;

    told("first packages go round");
    let without =
        |to: &str| first.iter().filter(|(name, _)| *name != to).map(|(n, p)| (n.clone(), p.clone())).collect();
    // Whether they fit into one call is known beforehand.
    bytes(&Call::First { epoch: id, packages: first.clone() })?;
    let echoed = ask_all(others, &members, |to| Call::First { epoch: id, packages: without(to) }).await;
    let echoes = each(echoed, |reply| match reply {
        Reply::Echo(echo) => Some(echo),
        _ => None,
    })?;
    if let Some((member, _)) = echoes.iter().find(|(_, echo)| Some(*echo) != echoes.values().next()) {
        let why = format!("`{member}` saw other first packages than the first of the members");
        return Err(Error::refused(why, "leave that member out, or begin anew"));
    }

    told("members send each other their second packages");
    let exchanged = ask_all(others, &members, |_| Call::Exchange { epoch: id }).await;
    each(exchanged, |reply| (reply == Reply::Done).then_some(()))?;

    told("members put their shares together");
    let finished = ask_all(others, &members, |_| Call::Finish { epoch: id }).await;
    let shares: BTreeMap<String, Vec<[u8; 32]>> = each(finished, |reply| match reply {
        Reply::Shares(shares) => Some(shares),
        _ => None,
    })?;
    let agreed = shares.values().next().cloned().unwrap_or_default();
    if let Some((member, _)) = shares.iter().find(|(_, theirs)| **theirs != agreed) {
        return Err(Error::refused(format!("`{member}` says other public shares"), "leave that member out"));
    }

    let own = Key::generate(&mut random());
    let proof = possession(setup, &own, &mut random()).map_err(broken)?;
    let public = Public { hub: own.public().to_bytes(), proof, shares: agreed };
    public.key(setup.clone())?;
    share::write(place, &id, &own)?;
    drop(own);

    told("members check the key");
    let confirmed = ask_all(others, &members, |_| Call::Confirm { epoch: id, public: public.clone() }).await;
    each(confirmed, |reply| (reply == Reply::Done).then_some(()))?;
    activate(place, known, &public, Step::Begun).await
}

/// What each replied; or everyone who didn't, in one error.
pub(super) fn each<T>(
    replies: Vec<(&str, Result<Reply>)>,
    read: impl Fn(Reply) -> Option<T>,
) -> Result<BTreeMap<String, T>> {
    let mut all = BTreeMap::new();
    let mut failed = Vec::new();
    for (member, reply) in replies {
        match reply.and_then(|reply| read(reply).ok_or_else(|| odd(member))) {
            Ok(value) => drop(all.insert(member.to_owned(), value)),
            Err(error) => failed.push(error.to_string()),
        }
    }
    if failed.is_empty() {
        return Ok(all);
    }
    Err(Error::refused(failed.join("; "), "look after these members' nodes, or leave them out"))
}
