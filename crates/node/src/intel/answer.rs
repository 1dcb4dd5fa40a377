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
use stillwatch_track::{By, Store, instant, intel, objects, peers, releases};

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
        answer.about.push(id.clone());
        let Some((one, newest)) = weighed.get(id).and_then(|one| Some((one, one.newest()?))) else {
            of_ours(store, which, id, producer, &now, &mut answer).await?;
            continue;
        };
        let tlp = Tlp::ALL.into_iter().find(|level| level.name() == newest.tlp).unwrap_or(Tlp::Red);
        answer.texts.push(match which {
            Which::Sighting => seen(one, producer, &now, tlp)?,
            Which::Opinion => thought(one, producer, &now, tlp)?,
        });
        known.push((newest.id.clone(), newest.peer.clone(), newest.version.clone()));
        peers_that_told.extend(one.told.iter().map(|told| told.peer.as_str()));
    }
    answer.texts.insert(0, own::identity(store, producer, by).await?);
    answer.known.extend(intel::texts(store, &known).await?);
    // Patterns name the extensions that they look into: without these a policy can't tell what is mentioned.
    for peer in known.iter().map(|(_, peer, _)| peer.as_str()).collect::<BTreeSet<_>>() {
        let kind = Some("extension-definition".to_owned());
        let which = objects::Which { kind, source: Some(peers::source(peer)), ..objects::Which::default() };
        answer.known.extend(objects::page(store, &which, EXTENSIONS, None).await?.into_iter().map(|one| one.json));
    }
    let routes = peers::routes(store).await?;
    let reaches = |route: &peers::Route| route.peer.as_deref().is_some_and(|peer| peers_that_told.contains(peer));
    answer.tellers.extend(routes.into_iter().filter(reaches).map(|route| route.recipient));
    answer.tellers.sort();
    answer.tellers.dedup();
    Ok(answer)
}

/// What we think now of an object that we told ourselves; those who have it hear of it.
async fn of_ours(
    store: &Store,
    which: Which,
    id: &str,
    producer: &Producer,
    now: &str,
    answer: &mut Answer,
) -> Result<()> {
    let holders = releases::holders(store, id).await?;
    let Some(sent) = holders.first().filter(|_| which == Which::Opinion) else {
        return Err(Error::refused(format!("nobody tells `{id}`"), "`stillwatch intel list` has all"));
    };
    let verdicts = intel::verdicts(store, std::slice::from_ref(&id.to_owned())).await?;
    let (verdict, word) = said(id, verdicts.get(id))?;
    // Each has it as the profile let it be told: the opinion is marked as the strictest of these.
    let level = |item: &releases::Item| Tlp::ALL.into_iter().position(|level| level.name() == item.tlp);
    let strictest = holders.iter().map(|item| level(item).unwrap_or(Tlp::ALL.len() - 1)).max();
    let tlp = strictest.and_then(|at| Tlp::ALL.get(at).copied()).unwrap_or(Tlp::Red);
    answer.texts.push(opinion(producer, id, word, Some(&verdict.code), now, tlp));
    answer.known.push(sent.body.clone());
    answer.tellers.extend(holders.iter().map(|item| item.recipient.clone()));
    Ok(())
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
    let (verdict, word) = said(&one.id, one.verdict.as_ref())?;
    Ok(opinion(producer, &one.id, word, Some(&verdict.code), now, tlp))
}

fn said<'a>(id: &str, verdict: Option<&'a intel::Verdict>) -> Result<(&'a intel::Verdict, Opinion)> {
    verdict.and_then(|verdict| Some((verdict, Opinion::of(&verdict.word)?))).ok_or_else(|| {
        Error::refused(
            format!("nobody here said what to think of `{id}`"),
            "`stillwatch intel dispute` or `stillwatch intel agree` says it",
        )
    })
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
