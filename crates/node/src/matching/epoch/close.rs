//! Close: the end of an epoch.
//! In: an epoch whose time is over, or that its hub ends. Out: no share of it any more, and who confirmed that.
//! Invariant: a share is erased first and the epoch marked afterwards, so that nothing marked closed has one; every node does it by
//! itself when the time is over, whether the hub calls or not.
//! Not here: what is published under the key: without it, nothing can be looked up there any more.

use stillwatch_ledger::Step;
use stillwatch_matching::epoch::HolderState;
use stillwatch_track::matches::epochs::{self, State};
use stillwatch_track::matches::holding;

use super::call::{Call, Id, Reply};
use super::known::{Known, now};
use super::making::Making;
use super::others::{Others, ask_all, odd};
use super::share;
use super::told::{Told, take_over};
use crate::error::{Error, Result};
use crate::matching::Place;

/// How long a key may be in the making, in microseconds.
const MAKING: i64 = 900_000_000;

/// Ends an epoch: every holder erases. Who confirmed, and who didn't, with why.
///
/// # Errors
/// When this node isn't its hub, or the hub's own share can't be erased.
pub async fn close(place: &Place, others: &dyn Others, known: &Known) -> Result<Vec<(String, Result<()>)>> {
    known.own_hub(place)?;
    settle(place, known, State::Closed, "").await?;
    let members: Vec<&str> = known.setup.members.iter().map(String::as_str).collect();
    let erased = ask_all(others, &members, |_| Call::Erase { epoch: known.id, because: String::new() }).await;
    let confirmed = |member: &str, reply: Result<Reply>| match reply? {
        Reply::Done => Ok(()),
        _ => Err(odd(member)),
    };
    Ok(erased.into_iter().map(|(member, reply)| (member.to_owned(), confirmed(member, reply))).collect())
}

/// `Erase`, from the hub.
pub(super) async fn erase(place: &Place, making: &Making, from: &str, id: &Id, because: &str) -> Result<Reply> {
    let known = Known::get(place, id).await?;
    known.hub(from)?;
    making.drop(id);
    let because: String = because.chars().filter(|c| !c.is_control()).take(200).collect();
    let to = if known.row.state == State::Active { State::Closed } else { State::Failed };
    settle(place, &known, to, &because).await?;
    Ok(Reply::Done)
}

/// Erases this node's share, and marks the epoch.
pub(super) async fn settle(place: &Place, known: &Known, to: State, because: &str) -> Result<()> {
    share::erase(place, &known.id)?;
    let step = if to == State::Closed { Step::Closed } else { Step::Refused };
    let with = [std::slice::from_ref(&known.setup.hub), &known.setup.members].concat();
    // What all were charged for here, together.
    let state = holding::state(&place.store, &known.row.id).await?;
    let state = state.and_then(|state| serde_json::from_str::<HolderState>(&state).ok());
    let theirs = state.map_or(0, |state| state.budgets().accounts().iter().map(|account| account.used).sum());
    let told = Told { step, with: &with, own: 0, theirs, hash: None };
    epochs::settle(&place.store, &known.row.id, to, because, now(), &told.entry(place, known)?).await?;
    take_over(place).await
}

/// Closes what is over, and gives up what was left in the making: what every node does by itself, again and again.
///
/// # Errors
/// When a share can't be erased, or the store can't be written; the next beat tries again.
pub async fn beat(place: &Place) -> Result<usize> {
    let mut settled = 0;
    for row in epochs::all(&place.store).await? {
        let to = match row.state {
            State::Active if row.ends <= now() => State::Closed,
            State::Making if row.ends <= now() || row.begun.saturating_add(MAKING) <= now() => State::Failed,
            // Where a node was cut between the two, its share goes now.
            State::Closed | State::Failed => {
                let known = Known::of(row)?;
                if share::held(place, &known.id)? {
                    share::erase(place, &known.id)?;
                    settled += 1;
                }
                continue;
            }
            _ => continue,
        };
        let because = if to == State::Failed { "making it took too long" } else { "its time was over" };
        settle(place, &Known::of(row)?, to, because).await?;
        settled += 1;
    }
    Ok(settled)
}

/// `State`: how an epoch stands here.
pub(super) async fn stands(place: &Place, from: &str, id: &Id) -> Result<Reply> {
    let known = Known::get(place, id).await?;
    if known.setup.hub != from {
        known.member(from)?;
    }
    let erased = !share::held(place, id)?;
    super::taking::record(place, &known, erased).await.map(Reply::Stands)
}

/// That a report may be made: nobody can evaluate under this key any more. The hub says so, and as many members, each asked in a
/// line of its own, as leave too few for a quorum.
pub(super) async fn nobody_left(place: &Place, others: &dyn Others, known: &Known) -> Result<()> {
    if known.row.state != State::Closed || share::held(place, &known.id)? {
        return Err(Error::refused(
            "the epoch isn't over: what is reported now could still be guessed at",
            "`stillwatch match epoch close` at the hub ends it; its time does too",
        ));
    }
    let mut to: Vec<&str> = vec![&known.setup.hub];
    to.extend(known.setup.members.iter().map(String::as_str).filter(|name| *name != place.name));
    let mut erased = 1;
    for (who, reply) in ask_all(others, &to, |_| Call::State { epoch: known.id }).await {
        let is_erased = matches!(&reply, Ok(Reply::Stands(stands)) if stands.erased && stands.state == "closed");
        if who == known.setup.hub && !is_erased {
            let why = reply.err().map_or("it still has its share".to_owned(), |error| error.to_string());
            return Err(Error::refused(format!("the hub didn't erase its share: {why}"), "ask the hub, and try again"));
        }
        erased += usize::from(is_erased && who != known.setup.hub);
    }
    let needed = known.setup.members.len() - usize::from(known.setup.quorum) + 1;
    if erased >= needed {
        return Ok(());
    }
    Err(Error::refused(
        format!("{erased} members confirm that they erased their shares, and {needed} must"),
        "try again when more of their nodes run",
    ))
}
