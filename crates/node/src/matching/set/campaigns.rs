//! Campaigns: a set from the store's campaigns, and whose an element is.
//! In: campaigns with their addresses, clients and texts. Out: elements with what is known of each; campaigns by element.
//! Invariant: what a person cleared is in no set; an address or client that mostly others use is none either, as with indicators.
//! Not here: how campaigns are kept (`track`).

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use stillwatch_matching::templates::{ANCHORS, anchor_sketch, anchors};
use stillwatch_matching::{Element, Namespace, normalise};
use stillwatch_model::tracked::Status;
use stillwatch_model::{Micros, TextSketch, Tracked};
use stillwatch_stix::campaign::{Options, mostly_members};
use stillwatch_track::{Filter, Store, list, tracked_by_id};

use super::Skipped;
use super::sorted::Sorted;
use crate::error::Result;
use crate::matching::agreed::Known;

/// Campaigns read at a time.
const PAGE: u32 = 1_000;

pub(super) async fn collect(
    store: &Store,
    namespace: Namespace,
    sorted: &mut Sorted,
    skipped: &mut Skipped,
) -> Result<()> {
    each(store, |campaign| {
        let all = values(campaign, namespace, |why| skipped.one(|| format!("campaign {}: {why}", campaign.id)));
        for (element, known, sketch, _) in all {
            sorted.add(&element, &known, sketch.as_ref().map(<[u8; 2 * ANCHORS]>::as_slice))?;
        }
        Ok(())
    })
    .await
}

/// Of these elements: the campaigns that have each, with the value as it was recorded.
///
/// # Errors
/// When the store can't be read.
pub(in crate::matching) async fn owners(
    store: &Store,
    namespace: Namespace,
    wanted: &HashMap<Vec<u8>, usize>,
) -> Result<BTreeMap<usize, Vec<(String, String)>>> {
    let mut found: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
    each(store, |campaign| {
        for (element, _, _, value) in values(campaign, namespace, |_| ()) {
            let Some(at) = wanted.get(element.as_bytes()) else { continue };
            let owners = found.entry(*at).or_default();
            if !owners.iter().any(|(id, _)| *id == campaign.id) {
                owners.push((campaign.id.clone(), value));
            }
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

async fn each(store: &Store, mut with: impl FnMut(&Tracked) -> Result<()>) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let page = list(store, &Filter::default(), PAGE, after.as_deref()).await?;
        for campaign in &page.campaigns {
            if !matches!(campaign.status, Status::FalsePositive | Status::Benign) {
                with(&tracked_by_id(store, &campaign.id).await?)?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

type Valued = (Element, Known, Option<[u8; 2 * ANCHORS]>, String);

fn values(campaign: &Tracked, namespace: Namespace, mut skip: impl FnMut(&str)) -> Vec<Valued> {
    let time = |text: &str| text.parse::<Timestamp>().ok().map(|at| at.as_microsecond());
    let (first, last) = (time(&campaign.first_seen), time(&campaign.last_seen));
    let sure = Some((campaign.score.clamp(0.0, 1.0) * 100.0).round() as u8);
    let known = |count: u64| Known { first_seen: first, last_seen: last, confidence: sure, count: Some(count) };
    let strangers = Options::default().strangers;
    let is_ours = |members: u64, others: u64| mostly_members(members, others, strangers);
    let mut all = Vec::new();
    let mut take = |value: &str, count: u64, skip: &mut dyn FnMut(&str)| match normalise(namespace, value) {
        Ok(element) => all.push((element, known(count), None, value.to_owned())),
        Err(error) => skip(&error.to_string()),
    };
    match namespace {
        Namespace::Address => {
            for network in campaign.networks.iter().filter(|one| is_ours(one.accounts, one.strangers)) {
                take(&network.address, network.exchanges, &mut skip);
            }
        }
        Namespace::Ja4 => {
            for client in campaign.clients.iter().filter(|one| is_ours(one.accounts, one.strangers)) {
                if let Some(ja4) = &client.tls_ja4 {
                    take(ja4, client.exchanges, &mut skip);
                }
            }
        }
        Namespace::Template => {
            for text in &campaign.texts {
                let slots = anchors_of(text);
                let count = (text.share.clamp(0.0, 1.0) * campaign.exchanges as f64) as u64;
                match anchors(&slots) {
                    Ok(bands) => all.extend(bands.into_iter().map(|band| {
                        (
                            band,
                            known(count),
                            Some(anchor_sketch(&slots)),
                            format!("template of {} fillings", text.fills),
                        )
                    })),
                    Err(error) => skip(&error.to_string()),
                }
            }
        }
        // Campaigns have none of these: they come from files.
        _ => {}
    }
    all
}

/// A text sketch's slots in one row, as its bands are made of them.
fn anchors_of(text: &TextSketch) -> [u32; ANCHORS] {
    let mut slots = [0; ANCHORS];
    let body = text.body.iter().take(16).chain(std::iter::repeat(&0)).take(16);
    let system = text.system.iter().take(4).chain(std::iter::repeat(&0)).take(4);
    let ends = [text.head, text.tail];
    for (slot, value) in slots.iter_mut().zip(body.chain(system).chain(&ends)) {
        *slot = *value;
    }
    slots
}

/// The time of a day since 1970.
pub(in crate::matching) fn time_of(day: u32) -> Micros {
    i64::from(day) * 86_400_000_000
}
