//! Forbidden: what a sender's marking forbids a hub to pass on.
//! In: an object as it came, the collection that it is for. Out: the same object, or why a hub doesn't take it.
//! Invariant: judged by the object's own markings alone, so that a refusal tells nothing of what else is here.
//! Not here: a member's node, which keeps such an object and shows it to nobody (`track::exchange`).

use stillwatch_stix::effect::EFFECT;
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_track::exchange::Collection;

use super::received::{Bad, Item, level};

/// What to do about it.
const SEAL: &str = "seal it to those who may have it (docs/hub.md)";

/// Refuses what may not be passed on (TLP 2.0, FIRST, August 2022; PAP).
pub(super) fn refuse(item: Result<Item, Bad>, collection: &Collection) -> Result<Item, Bad> {
    let item = item?;
    match reason(&item, collection) {
        None => Ok(item),
        Some(message) => Err(Bad { id: item.id, version: item.version, message }),
    }
}

fn reason(item: &Item, collection: &Collection) -> Option<String> {
    let marked = &item.marked;
    if item.kind == EFFECT && collection.can_read {
        return Some(
            "how a campaign fared at one member is nobody else's: send it to a collection that nobody can read \
             (docs/coordination.md)"
                .to_owned(),
        );
    }
    if let Some(unread) = &marked.unread {
        return Some(format!(
            "its marking `{unread}` is none that this hub can read, or isn't in the same request, and may forbid to pass it \
             on: use TLP and PAP alone, or {SEAL}"
        ));
    }
    let tlp = said("TLP", Tlp::ALL.get(usize::from(item.tlp)).map_or("RED", |tlp| tlp.name()), marked.says_tlp);
    if item.tlp >= level(Tlp::Red) {
        return Some(format!("{tlp}: only the recipients that are named may know of it, and a hub is none: {SEAL}"));
    }
    if item.tlp >= level(Tlp::AmberStrict) {
        return Some(format!("{tlp}: it may not leave the recipient's own organisation, and a hub passes on: {SEAL}"));
    }
    if item.tlp > collection.most_tlp {
        let most = Tlp::ALL.get(usize::from(collection.most_tlp)).map_or("CLEAR", |tlp| tlp.name()).to_uppercase();
        return Some(format!(
            "{tlp}: this collection takes TLP:{most} at most, and is read by more than may know: {SEAL}"
        ));
    }
    if item.pap > collection.most_pap {
        let pap = said("PAP", Pap::ALL.get(usize::from(item.pap)).map_or("RED", |pap| pap.name()), marked.says_pap);
        let most = Pap::ALL.get(usize::from(collection.most_pap)).map_or("CLEAR", |pap| pap.name()).to_uppercase();
        return Some(format!("{pap}: this collection takes PAP:{most} at most, and its readers may do more: {SEAL}"));
    }
    None
}

fn said(protocol: &str, level: &str, is_said: bool) -> String {
    let level = level.to_uppercase();
    if is_said {
        format!("it is marked {protocol}:{level}")
    } else {
        format!("it has no {protocol} marking, which counts as {protocol}:{level}")
    }
}
