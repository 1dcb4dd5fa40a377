//! List: notices, ours and received, each with who has read it.
//! In: the store. Out: notices as they stand now.
//! Invariant: of an object's versions by one peer the newest stands; of others' objects only what is part of the form is in here.
//! Not here: printing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use stillwatch_model::Micros;
use stillwatch_stix::notice::{ACKNOWLEDGEMENT, NOTICE, Says, Understood, understood};
use stillwatch_stix::{Limits, Object};
use stillwatch_track::intel::Step;
use stillwatch_track::notices::{self, Came, Course};
use stillwatch_track::objects::{self, Which};
use stillwatch_track::{Store, intel};

use crate::error::{Error, Result};
use crate::own::OWN;

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Its STIX id.
    pub id: String,
    /// The campaign.
    pub campaign: String,
    /// From when its teller acts.
    pub acts_from: Timestamp,
    /// Who tells: the id of an identity.
    pub by: String,
    /// The peer that it came from; none: it is ours.
    pub peer: Option<String>,
    /// How it stands: `standing`, `over`, `withdrawn`, `gone`; ours besides as its release does.
    pub state: String,
    /// When it came, or was made; microseconds since 1970.
    pub since: Micros,
    /// How many properties it has that are no part of the form: these are not looked at.
    pub ignored: usize,
    /// Who has read it, as they say; of ours.
    pub read_by: Vec<Acknowledged>,
    /// Who has read it here.
    pub read_here: Vec<Step>,
    /// How it fares on its way, of ours; of others' our acknowledgement.
    pub courses: Vec<Course>,
}

/// That others have read a notice, as a peer tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acknowledged {
    /// Who has: the id of an identity.
    pub by: String,
    /// The peer that told it.
    pub peer: String,
    /// When it came, microseconds since 1970.
    pub at: Micros,
}

/// An object that a peer sent, at its newest version.
struct Heard {
    id: String,
    peer: String,
    at: Micros,
    gone: bool,
    says: Understood,
}

/// All notices: ours first, then by peer; those that act last first.
///
/// # Errors
/// When the store can't be read.
pub async fn list(store: &Store, now: Timestamp) -> Result<Vec<Notice>> {
    let mut read: BTreeMap<String, Vec<Acknowledged>> = BTreeMap::new();
    for one in heard(store, ACKNOWLEDGEMENT).await? {
        if let (Says::Read { notice }, false) = (&one.says.says, one.says.revoked || one.gone) {
            let told = Acknowledged { by: one.says.by.clone(), peer: one.peer.clone(), at: one.at };
            read.entry(notice.clone()).or_default().push(told);
        }
    }
    let mut all = Vec::new();
    for (id, says, since) in own(store, NOTICE).await? {
        let Says::Acts { campaign, from } = says.says else { continue };
        let courses = notices::courses(store, [&campaign, &id], &id).await?;
        // It may have been proposed again after nobody decided; what was never proposed was held back, and is none.
        let Some(last) = courses.last() else { continue };
        let state = match last.state.as_str() {
            "recorded" if from <= now => "over".to_owned(),
            other => other.to_owned(),
        };
        let read_by = read.get(&id).cloned().unwrap_or_default();
        let (acts_from, by, ignored) = (from, says.by, says.ignored);
        let read_here = Vec::new();
        all.push(Notice {
            id,
            campaign,
            acts_from,
            by,
            peer: None,
            state,
            since,
            ignored,
            read_by,
            read_here,
            courses,
        });
    }
    let ours: Vec<String> = all.iter().map(|one| one.id.clone()).collect();
    let answers = own(store, ACKNOWLEDGEMENT).await?;
    for one in heard(store, NOTICE).await? {
        let Says::Acts { campaign, from } = one.says.says else { continue };
        // A hub hands back what we told it.
        if ours.contains(&one.id) {
            continue;
        }
        let state = match (one.says.revoked, one.gone) {
            (true, _) => "withdrawn",
            (_, true) => "gone",
            _ if from <= now => "over",
            _ => "standing",
        };
        let is_answer = |(_, says, _): &&(String, Understood, Micros)| matches!(&says.says, Says::Read { notice } if *notice == one.id);
        let courses = match answers.iter().find(is_answer) {
            Some((answer, ..)) => notices::courses(store, [&one.id, &one.id], answer).await?,
            None => Vec::new(),
        };
        let read_here = intel::history(store, &one.id).await?;
        all.push(Notice {
            id: one.id,
            campaign,
            acts_from: from,
            by: one.says.by,
            peer: Some(one.peer),
            state: state.to_owned(),
            since: one.at,
            ignored: one.says.ignored,
            read_by: Vec::new(),
            read_here,
            courses,
        });
    }
    all.sort_by(|a, b| (&a.peer, b.acts_from, &a.id).cmp(&(&b.peer, a.acts_from, &b.id)));
    Ok(all)
}

/// The notices that an id means, or the beginning of one: one for each peer that tells it.
///
/// # Errors
/// When it means none, or several.
pub async fn find(store: &Store, given: &str, now: Timestamp) -> Result<Vec<Notice>> {
    let from = if given.starts_with(NOTICE) { given.to_owned() } else { format!("{NOTICE}--{given}") };
    let mut all = list(store, now).await?;
    all.retain(|one| one.id.starts_with(&from));
    let hint = "`stillwatch notice list` has the ids; an unambiguous beginning is enough";
    match all.first().map(|first| all.iter().all(|one| one.id == first.id)) {
        Some(true) if given.len() >= 4 => Ok(all),
        None => Err(Error::refused(format!("no notice `{given}`"), hint)),
        _ => Err(Error::refused(format!("`{given}` could mean several notices"), hint)),
    }
}

/// Objects of ours of a type at their newest version: id, what is understood, when it was made.
pub(super) async fn own(store: &Store, kind: &str) -> Result<Vec<(String, Understood, Micros)>> {
    let which = Which { kind: Some(kind.to_owned()), source: Some(OWN.to_owned()), ..Which::default() };
    let mut all: BTreeMap<String, (Understood, Micros)> = BTreeMap::new();
    // By id, then by version: the last one stays.
    for object in objects::page(store, &which, 100_000, None).await? {
        if let Some(says) = read(&object.json) {
            let made = says.version.as_microsecond();
            all.insert(object.id, (says, made));
        }
    }
    Ok(all.into_iter().map(|(id, (says, made))| (id, says, made)).collect())
}

async fn heard(store: &Store, kind: &str) -> Result<Vec<Heard>> {
    let mut newest: BTreeMap<(String, String), Heard> = BTreeMap::new();
    for came in notices::received(store, kind).await? {
        let Came { id, peer, json, at, gone } = came;
        let Some(says) = read(&json) else { continue };
        let key = (id.clone(), peer.clone());
        if newest.get(&key).is_none_or(|held| held.says.version <= says.version) {
            newest.insert(key, Heard { id, peer, at, gone, says });
        }
    }
    Ok(newest.into_values().collect())
}

/// What is understood of an object's text.
pub(super) fn read(json: &str) -> Option<Understood> {
    understood(&Object::read(json, Limits::default().depth).ok()?)
}
