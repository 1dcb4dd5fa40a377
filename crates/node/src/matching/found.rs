//! Found: what a match told: elements in common, what the other side attached, and whose they are here.
//! In: a receiver that has all. Out: rows of the store: drafts that people look at.
//! Invariant: what the other side attached is read as it may lie: a label that can't be is none; nothing decides by itself.
//! Not here: the protocol; what is told to others.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use stillwatch_ledger::Step;
use stillwatch_matching::pair::{Receiver, Terms};
use stillwatch_matching::templates::{ANCHORS, anchor_likeness};
use stillwatch_matching::{Element, LABEL, Label, Namespace};
use stillwatch_track::By;
use stillwatch_track::matches::{self, Common, Round};

use super::entries::Told;
use super::set::{Prepared, owners, time_of};
use super::{Place, broken, files, pair};
use crate::error::{Error, Result};

/// Keeps what a match told; with its last way, removes what it needed on the disk besides its set.
///
/// # Errors
/// When the set can't be read, or the store can't be written: then it can be done again.
pub(super) async fn learned(
    place: &Place,
    terms: &Terms,
    receiver: Receiver,
    set: &Prepared,
    (folder, is_last): (&Path, bool),
    by: &By,
) -> Result<Vec<Common>> {
    let transcript = receiver.transcript();
    let (namespace, of_set) = (terms.namespace, set.clone());
    let opened = tokio::task::spawn_blocking(move || open(receiver, namespace, &of_set));
    let opened = opened.await.map_err(|_| Error::refused("opening broke off", "try again"))??;
    let wanted: HashMap<Vec<u8>, usize> =
        opened.iter().enumerate().map(|(at, one)| (one.element.clone(), at)).collect();
    let owners = owners(&place.store, namespace, &wanted).await?;
    let round = hex::encode(terms.session);
    let mut all = Vec::new();
    for (at, one) in opened.into_iter().enumerate() {
        let nobody = vec![(String::new(), one.shown.clone())];
        let own = owners.get(&at).filter(|owners| !owners.is_empty()).unwrap_or(&nobody);
        for (campaign, value) in own {
            let label = one.label.unwrap_or_default();
            all.push(Common {
                round: round.clone(),
                element: one.shown.clone(),
                value: value.clone(),
                campaign: campaign.clone(),
                first_seen: label.first_seen.map(time_of),
                last_seen: label.last_seen.map(time_of),
                confidence: label.confidence,
                magnitude: label.magnitude,
                likeness: one.likeness,
            });
        }
    }
    pair::ended(place, terms, "asks", Ok(Some(&all)), Some(transcript), by).await?;
    if is_last {
        files::settled(folder)?;
    }
    Ok(all)
}

/// An element that opened, with who reported it and what they attached.
pub(super) type Group = (Element, Vec<(String, Option<Label>)>);

/// Keeps what opened of a pool, once: as a round with all who reported, each element with what they attached, taken together.
///
/// # Errors
/// When the store can't be read or written.
pub(super) async fn pooled(
    place: &Place,
    (epoch, namespace): (&str, Namespace),
    groups: &[Group],
    by: &By,
) -> Result<()> {
    let id: String = epoch.chars().take(32).collect();
    let members: BTreeSet<String> =
        groups.iter().flat_map(|(_, reports)| reports.iter().map(|(member, _)| member.clone())).collect();
    let others: Vec<String> = members.into_iter().filter(|member| *member != place.name).collect();
    let wanted: HashMap<Vec<u8>, usize> =
        groups.iter().enumerate().map(|(at, (element, _))| (element.as_bytes().to_vec(), at)).collect();
    let owners = owners(&place.store, namespace, &wanted).await?;
    let mut common = Vec::new();
    for (at, (element, reports)) in groups.iter().enumerate() {
        let labels = || reports.iter().filter(|(member, _)| *member != place.name).filter_map(|(_, label)| *label);
        let nobody = vec![(String::new(), element.shown())];
        for (campaign, value) in owners.get(&at).unwrap_or(&nobody) {
            common.push(Common {
                round: id.clone(),
                element: element.shown(),
                value: value.clone(),
                campaign: campaign.clone(),
                first_seen: labels().filter_map(|label| label.first_seen).min().map(time_of),
                last_seen: labels().filter_map(|label| label.last_seen).max().map(time_of),
                confidence: labels().filter_map(|label| label.confidence).max(),
                magnitude: labels().filter_map(|label| label.magnitude).max(),
                likeness: None,
            });
        }
    }
    let size = stillwatch_matching::padded(groups.len() as u64);
    let told = Told {
        round: &id,
        step: Step::Opened,
        with: &others,
        namespace: namespace.name(),
        own: size,
        theirs: size,
        budget: None,
        profile: None,
        hash: None,
    };
    let round = Round {
        id: id.clone(),
        member: others.join(", "),
        namespace: namespace.name().to_owned(),
        side: "asks".to_owned(),
        terms: String::new(),
        own: size,
        theirs: size,
        profile: "pool".to_owned(),
        state: String::new(),
        because: String::new(),
        begun: by.at,
        ended: None,
        found: None,
    };
    let owes = told.text(by)?;
    matches::begin(&place.store, &round, &owes).await?;
    matches::finish(&place.store, &id, Ok(Some(&common)), by, &owes).await?;
    Ok(())
}

/// An element in common.
struct Opened {
    element: Vec<u8>,
    shown: String,
    label: Option<Label>,
    likeness: Option<f64>,
}

fn open(receiver: Receiver, namespace: Namespace, set: &Prepared) -> Result<Vec<Opened>> {
    let mut all = Vec::new();
    for one in receiver.into_matches().map_err(broken)? {
        let items = set.items(u64::from(one.index), 1)?;
        let (element, own) = items
            .into_iter()
            .next()
            .ok_or_else(|| Error::refused("a match is of an element that isn't in the set", "report this as a bug"))?;
        let told = one.label.unwrap_or_default();
        let label = told.get(..LABEL).and_then(Label::from_bytes);
        let sketch = |bytes: &[u8]| bytes.get(LABEL..).and_then(|rest| <[u8; 2 * ANCHORS]>::try_from(rest).ok());
        let likeness = match namespace {
            Namespace::Template => sketch(&own).zip(sketch(&told)).map(|(own, theirs)| anchor_likeness(&own, &theirs)),
            _ => None,
        };
        all.push(Opened { shown: element.shown(), element: element.as_bytes().to_vec(), label, likeness });
    }
    Ok(all)
}
