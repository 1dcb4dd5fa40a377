//! Propose: what of campaigns, or of answers to others, would leave, to whom, put before people.
//! In: campaigns or objects, recipients, the profile in force. Out: a release that waits; each field's fate with it.
//! Invariant: bytes come from `share` alone; what a recipient has byte for byte is not sent again; other bytes have another version.
//! Not here: deciding (`review.rs`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use stillwatch_model::Tracked;
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Held, Note, Profile, Recipient, Released, Set, TokenKey};
use stillwatch_stix::campaign::Options;
use stillwatch_stix::marking::{Pap, Tlp};
use stillwatch_stix::notice::{self, Says};
use stillwatch_stix::{Limits, Object, version};
use stillwatch_track::releases::{self, Fate, Item, Proposal, Release};
use stillwatch_track::{By, Store, instant};

use super::entries;
use crate::error::{Error, Result};
use crate::own;

/// What is to leave.
#[derive(Debug, Clone, Copy)]
pub enum About<'a> {
    /// A campaign.
    Campaign {
        /// Which.
        campaign: &'a Tracked,
        /// How it is told.
        options: &'a Options,
    },
    /// Objects of ours about other objects: sightings, opinions, notices, acknowledgements.
    Objects {
        /// What they are about, for lists.
        subject: &'a str,
        /// The objects.
        texts: &'a [String],
        /// Objects that they name: these decide with what may be said of them, and are not sent.
        known: &'a [String],
    },
}

/// What is asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// What is to leave.
    pub about: About<'a>,
    /// The members that it is for; none: all that the profile's audiences name.
    pub to: &'a [String],
    /// Keys of members' tokens.
    pub keys: &'a BTreeMap<String, TokenKey>,
    /// The profile in force.
    pub profile: &'a Profile,
    /// What is looked for in what would leave.
    pub scanners: &'a Scanners,
    /// Days in which people may decide.
    pub days: u32,
}

/// Puts what is to leave before people; where the profile asks for nobody's approval, it is approved at once.
///
/// # Errors
/// When nothing would leave, nobody is named, or the store can't be read or written.
pub async fn propose(store: &Store, asked: &Asked<'_>, by: &By) -> Result<Release> {
    let about = &asked.profile.draft().about;
    let members = members(asked)?;
    let mut texts = match asked.about {
        About::Campaign { campaign, options } => {
            own::objects(store, std::slice::from_ref(campaign), options, by).await?
        }
        About::Objects { texts, .. } => own::told(store, texts, by).await?,
    };
    // Objects may be marked more strictly than they are now: those markings travel too.
    texts.extend(Tlp::ALL.map(Tlp::object));
    texts.extend(Pap::ALL.map(Pap::object));
    texts.sort();
    texts.dedup();
    let mut items = reviewed(asked, &members, &texts)?;
    let mut before = sent_before(store, &items).await?;
    let renewed = outdated(&items, &before);
    if !renewed.is_empty() {
        // Bytes differ, and the version would not: the objects get a new one.
        texts = renew(&texts, &renewed, by);
        own::keep(store, &texts, |id, _| renewed.contains_key(id), by).await?;
        items = reviewed(asked, &members, &texts)?;
        before = sent_before(store, &items).await?;
    }
    for (item, before) in items.iter_mut().zip(&before) {
        if before.as_ref().is_some_and(|before| before.hash == item.hash) {
            item.fate = Fate::Known;
        }
    }
    if let About::Objects { .. } = asked.about {
        with_what_they_tell(&mut items)?;
    }
    let ends = ends(&texts);
    for item in &mut items {
        // What says when we act is not sent after that.
        item.until = item.until.min(ends);
    }
    let leaving: BTreeSet<&str> =
        items.iter().filter(|item| item.fate == Fate::Leaves).map(|item| item.kind.as_str()).collect();
    let needed = leaving.iter().filter_map(|kind| about.approvals_of.get(*kind)).copied().max().unwrap_or(0);
    let lapses = by.at.saturating_add(i64::from(asked.days) * 86_400_000_000);
    let proposal = Proposal {
        subject: match asked.about {
            About::Campaign { campaign, .. } => campaign.id.clone(),
            About::Objects { subject, .. } => subject.to_owned(),
        },
        revokes: None,
        profile: (about.name.clone(), about.version, asked.profile.digest().to_owned()),
        ground: (about.purpose.clone(), about.legal_basis.clone()),
        needed: needed.max(about.approvals),
        lapses: lapses.min(about.valid_until.as_microsecond()).min(ends),
        items,
    };
    Ok(releases::propose(store, &proposal, by, &entries::released).await?)
}

/// Types that only go along with what is told.
const ALONG: [&str; 3] = ["identity", "marking-definition", "extension-definition"];

/// To a member to whom nothing is told, nothing that only goes along with it is sent.
fn with_what_they_tell(items: &mut [Item]) -> Result<()> {
    let tells = |item: &&Item| !ALONG.contains(&item.kind.as_str());
    let told: BTreeSet<String> =
        items.iter().filter(|item| tells(item) && item.fate != Fate::Held).map(|item| item.recipient.clone()).collect();
    if let (true, Some(held)) = (told.is_empty(), items.iter().find(tells)) {
        return Err(Error::refused(
            format!("`{}` is held back for `{}`: {}", held.object, held.recipient, held.because),
            "`stillwatch policy explain ID --to MEMBER` tells what becomes of an object and why",
        ));
    }
    for item in items.iter_mut().filter(|item| !told.contains(&item.recipient) && item.fate != Fate::Held) {
        item.fate = Fate::Held;
        item.because = "nothing is told to this member that it would go along with".to_owned();
        (item.body, item.hash) = (String::new(), String::new());
    }
    Ok(())
}

/// When what is told says nothing any more: a notice ends when we act.
fn ends(texts: &[String]) -> i64 {
    let says = |text: &String| notice::understood(&Object::read(text, Limits::default().depth).ok()?);
    let instants = texts.iter().filter_map(says).filter_map(|one| match one.says {
        Says::Acts { from, .. } => Some(from.as_microsecond()),
        Says::Read { .. } => None,
    });
    instants.min().unwrap_or(i64::MAX)
}

fn members(asked: &Asked<'_>) -> Result<BTreeSet<String>> {
    let named = asked.profile.draft().about.audience.iter().flat_map(|audience| audience.members.iter().cloned());
    let members: BTreeSet<String> =
        if asked.to.is_empty() { named.collect() } else { asked.to.iter().cloned().collect() };
    if members.is_empty() {
        return Err(Error::refused(
            "the profile's audiences name nobody",
            "name recipients with `--to`, or members in the profile's `profile.toml`",
        ));
    }
    Ok(members)
}

/// Each object for each member, as the profile has it.
fn reviewed(asked: &Asked<'_>, members: &BTreeSet<String>, texts: &[String]) -> Result<Vec<Item>> {
    let known = match asked.about {
        About::Campaign { .. } => &[],
        About::Objects { known, .. } => known,
    };
    let set = Set::of(texts.iter().chain(known).map(String::as_str));
    if let Some((what, why)) = set.refused.first() {
        return Err(Error::refused(format!("{what} of what is to leave can't be read: {why}"), "report this as a bug"));
    }
    let ours: BTreeSet<String> = texts.iter().filter_map(|text| id_of(text)).collect();
    let mut items = Vec::new();
    for member in members {
        let recipient = Recipient { member: member.clone(), key: asked.keys.get(member).cloned() };
        let decided = stillwatch_share::review(&set, &recipient, asked.profile, asked.scanners);
        let used: BTreeSet<&str> = decided
            .iter()
            .filter_map(|(result, _)| result.as_ref().ok())
            .filter(|released| !is_marking(released.id()))
            .flat_map(|released| [released.tlp().id(), released.pap().id()])
            .collect();
        for (id, (result, notes)) in set.ids().zip(&decided) {
            if is_marking(id) && !used.contains(id) || !ours.contains(id) {
                continue;
            }
            items.push(item(member, id, kind(id), result, notes)?);
        }
    }
    Ok(items)
}

fn item(member: &str, id: &str, kind: &str, result: &Result<Released, Held>, notes: &[Note]) -> Result<Item> {
    let notes = serde_json::to_string(notes).map_err(|error| {
        Error::refused(format!("what becomes of `{id}` can't be kept: {error}"), "report this as a bug")
    })?;
    let blank = Item {
        recipient: member.to_owned(),
        object: id.to_owned(),
        kind: kind.to_owned(),
        version: String::new(),
        fate: Fate::Held,
        body: String::new(),
        hash: String::new(),
        tlp: String::new(),
        pap: String::new(),
        until: 0,
        because: String::new(),
        notes,
        entry: None,
    };
    Ok(match result {
        Ok(released) => Item {
            version: version_of(released.text()),
            fate: Fate::Leaves,
            body: released.text().to_owned(),
            hash: released.sha256(),
            tlp: released.tlp().name().to_owned(),
            pap: released.pap().name().to_owned(),
            until: released.until().as_microsecond(),
            because: format!("permitted by {}", released.policies().join(", ")),
            ..blank
        },
        Err(held) => {
            let by = if held.policies.is_empty() { String::new() } else { format!(" ({})", held.policies.join(", ")) };
            Item { because: format!("{}{by}", held.why), ..blank }
        }
    })
}

/// What the recipient of each item that leaves was sent of its object, or will be.
async fn sent_before(store: &Store, items: &[Item]) -> Result<Vec<Option<Item>>> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let leaves = item.fate == Fate::Leaves;
        all.push(if leaves { releases::sent_before(store, &item.recipient, &item.object).await? } else { None });
    }
    Ok(all)
}

/// Objects of which a recipient has other bytes under the same version: id, and the latest of these versions' bytes.
fn outdated(items: &[Item], before: &[Option<Item>]) -> HashMap<String, String> {
    let versioned = items.iter().zip(before).filter(|(item, _)| !item.version.is_empty() && !is_marking(&item.object));
    versioned
        .filter_map(|(item, before)| Some((item, before.as_ref()?)))
        .filter(|(item, before)| before.version == item.version && before.hash != item.hash)
        .map(|(item, before)| (item.object.clone(), before.body.clone()))
        .collect()
}

/// The same objects, those named with a later `modified`.
fn renew(texts: &[String], which: &HashMap<String, String>, by: &By) -> Vec<String> {
    let now = instant(by.at);
    let renewed = |text: &String| {
        let before = id_of(text).and_then(|id| which.get(&id));
        // What was sent is an object of ours; were it none, its version would not have been compared.
        before.and_then(|before| version::next(before, text, &now).ok()).unwrap_or_else(|| text.clone())
    };
    texts.iter().map(renewed).collect()
}

/// An object's version, as its text says it.
pub(super) fn version_of(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let version = value.get("modified").or_else(|| value.get("created")).and_then(Value::as_str);
    version.unwrap_or_default().to_owned()
}

fn id_of(text: &str) -> Option<String> {
    serde_json::from_str::<Value>(text).ok().and_then(|value| Some(value.get("id")?.as_str()?.to_owned()))
}

fn kind(id: &str) -> &str {
    id.split("--").next().unwrap_or_default()
}

fn is_marking(id: &str) -> bool {
    kind(id) == "marking-definition"
}
