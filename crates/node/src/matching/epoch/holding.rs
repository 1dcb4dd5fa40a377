//! Holding: the hub or a member answers with its share.
//! In: a member's request. Out: an answer with its proof; alarms.
//! Invariant: charged and kept before it is answered, one request after the other; the share is read for each, so that it is gone
//! when its file is. Too much is refused, and told the ledger once.
//! Not here: asking (`ask.rs`).

use stillwatch_ledger::Step;
use stillwatch_matching::Error as Fault;
use stillwatch_matching::epoch::{Charged, Holder, HolderState};
use stillwatch_matching::oprf::POINT;
use stillwatch_matching::walk::{self, Alarm};
use stillwatch_track::matches::{epochs, files, holding};

use super::call::{Id, Reply};
use super::known::{Known, now};
use super::share;
use super::told::Told;
use crate::error::{Error, Result};
use crate::matching::key::random;
use crate::matching::{Place, broken};

/// What the crate says of a round that is older than the last.
const STALE: &str = "its round was asked already";
/// Elements that are answered without a thread of their own.
const FEW: usize = 64;
/// Alarms are looked for each time that a member's sum goes past a multiple of this.
const LOOK: u64 = 256;

/// `Evaluate`.
pub(super) async fn evaluate(place: &Place, from: &str, id: &Id, request: Vec<u8>) -> Result<Reply> {
    let known = Known::get(place, id).await?;
    known.member(from)?;
    known.active()?;
    let (key, share) = (known.key()?, share::read(place, id)?);
    let name = place.name.clone();
    let elements = request.len() / POINT;
    let member = from.to_owned();
    let charge = move |state: &str| -> std::result::Result<_, Fault> {
        let unread = |_| Fault::Stored { what: "holder's state", why: "it isn't one of this version" };
        let kept: HolderState = serde_json::from_str(state).map_err(unread)?;
        let before = used(&kept, &member);
        let mut holder = Holder::restore(key, &name, share, kept)?;
        let charged = holder.charge(&member, &request)?;
        let after = used(holder.state(), &member);
        let text = serde_json::to_string(holder.state()).map_err(unread)?;
        Ok((text, after - before, (holder, charged, before, after)))
    };
    match holding::charge(&place.store, &known.row.id, from, now(), charge).await? {
        Ok((holder, charged, before, after)) => {
            if before / LOOK != after / LOOK {
                look(place, &known, from).await?;
            }
            answer(holder, charged, elements).await
        }
        Err(Fault::Frame { why: STALE, .. }) => Ok(Reply::Stale),
        Err(fault) => {
            if matches!(fault, Fault::Budget { .. }) {
                over(place, &known, from, &fault).await?;
            }
            Err(broken(fault))
        }
    }
}

async fn answer(holder: Holder, charged: Charged, elements: usize) -> Result<Reply> {
    let work = move || holder.answer(charged, &mut random()).map(Reply::Evaluated).map_err(broken);
    if elements <= FEW {
        return work();
    }
    let failed = |_| Error::setup("an answer was broken off", "try again");
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

fn used(state: &HolderState, member: &str) -> u64 {
    state.budgets().accounts().iter().filter(|account| account.member == member).map(|account| account.used).sum()
}

/// A member asked for more than it has left: an alarm and an entry, once an epoch, however often it asks.
async fn over(place: &Place, known: &Known, from: &str, fault: &Fault) -> Result<()> {
    let alarm =
        holding::Alarm { member: from.to_owned(), what: "budget".to_owned(), told: fault.to_string(), at: now() };
    if holding::alarm(&place.store, &known.row.id, &alarm).await? {
        tracing::warn!(member = from, epoch = known.row.id, "asked for more than its budget");
        let with = [from.to_owned()];
        Told { step: Step::Refused, with: &with, own: 0, theirs: 0, hash: None }.owe(place, known).await?;
    }
    Ok(())
}

/// Looks at a member's hours.
async fn look(place: &Place, known: &Known, from: &str) -> Result<()> {
    let hours = holding::hours(&place.store, &known.row.id, from).await?;
    let all = files::commitments(&place.store, &known.row.id).await?;
    let committed = all.iter().find(|one| one.member == from).map_or(0, |one| one.size);
    for alarm in walk::volume(&hours, committed) {
        let (what, told) = match alarm {
            Alarm::Burst { asked, usual, .. } => {
                ("burst", format!("{asked} elements in an hour, where {usual} are usual"))
            }
            Alarm::Beyond { asked, committed } => {
                ("beyond", format!("{asked} elements in the epoch, and committed to {committed}"))
            }
            Alarm::Dense { share, opened } => {
                ("dense", format!("of {opened} opened addresses, {:.0} % lie together", share * 100.0))
            }
        };
        let alarm = holding::Alarm { member: from.to_owned(), what: what.to_owned(), told, at: now() };
        if holding::alarm(&place.store, &known.row.id, &alarm).await? {
            tracing::warn!(member = from, epoch = known.row.id, what, told = alarm.told, "asks oddly");
        }
    }
    Ok(())
}

/// What each member was charged here: name, used, limit.
///
/// # Errors
/// When the store can't be read.
pub async fn usage(place: &Place, known: &Known) -> Result<Vec<(String, u64, u64)>> {
    let state = holding::state(&place.store, &known.row.id).await?;
    let state = state.and_then(|state| serde_json::from_str::<HolderState>(&state).ok());
    let all = state.iter().flat_map(|state| state.budgets().accounts());
    Ok(all.map(|account| (account.member.clone(), account.used, account.limit)).collect())
}

/// A number for questions of this node's own, nobody else's from then on.
pub(super) async fn rounds(place: &Place, known: &Known, many: u64) -> Result<u64> {
    Ok(epochs::rounds(&place.store, &known.row.id, many).await?)
}
