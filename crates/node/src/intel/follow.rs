//! Follow: the journal of peers, read on from where it was left.
//! In: arrivals, each an object as it came. Out: rows of indicators, sightings and opinions.
//! Invariant: may be interrupted anywhere and done again; a marking that isn't known is taken as the strictest until it is.
//! Not here: what they are worth (`weigh.rs`).

use std::collections::{BTreeSet, HashMap};

use stillwatch_stix::heard::{self, Heard};
use stillwatch_stix::marking::{self, Levels, Pap, Tlp};
use stillwatch_stix::{Limits, Object};
use stillwatch_track::intel::{self, Arrived, Batch, Remark, Told};
use stillwatch_track::{Store, peers};

use crate::error::Result;

/// Levels of marking objects that have ids of their own, by peer and id.
type Known = HashMap<(String, String), Levels>;

/// Reads on to the journal's end; returns how many arrivals were read.
///
/// # Errors
/// When the store can't be read or written; what was kept stays kept.
pub async fn follow(store: &Store) -> Result<u64> {
    let mut count = 0;
    while let Some(arrivals) = intel::waiting(store).await? {
        let mut all: Vec<Arrived> = Vec::new();
        // Where a marking came, what was marked with something unknown is read again.
        let is_marking = |one: &&Arrived| one.id.starts_with("marking-definition--") && one.json.is_some();
        let marking: BTreeSet<&str> = arrivals.all.iter().filter(is_marking).map(|one| one.peer.as_str()).collect();
        for peer in marking {
            all.extend(intel::again(store, peer).await?);
        }
        all.extend(arrivals.all.iter().cloned());
        let objects: Vec<(&Arrived, Option<Object<'_>>)> = all
            .iter()
            .map(|one| (one, one.json.as_deref().and_then(|text| Object::read(text, Limits::default().depth).ok())))
            .collect();
        let known = levels(store, &objects).await?;
        let mut batch = Batch::default();
        for (arrived, object) in &objects {
            match object {
                _ if arrived.gone => batch.gone(&arrived.id, &arrived.peer, &arrived.version, arrived.recorded),
                Some(object) => put(&mut batch, arrived, object, &known),
                None => {}
            }
        }
        if intel::keep(store, &arrivals, &batch).await? {
            count += arrivals.all.len() as u64;
        }
    }
    Ok(count)
}

/// Ids of an object's markings, those of its parts too: a part that is marked marks the whole.
fn markings<'a>(object: &'a Object<'_>) -> impl Iterator<Item = &'a str> {
    let parts = object.head.refs.iter().filter(|id| id.starts_with("marking-definition--"));
    object.head.markings.iter().chain(parts).map(AsRef::as_ref)
}

fn is_standard(id: &str) -> bool {
    Tlp::of_id(id).is_some() || Pap::of_id(id).is_some()
}

async fn levels(store: &Store, objects: &[(&Arrived, Option<Object<'_>>)]) -> Result<Known> {
    let mut asked: BTreeSet<(String, String)> = BTreeSet::new();
    for (arrived, object) in objects {
        if let Some(object) = object.as_ref().filter(|object| object.head.kind != "marking-definition") {
            let own = markings(object).filter(|id| !is_standard(id));
            asked.extend(own.map(|id| (arrived.peer.clone(), id.to_owned())));
        }
    }
    let asked: Vec<(String, String)> = asked.into_iter().collect();
    let mut known = Known::new();
    for (peer, text) in intel::markings(store, &asked).await? {
        let Ok(object) = Object::read(&text, Limits::default().depth) else { continue };
        if let Some(level) = marking::of_object(&object) {
            // Two that claim one id: the stricter of each.
            let held = known.entry((peer, object.head.id.to_string())).or_default();
            held.tlp = held.tlp.max(level.tlp);
            held.pap = held.pap.max(level.pap);
            held.other |= level.other;
        }
    }
    Ok(known)
}

/// Who may know, what may be done, and whether a marking isn't known here.
fn marked(arrived: &Arrived, object: &Object<'_>, known: &Known) -> (Tlp, Pap, bool) {
    let level = |id: &str| known.get(&(arrived.peer.clone(), id.to_owned())).copied();
    if markings(object).any(|id| !is_standard(id) && level(id).is_none()) {
        return (Tlp::Red, Pap::Red, true);
    }
    let levels = marking::most_restrictive(markings(object), level);
    let tlp = levels.tlp.unwrap_or_default();
    // Where nothing is said of permissible actions: what everybody may know anybody may use, else the Protocol's usual level.
    let usual = if levels.tlp == Some(Tlp::Clear) { Pap::Clear } else { Pap::default() };
    (tlp, levels.pap.unwrap_or(usual), false)
}

fn put(batch: &mut Batch, arrived: &Arrived, object: &Object<'_>, known: &Known) {
    let Some(heard) = heard::heard(object) else { return };
    let (tlp, pap, unread) = marked(arrived, object, known);
    let instant = heard::version(object).map_or(arrived.recorded, jiff::Timestamp::as_microsecond);
    let producer = object.head.created_by.as_deref().map_or_else(|| peers::source(&arrived.peer), str::to_owned);
    let remark = |about: &str, what: &str| Remark {
        id: arrived.id.clone(),
        peer: arrived.peer.clone(),
        about: about.to_owned(),
        what: what.to_owned(),
        version: arrived.version.clone(),
        instant,
        producer: producer.clone(),
        word: None,
        count: None,
        first_seen: None,
        last_seen: None,
        tlp: tlp.name().to_owned(),
        pap: pap.name().to_owned(),
        revoked: object.head.revoked,
        gone: None,
        received: arrived.recorded,
    };
    match heard {
        Heard::Indicator(told) => {
            let row = Told {
                id: arrived.id.clone(),
                peer: arrived.peer.clone(),
                version: arrived.version.clone(),
                instant,
                created: heard::created(object).map_or(arrived.recorded, jiff::Timestamp::as_microsecond),
                producer,
                name: told.name,
                pattern: told.pattern,
                pattern_type: told.pattern_type,
                kind: told.kind.name().to_owned(),
                confidence: told.confidence,
                tlp: tlp.name().to_owned(),
                pap: pap.name().to_owned(),
                unread,
                valid_from: told.valid_from.map(jiff::Timestamp::as_microsecond),
                valid_until: told.valid_until.map(jiff::Timestamp::as_microsecond),
                revoked: object.head.revoked,
                gone: None,
                first_received: arrived.recorded,
                last_received: arrived.recorded,
            };
            batch.told(row, told.values);
        }
        Heard::Sighting(seen) => {
            let row = Remark {
                count: seen.count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
                first_seen: seen.first.map(jiff::Timestamp::as_microsecond),
                last_seen: seen.last.map(jiff::Timestamp::as_microsecond),
                ..remark(&seen.of, "sighting")
            };
            batch.remarks(vec![row]);
        }
        Heard::Opinion(voiced) => {
            let row = |about: &String| Remark { word: Some(voiced.word.name().to_owned()), ..remark(about, "opinion") };
            batch.remarks(voiced.about.iter().map(row).collect());
        }
    }
}
