//! Ask: elements are evaluated by the hub and a quorum of members.
//! In: elements, who answers. Out: their outputs; or that the round was too old.
//! Invariant: the same request to all; every answer's proof is checked; a holder that cheats or doesn't answer is named.
//! Not here: what outputs are for.

use stillwatch_matching::Element;
use stillwatch_matching::epoch::{Asked, EpochKey};
use stillwatch_matching::oprf::Output;

use super::call::{Call, Reply};
use super::holding;
use super::known::Known;
use super::others::{Others, ask_all, odd};
use crate::error::{Error, Result};
use crate::matching::{Place, broken};

/// Has the holders answer; nothing, if one of them says that the round is too old.
pub(super) async fn ask(
    place: &Place,
    others: &dyn Others,
    known: &Known,
    mut asked: Asked,
) -> Result<Option<Vec<(Element, Output)>>> {
    let call = Call::Evaluate { epoch: known.id, request: asked.request().to_vec() };
    let missing: Vec<String> = asked.missing().into_iter().map(str::to_owned).collect();
    let far: Vec<&str> = missing.iter().map(String::as_str).filter(|name| *name != place.name).collect();
    let own = async {
        match missing.contains(&place.name) {
            true => Some(holding::evaluate(place, &place.name, &known.id, asked.request().to_vec()).await),
            false => None,
        }
    };
    let (own, replies) = futures_util::future::join(own, ask_all(others, &far, |_| call.clone())).await;
    let own = own.map(|reply| (place.name.as_str(), reply));
    let mut failed = Vec::new();
    let mut is_stale = false;
    for (holder, reply) in own.into_iter().chain(replies) {
        match reply {
            Ok(Reply::Evaluated(answer)) => match asked.take(holder, &answer) {
                Ok(()) => {}
                // Nothing of this round is used: a holder cheats, and is named.
                Err(error) => return Err(broken(error)),
            },
            Ok(Reply::Stale) => is_stale = true,
            Ok(_) => failed.push(odd(holder).to_string()),
            Err(error) => failed.push(error.to_string()),
        }
    }
    if !failed.is_empty() {
        return Err(Error::refused(failed.join("; "), "try again; what was asked is asked again as it was"));
    }
    if is_stale {
        return Ok(None);
    }
    asked.finish().map(Some).map_err(broken)
}

/// A quorum: this node, where it holds a share, and members that answer, the first of them by `turn`.
///
/// # Errors
/// When too few answer: they are named.
pub(super) async fn quorum(
    place: &Place,
    others: &dyn Others,
    known: &Known,
    key: &EpochKey,
    turn: usize,
) -> Result<Vec<String>> {
    let needed = usize::from(key.setup().quorum);
    let mut chosen: Vec<String> = Vec::new();
    if known.setup.seat(&place.name).is_some() && super::share::held(place, &known.id)? {
        chosen.push(place.name.clone());
    }
    let members: Vec<&str> =
        known.setup.members.iter().map(String::as_str).filter(|name| *name != place.name).collect();
    let mut failed = Vec::new();
    let all = members.len();
    for at in 0..all {
        if chosen.len() >= needed {
            break;
        }
        let Some(member) = members.get((turn + at) % all.max(1)) else { break };
        match super::others::ask(others, member, &Call::State { epoch: known.id }).await {
            Ok(Reply::Stands(stands)) if stands.state == "active" && !stands.erased => {
                chosen.push((*member).to_owned())
            }
            Ok(_) => failed.push(format!("`{member}` holds no share of this epoch any more")),
            Err(error) => failed.push(error.to_string()),
        }
    }
    if chosen.len() == needed {
        return Ok(chosen);
    }
    Err(Error::refused(
        format!("{needed} members are needed, and {} answer: {}", chosen.len(), failed.join("; ")),
        "try again when more of their nodes run",
    ))
}
