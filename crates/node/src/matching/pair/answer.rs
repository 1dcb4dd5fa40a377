//! Answer: the side that is asked.
//! In: calls from a member whose key was proven. Out: replies.
//! Invariant: nothing is evaluated outside of what is agreed on with that member; a state is kept on the disk before its answer leaves.
//! Not here: making ready (`begin.rs`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use stillwatch_matching::Namespace;
use stillwatch_matching::pair::{Party, Receiver, Terms, Turn};
use stillwatch_track::{By, matches};

use super::keep::{Keeper, keep_sender};
use super::running::{Back, Ready, Running, Side, State};
use super::{Call, Reply, begin, begun, blind, ended, kept, label_of};
use crate::error::{Error, Result};
use crate::matching::agreed::{May, holds};
use crate::matching::set::prepare;
use crate::matching::{Place, broken, files, found, key};

/// A match that is proposed.
#[derive(Debug, Clone, Copy)]
struct Proposed {
    session: [u8; 16],
    namespace: Namespace,
    size: u64,
    root: [u8; 32],
    label: u16,
    both: bool,
}

/// Answers a call.
pub(in crate::matching) async fn answer(place: &Place, running: &Running, from: &str, body: &[u8]) -> Result<Vec<u8>> {
    let call = Call::read(body)?;
    let session = call.session();
    match call {
        Call::Propose { session, namespace, size, root, label, both } => {
            propose(place, running, from, Proposed { session, namespace, size, root, label, both }).await?.bytes()
        }
        Call::Frame { frame, .. } => {
            on_ready(place, running, from, session, move |ready, side| frame_of(ready, side, &frame)).await
        }
        Call::Back { frame, .. } => {
            on_ready(place, running, from, session, move |ready, side| back(ready, side, frame)).await
        }
    }
}

async fn propose(place: &Place, running: &Running, from: &str, asked: Proposed) -> Result<Reply> {
    let by = by(place);
    let (agreement, may) = holds(&place.store, from, asked.namespace.name(), by.at).await?;
    if kept(place, asked.session).await?.is_some_and(|round| round.state == "done") && !asked.both {
        return Ok(Reply::Done);
    }
    if asked.label != label_of(asked.namespace) {
        return Err(Error::refused("labels of another length are proposed", "use the same version on both sides"));
    }
    if asked.both && !agreement.both {
        return Err(Error::refused("only one side is to learn what is common here", "match without `--both`"));
    }
    let make = || {
        let state = Arc::new(tokio::sync::Mutex::new(State::Preparing));
        let folder = place.folder.join(hex::encode(asked.session));
        Some(Side { folder, done: Arc::default(), of: AtomicU64::new(0), state })
    };
    let (side, is_new) = running.side(asked.session, from, make).ok_or_else(|| unknown(from))?;
    if is_new {
        let (place, side, from) = (place.clone(), Arc::clone(&side), from.to_owned());
        tokio::spawn(async move {
            if let Err(error) = ready(&place, &side, &from, asked, &agreement, &may, &by).await {
                tracing::warn!(from, %error, hint = error.hint(), "a match can't be begun");
                let words = if let Error::Refused { message, .. } = &error {
                    message.clone()
                } else {
                    "it can't be begun now".to_owned()
                };
                *side.state.lock().await = State::Failed(words);
            }
        });
    }
    let state = side.state.lock().await;
    match &*state {
        State::Preparing => Ok(waiting(&side)),
        State::Terms(terms) => Ok(Reply::Terms { size: terms.sender.size, root: terms.sender.root }),
        State::Ready(ready) => Ok(Reply::Terms { size: ready.terms.sender.size, root: ready.terms.sender.root }),
        State::Failed(words) => {
            let words = words.clone();
            drop(state);
            running.forget(asked.session);
            Err(Error::refused(words, "look at the other side's log"))
        }
    }
}

/// Makes the set, the terms, and the sender.
async fn ready(
    place: &Place,
    side: &Arc<Side>,
    from: &str,
    asked: Proposed,
    agreement: &matches::Agreement,
    may: &May,
    by: &By,
) -> Result<()> {
    let (set, skipped) = prepare(place, asked.namespace, &agreement.source, may, &side.folder).await?;
    if skipped.count > 0 {
        tracing::info!(skipped = skipped.count, first = skipped.first, "not all of the set can be compared");
    }
    let terms = Terms {
        session: asked.session,
        namespace: asked.namespace,
        receiver: Party { name: from.to_owned(), size: asked.size, root: asked.root },
        sender: Party { name: place.name.clone(), size: set.size(), root: set.root },
        label: asked.label,
        two_sided: asked.both,
    };
    terms.digest().map_err(broken)?;
    begin::charge(place, &terms, agreement, by).await?;
    side.of.store(set.count, Ordering::Relaxed);
    *side.state.lock().await = State::Terms(terms.clone());
    let (folder, done) = (side.folder.clone(), Arc::clone(&side.done));
    let filled = tokio::task::spawn_blocking(move || {
        begin::fill(&terms, &set, &folder, &done).map(|sender| (terms, set, sender))
    });
    let (terms, set, sender) = filled.await.map_err(|_| Error::refused("it broke off", "propose it again"))??;
    // A restart in the middle: one way may be over.
    let over = kept(place, asked.session).await?.is_some_and(|round| round.state == "done");
    *side.state.lock().await = State::Ready(Box::new(Ready { terms, set, sender, back: None, over }));
    Ok(())
}

/// What a call does once the match is ready.
struct Done {
    reply: Reply,
    over: Option<Over>,
}

/// A way that is over.
enum Over {
    /// The other side has learned what is common.
    Told(Terms, [u8; 32]),
    /// This side has: what it is, is still sealed.
    Learned(Box<(Terms, Receiver)>),
}

async fn on_ready(
    place: &Place,
    running: &Running,
    from: &str,
    session: [u8; 16],
    work: impl FnOnce(&mut Ready, &Side) -> Result<Done> + Send + 'static,
) -> Result<Vec<u8>> {
    let (side, _) = running.side(session, from, || None).ok_or_else(|| unknown(from))?;
    let held = Arc::clone(&side.state).lock_owned().await;
    let namespace = match &*held {
        State::Ready(ready) => ready.terms.namespace,
        State::Preparing | State::Terms(_) => return waiting(&side).bytes(),
        State::Failed(words) => return Err(Error::refused(words.clone(), "propose it again")),
    };
    // An agreement may have ended meanwhile.
    let by = by(place);
    let (agreement, _) = holds(&place.store, from, namespace.name(), by.at).await?;
    let worker = Arc::clone(&side);
    let worked = tokio::task::spawn_blocking(move || {
        let mut held = held;
        let State::Ready(ready) = &mut *held else { return Err(Error::refused("it isn't ready", "call again")) };
        let had_back = ready.back.is_some();
        let done = work(ready, &worker)?;
        let begun = ready.back.as_ref().filter(|_| !had_back).map(|back| back.terms.clone());
        Ok((done, begun, ready.terms.two_sided, ready.set.clone()))
    });
    let (done, back, both, set) = worked.await.map_err(|_| Error::refused("it broke off", "propose it again"))??;
    if let Some(terms) = back {
        let profile = format!("{} {}", agreement.profile, agreement.version);
        begun(place, &terms, "asks", &profile, None, &by).await?;
    }
    match done.over {
        None => {}
        Some(Over::Told(terms, transcript)) => {
            ended(place, &terms, "answers", Ok(None), Some(transcript), &by).await?;
            if !both {
                running.forget(session);
                files::settled(&side.folder)?;
            }
        }
        Some(Over::Learned(learned)) => {
            let (terms, receiver) = *learned;
            running.forget(session);
            // After the reply: how long opening takes says how much is common.
            let (place, folder) = (place.clone(), side.folder.clone());
            tokio::spawn(async move {
                if let Err(error) = found::learned(&place, &terms, receiver, &set, (&folder, true), &by).await {
                    tracing::error!(%error, hint = error.hint(), "what is common can't be kept; it is tried again at the next start");
                }
            });
        }
    }
    done.reply.bytes()
}

/// A frame of the side that learns; this side is the sender.
fn frame_of(ready: &mut Ready, side: &Side, frame: &[u8]) -> Result<Done> {
    if ready.over {
        return Ok(Done { reply: Reply::Done, over: None });
    }
    let reply = ready.sender.receive(frame, &mut key::random()).map_err(broken)?;
    keep_sender(&ready.sender, &side.folder)?;
    if let Some(frame) = reply {
        return Ok(Done { reply: Reply::Frame(frame), over: None });
    }
    ready.over = true;
    Ok(Done { reply: Reply::Done, over: Some(Over::Told(ready.terms.clone(), ready.sender.transcript())) })
}

/// The other way round: this side learns, and its frames go back as replies.
fn back(ready: &mut Ready, side: &Side, frame: Option<Vec<u8>>) -> Result<Done> {
    if !ready.terms.two_sided || !ready.over {
        return Err(Error::refused("the other way round isn't agreed on, or comes later", "match one way first"));
    }
    let Ready { terms, set, back, .. } = ready;
    let back = match back {
        Some(back) => back,
        None => {
            let terms = terms.reversed();
            let (receiver, keeper) = Keeper::receiver(&terms, set, &side.folder)?;
            back.insert(Back { terms, receiver: Some(receiver), keeper })
        }
    };
    let over = || Error::refused("it is over already", "there is nothing more to do");
    let receiver = back.receiver.as_mut().ok_or_else(over)?;
    let turn = match frame {
        None if receiver.has_all() => Turn::Last(Vec::new()),
        None => Turn::Send(receiver.open().map_err(broken)?),
        Some(frame) => receiver.receive(&frame).map_err(broken)?,
    };
    let (frame, is_last) = match turn {
        Turn::Elements(count) => (blind(receiver, set, count)?, false),
        Turn::Send(frame) => (frame, false),
        Turn::Last(frame) => (frame, true),
    };
    back.keeper.keep(receiver)?;
    let over = if is_last {
        back.receiver.take().map(|receiver| Over::Learned(Box::new((back.terms.clone(), receiver))))
    } else {
        None
    };
    let reply = if frame.is_empty() { Reply::Done } else { Reply::Frame(frame) };
    Ok(Done { reply, over })
}

fn waiting(side: &Side) -> Reply {
    Reply::Wait { done: side.done.load(Ordering::Relaxed), of: side.of.load(Ordering::Relaxed) }
}

fn unknown(from: &str) -> Error {
    Error::refused(format!("no such match with `{from}` is under way"), "propose it again")
}

/// The node does what people agreed on.
fn by(place: &Place) -> By {
    By { author: place.name.clone(), at: Timestamp::now().as_microsecond() }
}
