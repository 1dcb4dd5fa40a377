//! Set: the objects that a decision is made among, with their markings and what they refer to.
//! In: STIX objects' texts. Out: each object parsed once, with the strictest of its own markings.
//! Invariant: bounded (`MAX_OBJECTS`, `MAX_OBJECT_BYTES`); an object without a marking, or with one that isn't known, is
//! told apart here and never leaves.
//! Not here: what follows for those who refer to it (`decide.rs`).

use std::collections::HashMap;

use serde_json::Value;
use stillwatch_stix::marking::{self, Levels, Pap, Tlp};
use stillwatch_stix::{Limits, Object, id};

use crate::classes::{Place, tree};
use crate::shape::Shape;

/// Most bytes of one object.
pub const MAX_OBJECT_BYTES: usize = 1 << 20;
/// Most objects of a set.
pub const MAX_OBJECTS: usize = 1_000_000;

/// One object.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) version: Option<String>,
    pub(crate) revoked: bool,
    pub(crate) value: Value,
    /// Its own level; or why it can't leave whatever the profile.
    pub(crate) level: Result<(Tlp, Pap), String>,
    /// Places in the set of what it refers to in fields that are classed, markings apart.
    pub(crate) refs: Vec<usize>,
}

/// Objects, each id once.
#[derive(Debug, Default)]
pub struct Set {
    pub(crate) items: Vec<Item>,
    pub(crate) places: HashMap<String, usize>,
    /// By place: who refers to it.
    pub(crate) referring: Vec<Vec<usize>>,
    /// By place: whether something in the set was made or seen by it.
    pub(crate) tells: Vec<bool>,
    /// What could not be taken in: its id or number, and why.
    pub refused: Vec<(String, String)>,
}

impl Set {
    /// Reads objects. Of versions of one object the latest is taken.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = Set::default();
        let mut levels: HashMap<String, Levels> = HashMap::new();
        let mut read = Vec::new();
        for (number, text) in texts.into_iter().enumerate() {
            let name = || format!("object {}", number + 1);
            if text.len() > MAX_OBJECT_BYTES || set.items.len() >= MAX_OBJECTS {
                set.refused.push((name(), "it is too large, or there are too many".to_owned()));
                continue;
            }
            // The reader is strict: no name stands twice, depth is bounded.
            let depth = Limits::default().depth;
            let (object, value) = match (Object::read(text, depth), serde_json::from_str::<Value>(text)) {
                (Ok(object), Ok(value)) => (object, value),
                (Err(error), _) => {
                    set.refused.push((name(), error.to_string()));
                    continue;
                }
                (_, Err(error)) => {
                    set.refused.push((name(), error.to_string()));
                    continue;
                }
            };
            if let Some(level) = marking::of_object(&object) {
                let known = levels.entry(object.head.id.to_string()).or_default();
                // Two that claim one id: the stricter of each.
                known.tlp = known.tlp.max(level.tlp);
                known.pap = known.pap.max(level.pap);
                known.other |= level.other;
            }
            let (id, markings) = (object.head.id.to_string(), markings(&object, &value));
            let item = Item {
                kind: object.head.kind.to_string(),
                version: object.version().map(str::to_owned),
                revoked: object.head.revoked,
                level: Err("it is not marked".to_owned()),
                refs: Vec::new(),
                id: id.clone(),
                value,
            };
            match set.places.get(&id).copied() {
                None => {
                    set.places.insert(id, set.items.len());
                    set.items.push(item);
                    read.push(markings);
                }
                Some(at) => {
                    if let (Some(held), Some(marks)) = (set.items.get_mut(at), read.get_mut(at)) {
                        let time = |v: &Option<String>| v.as_ref().and_then(|v| v.parse::<jiff::Timestamp>().ok());
                        // Markings of all versions count: the strictest wins.
                        marks.extend(markings);
                        if time(&item.version) > time(&held.version) {
                            *held = item;
                        }
                    }
                }
            }
        }
        for (item, markings) in set.items.iter_mut().zip(&read) {
            item.level = level(markings, &levels);
        }
        set.tie();
        set
    }

    /// Ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| item.id.as_str())
    }

    /// How many objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn tie(&mut self) {
        self.referring = vec![Vec::new(); self.items.len()];
        self.tells = vec![false; self.items.len()];
        for at in 0..self.items.len() {
            let mut refs = Vec::new();
            if let Some(item) = self.items.get(at)
                && let Some(place) = tree(&item.kind)
            {
                collect(&item.value, place, false, &mut |id| refs.extend(self.places.get(id).copied()));
            }
            refs.sort_unstable();
            refs.dedup();
            let told = |value: &Value| value.as_str().and_then(|id| self.places.get(id)).copied();
            if let Some(value) = self.items.get(at).map(|item| &item.value) {
                let seen = value.get("where_sighted_refs").and_then(Value::as_array).into_iter().flatten();
                for teller in value.get("created_by_ref").into_iter().chain(seen).filter_map(told) {
                    if let Some(tells) = self.tells.get_mut(teller).filter(|_| teller != at) {
                        *tells = true;
                    }
                }
            }
            for to in &refs {
                if let Some(list) = self.referring.get_mut(*to) {
                    list.push(at);
                }
            }
            if let Some(item) = self.items.get_mut(at) {
                item.refs = refs;
            }
        }
    }
}

/// Ids of an object's markings, granular ones too: a part that is marked marks the whole.
fn markings(object: &Object<'_>, value: &Value) -> Vec<String> {
    let mut ids: Vec<String> = object.head.markings.iter().map(ToString::to_string).collect();
    // What stands in the list but is no text is a marking that isn't known.
    let listed = value.get("object_marking_refs").map(|list| list.as_array().map_or(1, Vec::len)).unwrap_or_default();
    ids.extend((ids.len()..listed).map(|_| "?".to_owned()));
    for granular in value.get("granular_markings").and_then(Value::as_array).into_iter().flatten() {
        // A language is no marking of ours; it is something unknown, and so is a marking without an id.
        ids.push(granular.get("marking_ref").and_then(Value::as_str).unwrap_or("?").to_owned());
    }
    ids
}

fn level(markings: &[String], known: &HashMap<String, Levels>) -> Result<(Tlp, Pap), String> {
    let levels = marking::most_restrictive(markings.iter().map(String::as_str), |id| known.get(id).copied());
    if levels.other {
        return Err("it has a marking that is neither TLP nor PAP: a person must read it".to_owned());
    }
    match levels.tlp {
        // Where nothing is said of permissible actions: what everybody may know anybody may use, else the Protocol's usual level.
        Some(tlp) => {
            let usual = if tlp == Tlp::Clear { Pap::Clear } else { Pap::default() };
            Ok((tlp, levels.pap.unwrap_or(usual)))
        }
        None => Err("it is not marked".to_owned()),
    }
}

/// Ids that a text mentions: a neighbour may be named in words too.
pub(crate) fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("--").filter_map(|(at, _)| {
        let is_part = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        let before = text.as_bytes().get(..at)?.iter().rev().take_while(|byte| is_part(byte)).count();
        let id = text.get(at - before..at + 2 + 36)?;
        // What stands before may run into other words; the type is its last part that is one.
        id::check(id.trim_start_matches('-'), None).is_ok().then(|| id.trim_start_matches('-'))
    })
}

/// Every id that an object refers to in a classed field, or mentions there.
fn collect(value: &Value, place: &Place, in_list: bool, found: &mut impl FnMut(&str)) {
    if place.list && !in_list {
        for item in value.as_array().into_iter().flatten() {
            collect(item, place, true, found);
        }
        return;
    }
    if let Some(field) = place.field.and_then(|index| crate::classes::fields().get(index)) {
        if field.shape == Shape::Ref
            && field.path != "object_marking_refs[]"
            && let Some(id) = value.as_str()
        {
            found(id);
        } else if let Some(text) = value.as_str() {
            mentioned(text).for_each(found);
        }
        return;
    }
    for (name, below) in &place.below {
        if let Some(value) = value.get(*name) {
            collect(value, below, false, found);
        }
    }
}
