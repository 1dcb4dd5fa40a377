//! Own: campaigns as this organisation tells them in STIX, version after version.
//! In: campaigns, how they are told. Out: objects' texts; what is new of them is kept.
//! Invariant: what did not change since comes again as it was; what changed has a later `modified`.
//! Not here: whether it may leave (`share`, `release`).

use std::collections::{HashMap, HashSet};

use stillwatch_model::{TextSketch, Tracked};
use stillwatch_stix::campaign::{Options, Producer, versions};
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::{Limits, Object, version};
use stillwatch_track::objects::{self, After, Raw, Which};
use stillwatch_track::{By, Filter, Store, instant, list, tracked_by_id};

use crate::error::{Error, Result};

/// Source under which the store keeps what this organisation told.
pub const OWN: &str = "own";

/// The objects of campaigns, each once, as versions of what was told before; new versions are kept.
///
/// # Errors
/// When the store can't be read or written.
pub async fn objects(store: &Store, campaigns: &[Tracked], options: &Options, by: &By) -> Result<Vec<String>> {
    let which = Which { source: Some(OWN.into()), ..Which::default() };
    let (mut before, mut after): (HashMap<String, String>, Option<After>) = (HashMap::new(), None);
    loop {
        let page = objects::page(store, &which, 10_000, after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.into());
        // By id, then by version: the last one stays.
        before.extend(page.into_iter().map(|object| (object.id, object.json)));
    }
    let at = instant(by.at);
    let mut seen = HashSet::new();
    let texts: Vec<String> = campaigns
        .iter()
        .flat_map(|campaign| versions(campaign, options, |id| before.get(id).cloned(), &at))
        .filter(|text| seen.insert(text.clone()))
        .collect();
    keep(store, &texts, |id, text| before.get(id).is_none_or(|known| known != text), by).await?;
    Ok(texts)
}

/// Objects of ours as versions of what was told before; new versions are kept.
///
/// # Errors
/// When the store can't be read or written.
pub async fn told(store: &Store, texts: &[String], by: &By) -> Result<Vec<String>> {
    let at = instant(by.at);
    let (mut all, mut new) = (Vec::with_capacity(texts.len()), Vec::new());
    for text in texts {
        let object = Object::read(text, Limits::default().depth).map_err(|error| {
            Error::refused(format!("an object that was made is none: {error}"), "report this as a bug")
        })?;
        let which = Which { id: Some(object.head.id.to_string()), source: Some(OWN.into()), ..Which::default() };
        // By version: the last one stands.
        let before = objects::page(store, &which, 10_000, None).await?.pop();
        let next = before.as_ref().and_then(|before| version::next(&before.json, text, &at).ok());
        let next = next.unwrap_or_else(|| text.clone());
        if before.is_none_or(|before| before.json != next) {
            new.push(next.clone());
        }
        all.push(next);
    }
    keep(store, &new, |_, _| true, by).await?;
    Ok(all)
}

/// Who tells: the identity as it was told before, else a new one.
///
/// # Errors
/// When the store can't be read.
pub async fn identity(store: &Store, producer: &Producer, by: &By) -> Result<String> {
    let which = Which { id: Some(producer.id()), source: Some(OWN.into()), ..Which::default() };
    if let Some(before) = objects::page(store, &which, 10_000, None).await?.pop() {
        return Ok(before.json);
    }
    let since = if producer.created.is_empty() { instant(by.at) } else { producer.created.clone() };
    Ok(Producer { created: since, ..producer.clone() }.object(Tlp::Amber))
}

/// The sketches of every campaign's texts, whatever became of it: by these, prompts are found in what would leave.
///
/// # Errors
/// When the store can't be read.
pub async fn sketches(store: &Store) -> Result<Vec<TextSketch>> {
    let (mut texts, mut after): (Vec<TextSketch>, Option<String>) = (Vec::new(), None);
    loop {
        let page = list(store, &Filter::default(), 10_000, after.as_deref()).await?;
        for campaign in &page.campaigns {
            texts.extend(tracked_by_id(store, &campaign.id).await?.texts);
        }
        after = page.next;
        if after.is_none() {
            return Ok(texts);
        }
    }
}

/// Keeps objects that are new.
pub(crate) async fn keep(store: &Store, texts: &[String], is_new: impl Fn(&str, &str) -> bool, by: &By) -> Result<()> {
    let mut made = Vec::with_capacity(texts.len());
    for text in texts {
        let object = Object::read(text, Limits::default().depth).map_err(|error| {
            Error::refused(format!("an object that was made is none: {error}"), "report this as a bug")
        })?;
        made.push(object);
    }
    let new: Vec<Raw<'_>> = made.iter().filter(|object| is_new(&object.head.id, object.raw())).map(raw).collect();
    objects::put(store, OWN, &new, by.at).await?;
    Ok(())
}

/// An object as the store keeps it.
#[must_use]
pub fn raw<'a>(object: &'a Object<'_>) -> Raw<'a> {
    Raw {
        id: &object.head.id,
        version: object.version().unwrap_or_default(),
        kind: &object.head.kind,
        json: object.raw(),
    }
}
