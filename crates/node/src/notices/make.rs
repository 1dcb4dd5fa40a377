//! Make: a notice or an acknowledgement, ready to be proposed.
//! In: a campaign and an instant, or a received notice; who tells. Out: objects of ours, with those that they name.
//! Invariant: the campaign is one that we told or were told; a notice that stands isn't made a second time under another hour; what was
//! taken back isn't made again.
//! Not here: proposing (`release`), what leaves (`share`).

use jiff::{SignedDuration, Timestamp};
use stillwatch_model::tracked::Status;
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::notice::{self as form, ACKNOWLEDGEMENT, NOTICE, Says};
use stillwatch_stix::{Limits, Object};
use stillwatch_track::notices::{beginning, courses};
use stillwatch_track::objects::{self, Which};
use stillwatch_track::{By, Store, instant, peers, tracked_by_id};

use super::list::{Notice, own};
use crate::error::{Error, Result};
use crate::own::{OWN, identity};

/// How far ahead a notice may act, days.
const AHEAD: i64 = 366;

/// What is to be proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The notice or acknowledgement.
    pub id: String,
    /// What the release is about: our own campaign, else the notice.
    pub subject: String,
    /// From when we act; of a notice.
    pub acts_from: Option<Timestamp>,
    /// Objects of ours: who tells, the type's definition, and what is told.
    pub texts: Vec<String>,
    /// Objects that these name; they are not sent.
    pub known: Vec<String>,
    /// Recipients that are reached by the peers that told the notice.
    pub tellers: Vec<String>,
}

/// A campaign that a notice may be about.
pub(super) struct About {
    pub(super) id: String,
    pub(super) is_ours: bool,
    pub(super) known: Vec<String>,
}

/// A notice that we act on a campaign from `from` on; the campaign is named by its id or the beginning of one.
///
/// # Errors
/// When there is no such campaign that was told, it is none, the instant is over, or another notice about it stands.
pub async fn notice(
    store: &Store,
    campaign: &str,
    from: Timestamp,
    (producer, tlp): (&Producer, Tlp),
    by: &By,
) -> Result<Ready> {
    let now = crate::release::entries::at(by.at);
    let from = form::hour(from);
    if from <= now || from.duration_since(now) > SignedDuration::from_hours(24 * AHEAD) {
        return Err(Error::refused(
            format!("{from} isn't an hour of the year to come"),
            "a notice is about what is still to be done: give `--at` an instant later than now",
        ));
    }
    let about = about(store, campaign).await?;
    let text = form::notice(producer, &about.id, from, &instant(by.at), tlp);
    let id = id_of(&text);
    for (other, says, _) in own(store, NOTICE).await? {
        let Says::Acts { campaign, .. } = says.says else { continue };
        if campaign != about.id {
            continue;
        }
        let fares = courses(store, [&campaign, &other], &other).await?;
        let Some(last) = fares.last() else { continue };
        match last.state.as_str() {
            "rejected" | "expired" => {}
            "withdrawn" if other != id => {}
            "withdrawn" => {
                return Err(Error::refused(
                    format!("`{id}` was withdrawn, and what was taken back isn't said again"),
                    "choose another hour",
                ));
            }
            state => {
                return Err(Error::refused(
                    format!("a notice about this campaign is {state} already, as `{}`", last.release),
                    "`stillwatch release withdraw` it (or `reject`, while it is proposed), then propose the other hour",
                ));
            }
        }
    }
    let subject = if about.is_ours { about.id } else { id.clone() };
    let mut texts = vec![identity(store, producer, by).await?, text];
    texts.extend(form::defined(NOTICE));
    Ok(Ready { id, subject, acts_from: Some(from), texts, known: about.known, tellers: Vec::new() })
}

/// An acknowledgement that we have read a notice, as each peer tells it.
///
/// # Errors
/// When it is ours, was taken back, or what it is about isn't here.
pub async fn acknowledgement(store: &Store, told: &[Notice], producer: &Producer, by: &By) -> Result<Ready> {
    let Some(notice) = told.iter().find(|one| one.peer.is_some()) else {
        return Err(Error::refused("the notice is our own", "others acknowledge it"));
    };
    if told.iter().all(|one| one.state == "withdrawn" || one.state == "gone") {
        return Err(Error::refused(
            format!("`{}` was taken back, or no peer has it any longer", notice.id),
            "there is nothing to acknowledge",
        ));
    }
    let mut known = about(store, &notice.campaign).await?.known;
    known.extend(newest(store, &notice.id, true).await?.map(|(text, _)| text));
    known.extend(newest(store, &notice.by, true).await?.map(|(text, _)| text));
    known.extend(form::defined(NOTICE));
    let tlp = Tlp::default();
    let text = form::acknowledgement(producer, &notice.id, &instant(by.at), tlp);
    let id = id_of(&text);
    let fares = courses(store, [&notice.id, &notice.id], &id).await?;
    if fares.last().is_some_and(|last| last.state == "withdrawn") {
        return Err(Error::refused(
            format!("`{id}` was withdrawn, and what was taken back isn't said again"),
            "there is nothing more to do",
        ));
    }
    let routes = peers::routes(store).await?;
    let tells = |peer: &str| told.iter().any(|one| one.peer.as_deref() == Some(peer));
    let reached = routes.into_iter().filter(|route| route.peer.as_deref().is_some_and(tells));
    let mut texts = vec![identity(store, producer, by).await?, text];
    texts.extend(form::defined(ACKNOWLEDGEMENT));
    let tellers = reached.map(|route| route.recipient).collect();
    Ok(Ready { id, subject: notice.id.clone(), acts_from: None, texts, known, tellers })
}

/// The campaign that is meant: one of ours that was told or proposed, or one that a peer told.
pub(super) async fn about(store: &Store, given: &str) -> Result<About> {
    match tracked_by_id(store, given).await {
        Ok(campaign) => {
            if matches!(campaign.status, Status::FalsePositive | Status::Benign) {
                return Err(Error::refused(
                    format!("`{}` is {}", campaign.id, campaign.status.name()),
                    "nobody acts on what is no campaign",
                ));
            }
            let (text, _) = newest(store, &campaign.id, false).await?.ok_or_else(|| {
                Error::refused(
                    format!("`{}` was never proposed to others: they wouldn't know what is meant", campaign.id),
                    "`stillwatch release propose` the campaign first",
                )
            })?;
            Ok(About { id: campaign.id, is_ours: true, known: vec![text] })
        }
        Err(error) => {
            let from = if given.starts_with("campaign--") { given.to_owned() } else { format!("campaign--{given}") };
            let mut ids = if from.len() < 14 { Vec::new() } else { beginning(store, &from).await? };
            let (Some(id), true) = (ids.pop(), ids.is_empty()) else {
                return Err(Error::refused(
                    format!("{error}, neither ours nor one that a peer told"),
                    "`stillwatch campaigns list` has ours; give more of the id of one that was received",
                ));
            };
            match newest(store, &id, true).await? {
                Some((text, false)) => Ok(About { id, is_ours: false, known: vec![text] }),
                _ => Err(Error::refused(format!("`{id}` was taken back"), "nobody acts on what is no campaign")),
            }
        }
    }
}

/// The newest version of an object, ours or as a peer told it; and whether it is revoked.
async fn newest(store: &Store, id: &str, is_received: bool) -> Result<Option<(String, bool)>> {
    let source = (!is_received).then(|| OWN.to_owned());
    let all =
        objects::page(store, &Which { id: Some(id.to_owned()), source, ..Which::default() }, 10_000, None).await?;
    let mut found: Option<(Timestamp, String, bool)> = None;
    for object in all.into_iter().filter(|object| !is_received || object.source.starts_with("peer:")) {
        let Ok(read) = Object::read(&object.json, Limits::default().depth) else { continue };
        let version = read.version().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::MIN);
        if found.as_ref().is_none_or(|(held, ..)| *held <= version) {
            let revoked = read.head.revoked;
            found = Some((version, object.json.clone(), revoked));
        }
    }
    Ok(found.map(|(_, text, revoked)| (text, revoked)))
}

pub(super) fn id_of(text: &str) -> String {
    Object::read(text, Limits::default().depth).map(|object| object.head.id.to_string()).unwrap_or_default()
}
