//! Epoch: keys that a hub and members make together, for looking up in a pool and for opening what k members reported.
//! In: calls of members and of the hub, in lines (room 2); what this node's people ask for. Out: replies; what is common.
//! Invariant: the hub drives, and can neither evaluate alone nor read what members send each other; shares are in files, read for
//! each answer, erased at the end by every node itself; whatever the ledger is told has names, sizes and hashes only.
//! Not here: lines (`line.rs`), the protocols (`matching::epoch`, `check`, `pool`).

mod ask;
mod bins;
mod call;
pub mod check;
mod close;
mod contribute;
mod holding;
mod kept;
mod known;
mod making;
mod open;
mod others;
mod pool;
mod publish;
mod share;
mod taking;
mod told;

pub use call::{Call, EPOCH, Id, Public, Reply, Stands, Terms, What};
pub use check::{Checker, Found};
pub use close::{beat, close};
pub use contribute::{Progress, contribute};
pub use holding::usage;
pub use kept::Kept;
pub use known::Known;
pub use making::Making;
pub use open::{New, open};
pub use others::{Asked, Others};
pub use pool::{Counts, Shown, open as open_pool, report, show};
pub use publish::{Published, fetch, publish};

use super::Place;
use crate::error::{Error, Result};

/// Answers a call that came from `from`, as its line proves. What isn't done is a reply too.
///
/// # Errors
/// When a reply can't be written.
pub async fn answer(place: &Place, making: &Making, others: &dyn Others, from: &str, body: &[u8]) -> Result<Vec<u8>> {
    let reply = match call::read::<Call>(body) {
        Some(call) => done(place, making, others, from, call).await,
        None => Err(Error::refused("the call can't be read", "use the same version on both sides")),
    };
    let reply = reply.unwrap_or_else(|error| {
        tracing::warn!(from, %error, hint = error.hint(), "a call about an epoch isn't done");
        // What happened in the store or on the disk is told to nobody.
        Reply::Refused(match &error {
            Error::Refused { message, .. } => message.clone(),
            Error::Store(inner) if inner.fault() != stillwatch_track::Fault::Failed => inner.to_string(),
            _ => "it can't be done now".to_owned(),
        })
    });
    call::bytes(&reply)
}

async fn done(place: &Place, making: &Making, others: &dyn Others, from: &str, call: Call) -> Result<Reply> {
    match call {
        Call::Begin { setup, terms } => making::begin(place, making, from, setup, terms).await,
        Call::First { epoch, packages } => making::first(making, from, &epoch, &packages),
        Call::Exchange { epoch } => making::exchange(making, from, &epoch, others).await,
        Call::Second { epoch, package, echo, terms } => making::second(making, from, &epoch, (package, echo), &terms),
        Call::Finish { epoch } => making::finish(place, making, from, &epoch),
        Call::Confirm { epoch, public } => making::confirm(place, making, from, &epoch, public).await,
        Call::Erase { epoch, because } => close::erase(place, making, from, &epoch, &because).await,
        Call::Evaluate { epoch, request } => holding::evaluate(place, from, &epoch, request).await,
        Call::Commit { epoch, root, size } => taking::commit(place, from, &epoch, root, size).await,
        Call::State { epoch } => close::stands(place, from, &epoch).await,
        Call::Give { epoch, what, offset, piece } => taking::give(place, from, &epoch, what, (offset, &piece)).await,
        Call::Given { epoch, what, hash } => taking::given(place, from, &epoch, what, &hash).await,
        Call::Fetch { epoch, what, offset } => taking::fetch(place, from, &epoch, what, offset).await,
    }
}
