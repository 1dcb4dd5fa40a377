//! Facts: what is known of everybody about whom rules may be asked.
//! In: own campaigns and their members, received indicators, what the lab knows of its accounts. Out: facts of a subject each.
//! Invariant: who only shares something with a campaign has its signals not; of several campaigns the one that a person concluded, then the
//! one that the account most surely belongs to, counts; a person's word on an account goes before that on its campaign.
//! Not here: how a received indicator is weighed (`intel`), what follows (`round.rs`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use stillwatch_gate::facts::{Label, OwnCampaign, OwnSignal};
use stillwatch_gate::standing::Decay;
use stillwatch_gate::{Facts, Kind, Subject};
use stillwatch_model::{Micros, Verdict};
use stillwatch_track::Store;
use stillwatch_track::subjects::{self, Member, Seen};

use super::inputs::Known;
use crate::{Result, intel};

/// Subjects of received indicators that are looked at in a round.
const MOST_NAMED: u32 = 10_000;
/// From this membership on, what speaks against a campaign speaks against the account.
const BELONGS: f64 = 0.5;

/// Facts, and what there was too much of.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Facts of a subject each, by subject.
    pub facts: BTreeMap<Subject, Facts>,
    /// More subjects are named by received indicators than are looked at.
    pub more: bool,
}

/// What the store knows, joined with what the lab knows of the same subjects. `since`: who wasn't seen later isn't looked at.
///
/// # Errors
/// When the store can't be read.
pub async fn gather(store: &Store, known: &Known, decay: &Decay, since: Micros, now: Timestamp) -> Result<Gathered> {
    let mut gathered = Gathered::default();
    let (members, campaigns) = subjects::members(store, since).await?;
    for member in &members {
        let (Some(seen), Ok(subject)) = (campaigns.get(&member.campaign), Subject::new(Kind::Account, &member.account))
        else {
            continue;
        };
        let facts = entry(&mut gathered.facts, subject, known);
        let own = own(member, seen);
        if facts.campaign.as_ref().is_none_or(|other| weight(other) < weight(&own)) {
            facts.campaign = Some(own);
            facts.signals = if member.membership >= BELONGS { signals(seen) } else { Vec::new() };
        }
    }
    let mut named = subjects::named(store, MOST_NAMED + 1).await?;
    gathered.more = named.len() > MOST_NAMED as usize;
    named.truncate(MOST_NAMED as usize);
    let of = |(kind, value): &(String, String)| {
        let kind = Kind::ALL.into_iter().find(|one| one.name() == kind)?;
        Subject::new(kind, value).ok()
    };
    for subject in named.iter().filter_map(of).collect::<BTreeSet<_>>() {
        let received = intel::facts(store, &subject, decay, now).await?;
        if !received.is_empty() {
            entry(&mut gathered.facts, subject, known).received = received;
        }
    }
    Ok(gathered)
}

fn entry<'a>(all: &'a mut BTreeMap<Subject, Facts>, subject: Subject, known: &Known) -> &'a mut Facts {
    all.entry(subject.clone()).or_insert_with(|| {
        // Of campaigns and of what others say the store knows, and nobody else.
        let told = known.facts.get(&subject).cloned().unwrap_or_else(|| Facts::of(subject));
        Facts { campaign: None, signals: Vec::new(), received: Vec::new(), pooled: None, ..told }
    })
}

fn own(member: &Member, seen: &Seen) -> OwnCampaign {
    let label = match member.verdict {
        Some(Verdict::TruePositive) => Label::Confirmed,
        Some(Verdict::FalsePositive) => Label::FalsePositive,
        Some(Verdict::Benign) => Label::Benign,
        None => seen.status.into(),
    };
    OwnCampaign {
        id: member.campaign.clone(),
        score: seen.score,
        label,
        actionable: seen.actionable,
        membership: member.membership,
    }
}

fn weight(campaign: &OwnCampaign) -> (bool, bool, u64, u64) {
    // Between 0 and 1, so that they sort as numbers.
    let millionths = |share: f64| (share.clamp(0.0, 1.0) * 1e6) as u64;
    let belongs = campaign.membership >= BELONGS;
    let concluded = campaign.label.concluded() && belongs;
    (concluded, !campaign.label.cleared() && belongs, millionths(campaign.score), millionths(campaign.membership))
}

fn signals(seen: &Seen) -> Vec<OwnSignal> {
    seen.signals.iter().map(|one| OwnSignal { name: one.name.clone(), contribution: one.contribution }).collect()
}
