//! Drafts: what a round found in common, as sightings of ours that may be proposed to the other side.
//! In: a round, campaigns. Out: STIX objects: our indicators of what is common, and that we saw it.
//! Invariant: only what is common and of a campaign of ours; nothing leaves from here: it goes the way of any release.
//! Not here: what of it leaves (`share`), proposing (`release`).

use std::collections::{BTreeMap, BTreeSet};

use stillwatch_matching::Namespace;
use stillwatch_stix::campaign::{Options, Producer, objects};
use stillwatch_stix::sighting::{Seen, sighting};
use stillwatch_stix::{Limits, Object};
use stillwatch_track::matches::{self, Round};
use stillwatch_track::{By, Store, instant, tracked_by_id};

use crate::error::{Error, Result};
use crate::own;

/// Objects about what a round found: who tells, indicators, sightings.
///
/// # Errors
/// When nothing that was found is of a campaign, or the store can't be read.
pub async fn drafts(store: &Store, round: &Round, producer: &Producer, by: &By) -> Result<Vec<String>> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in matches::common(store, &round.id).await? {
        if !one.campaign.is_empty() {
            values.entry(one.campaign).or_default().insert(one.value);
        }
    }
    let is_template = round.namespace == Namespace::Template.name();
    let now = instant(by.at);
    let mut texts = vec![own::identity(store, producer, by).await?];
    let mut sightings = Vec::new();
    for (campaign, values) in &values {
        let campaign = tracked_by_id(store, campaign).await?;
        let options = Options { producer: producer.clone(), ..Options::default() };
        for text in objects(&campaign, &options) {
            let Ok(object) = Object::read(&text, Limits::default().depth) else { continue };
            let is_of_it = || {
                let read: serde_json::Value = serde_json::from_str(object.raw()).unwrap_or_default();
                let pattern = read.get("pattern").and_then(serde_json::Value::as_str).unwrap_or_default();
                if is_template {
                    pattern.contains("sketch")
                } else {
                    values.iter().any(|value| pattern.contains(&format!("'{value}'")))
                }
            };
            match object.head.kind.as_ref() {
                "extension-definition" => {}
                "indicator" if is_of_it() => {
                    let confidence = Some((campaign.score.clamp(0.0, 1.0) * 100.0).round() as u8);
                    let (first, last) = (Some(campaign.first_seen.as_str()), Some(campaign.last_seen.as_str()));
                    let seen = Seen { of: &object.head.id, first, last, count: campaign.exchanges, confidence };
                    sightings.push(sighting(producer, &seen, &now, options.tlp));
                }
                _ => continue,
            }
            texts.push(text);
        }
    }
    if sightings.is_empty() {
        return Err(Error::refused(
            "nothing that this round found is of a campaign that may be told",
            "`stillwatch match show` says whose what it found is",
        ));
    }
    texts.extend(sightings);
    texts.sort();
    texts.dedup();
    Ok(texts)
}
