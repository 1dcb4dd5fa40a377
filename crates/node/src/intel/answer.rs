//! Answer: what we say of others' indicators: that we saw them too, that we agree, that they are wrong.
//! In: draft sightings and verdicts. Out: STIX objects of ours, with the objects that they are about, ready to be proposed.
//! Invariant: what was taken back upstream is not sighted; nothing leaves from here: an answer goes the way of any release.
//! Not here: what of it leaves (`share`), proposing (`release`).

use std::collections::BTreeSet;

use stillwatch_gate::standing::Decay;
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::opinion::{Opinion, opinion};
use stillwatch_stix::sighting::{Seen, sighting};
use stillwatch_track::{By, Store, instant, intel, objects, peers};

use super::at;
use super::weigh::{Weighed, weigh};
use crate::error::{Error, Result};
use crate::own;

/// Definitions of extensions that one peer's indicators may name.
const EXTENSIONS: u32 = 1_000;

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// That we saw it too.
    Sighting,
    /// What we think of it.
    Opinion,
}

/// An answer to be proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The indicators that it is about.
    pub about: Vec<String>,
    /// Objects of ours: who tells, and what.
    pub texts: Vec<String>,
    /// Objects of others that it is about; they are not sent.
    pub known: Vec<String>,
    /// Recipients that are reached by the peers that told them.
    pub tellers: Vec<String>,
}

/// Answers about indicators.
///
/// # Errors
/// When there is nothing to say of one, it was taken back, or the store can't be read.
pub async fn answers(store: &Store, which: Which, ids: &[String], producer: &Producer, by: &By) -> Result<Answer> {
    let weighed = weigh(store, ids, &Decay::default(), at(by.at)).await?;
    let mut answer = Answer { about: Vec::new(), texts: Vec::new(), known: Vec::new(), tellers: Vec::new() };
    let now = instant(by.at);
    let mut peers_that_told: BTreeSet<&str> = BTreeSet::new();
    let mut known = Vec::new();
    for id in ids {
        let (one, newest) = weighed
            .get(id)
            .and_then(|one| Some((one, one.newest()?)))
            .ok_or_else(|| Error::refused(format!("nobody tells `{id}`"), "`stillwatch intel list` has all"))?;
        let tlp = Tlp::ALL.into_iter().find(|level| level.name() == newest.tlp).unwrap_or(Tlp::Red);
        answer.texts.push(match which {
            Which::Sighting => seen(one, producer, &now, tlp)?,
            Which::Opinion => thought(one, producer, &now, tlp)?,
        });
        answer.about.push(id.clone());
        known.push((newest.id.clone(), newest.peer.clone(), newest.version.clone()));
        peers_that_told.extend(one.told.iter().map(|told| told.peer.as_str()));
    }
    answer.texts.insert(0, own::identity(store, producer, by).await?);
    answer.known = intel::texts(store, &known).await?;
    // Patterns name the extensions that they look into: without these a policy can't tell what is mentioned.
    for peer in known.iter().map(|(_, peer, _)| peer.as_str()).collect::<BTreeSet<_>>() {
        let kind = Some("extension-definition".to_owned());
        let which = objects::Which { kind, source: Some(peers::source(peer)), ..objects::Which::default() };
        answer.known.extend(objects::page(store, &which, EXTENSIONS, None).await?.into_iter().map(|one| one.json));
    }
    let routes = peers::routes(store).await?;
    let reaches = |route: &peers::Route| route.peer.as_deref().is_some_and(|peer| peers_that_told.contains(peer));
    answer.tellers = routes.into_iter().filter(reaches).map(|route| route.recipient).collect();
    Ok(answer)
}

fn seen(one: &Weighed, producer: &Producer, now: &str, tlp: Tlp) -> Result<String> {
    if one.is_withdrawn() {
        return Err(Error::refused(
            format!("`{}` was taken back, or no peer has it any longer: it is not sighted", one.id),
            "`stillwatch intel show` tells when",
        ));
    }
    let hit = one.hit.as_ref().filter(|hit| hit.state != "dismissed").ok_or_else(|| {
        Error::refused(
            format!("there is no draft sighting of `{}`", one.id),
            "`stillwatch intel hunt LOGS` looks for it in your own traffic",
        )
    })?;
    let (first, last) = (instant(hit.first_seen), instant(hit.last_seen));
    let seen =
        Seen { of: &one.id, first: Some(&first), last: Some(&last), count: hit.count, confidence: Some(hit.strength) };
    Ok(sighting(producer, &seen, now, tlp))
}

fn thought(one: &Weighed, producer: &Producer, now: &str, tlp: Tlp) -> Result<String> {
    let verdict = one.verdict.as_ref();
    let (verdict, word) =
        verdict.and_then(|verdict| Some((verdict, Opinion::of(&verdict.word)?))).ok_or_else(|| {
            Error::refused(
                format!("nobody here said what to think of `{}`", one.id),
                "`stillwatch intel dispute` or `stillwatch intel agree` says it",
            )
        })?;
    Ok(opinion(producer, &one.id, word, Some(&verdict.code), now, tlp))
}

/// Keeps what we think of an indicator; false where we thought so before.
///
/// # Errors
/// When the reason is no code, nobody tells it, or the store can't be written.
pub async fn opine(store: &Store, id: &str, word: Opinion, code: &str, by: &By) -> Result<bool> {
    let is_code = (1..=64).contains(&code.len()) && code.chars().all(|c| c.is_ascii_graphic());
    if !is_code {
        return Err(Error::refused(
            format!("`{}` is no code", code.chars().take(40).collect::<String>()),
            "a code or a ticket's id, without spaces, at most 64 characters: it may leave with the opinion",
        ));
    }
    Ok(intel::opine(store, id, word.name(), code, by).await?)
}
