//! Weigh: all that is known of indicators, and what they are worth now.
//! In: ids, half-lives, the time. Out: tellings, remarks, our hit and verdict, and the standing that follows.
//! Invariant: what we told ourselves and comes back by others is no news: it counts neither as told nor as seen.
//! Not here: the formula (`gate::standing`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use stillwatch_gate::standing::{Decay, Known, Sighted, Standing, Telling, Voice, Word, stand};
use stillwatch_model::IndicatorKind;
use stillwatch_track::Store;
use stillwatch_track::intel::{self, Hit, Remark, Told, Verdict};
use stillwatch_track::objects::{self, Which};

use super::at;
use crate::error::Result;
use crate::own::OWN;

/// An indicator with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weighed {
    /// Its id.
    pub id: String,
    /// As each peer tells it.
    pub told: Vec<Told>,
    /// What others say of it.
    pub remarks: Vec<Remark>,
    /// What we found of it.
    pub hit: Option<Hit>,
    /// What we think of it.
    pub verdict: Option<Verdict>,
    /// What it is worth.
    pub standing: Standing,
}

impl Weighed {
    /// As it is told: the newest version.
    #[must_use]
    pub fn newest(&self) -> Option<&Told> {
        self.told.iter().max_by_key(|told| (told.instant, told.revoked, std::cmp::Reverse(&told.peer)))
    }

    /// Whether its author took it back, or no peer has it any longer.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.newest().is_none_or(|told| told.revoked) || self.told.iter().all(|told| told.gone.is_some())
    }
}

/// Weighs indicators, by id; ids that aren't known are left out.
///
/// # Errors
/// When the store can't be read.
pub async fn weigh(store: &Store, ids: &[String], decay: &Decay, now: Timestamp) -> Result<BTreeMap<String, Weighed>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let own = ourselves(store).await?;
    let told = intel::told(store, ids).await?;
    let mut remarks = intel::remarks(store, ids).await?;
    let mut hits = intel::hits(store, Some(ids)).await?;
    let mut verdicts = intel::verdicts(store, ids).await?;
    let mut all = BTreeMap::new();
    for (id, told) in told {
        let remarks = remarks.remove(&id).unwrap_or_default();
        let (hit, verdict) = (hits.remove(&id), verdicts.remove(&id));
        let known = known(&told, &remarks, hit.as_ref(), verdict.as_ref(), &own);
        let mut standing = stand(&known, decay, now);
        if told.iter().all(|one| own.contains(&one.producer)) {
            // What we told comes back to us from a hub: others' words count, and it is still our own.
            (standing.stands, standing.drives) = (false, false);
            standing.because.pop();
            let sure = standing.confidence;
            standing
                .because
                .push(format!("{sure}: drives nothing here: we told it ourselves, and our own campaigns do"));
        }
        all.insert(id.clone(), Weighed { id, told, remarks, hit, verdict, standing });
    }
    Ok(all)
}

/// Ids under which we tell things.
async fn ourselves(store: &Store) -> Result<BTreeSet<String>> {
    let which = Which { kind: Some("identity".into()), source: Some(OWN.into()), ..Which::default() };
    Ok(objects::page(store, &which, 1000, None).await?.into_iter().map(|object| object.id).collect())
}

fn known(
    told: &[Told],
    remarks: &[Remark],
    hit: Option<&Hit>,
    verdict: Option<&Verdict>,
    own: &BTreeSet<String>,
) -> Known {
    let telling = |one: &Told| Telling {
        producer: one.producer.clone(),
        confidence: one.confidence,
        created: at(one.created),
        version: at(one.instant),
        valid_from: one.valid_from.map(at),
        valid_until: one.valid_until.map(at),
        revoked: one.revoked,
        gone: one.gone.is_some(),
    };
    let others = || remarks.iter().filter(|one| !one.revoked && one.gone.is_none() && !own.contains(&one.producer));
    let kinds = told.iter().filter_map(|one| IndicatorKind::of(&one.kind));
    let is_ours = told.iter().all(|one| own.contains(&one.producer));
    Known {
        kind: kinds.min().unwrap_or(IndicatorKind::Other),
        told: told.iter().filter(|one| is_ours || !own.contains(&one.producer)).map(telling).collect(),
        // Looked for, and not seen: no sighting.
        sighted: others()
            .filter(|one| one.what == "sighting" && one.count != Some(0))
            .map(|one| Sighted {
                producer: one.producer.clone(),
                at: at(one.last_seen.or(one.first_seen).unwrap_or(one.instant)),
            })
            .collect(),
        voices: others()
            .filter_map(|one| Some((one, word(one.word.as_deref()?)?)))
            .map(|(one, word)| Voice { producer: one.producer.clone(), word, at: at(one.instant) })
            .collect(),
        own: verdict.and_then(|verdict| word(&verdict.word)),
        own_seen: hit.filter(|hit| hit.state != "dismissed").map(|hit| at(hit.last_seen)),
    }
}

fn word(name: &str) -> Option<Word> {
    match name {
        "strongly-disagree" => Some(Word::StronglyDisagree),
        "disagree" => Some(Word::Disagree),
        "neutral" => Some(Word::Neutral),
        "agree" => Some(Word::Agree),
        "strongly-agree" => Some(Word::StronglyAgree),
        _ => None,
    }
}
