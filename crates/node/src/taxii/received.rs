//! Received: the objects of a request, each by itself.
//! In: the bytes of an envelope or a bundle. Out: objects as written with their versions and markings; of each other piece, why it isn't one.
//! Invariant: one bad object never loses the others; bytes that are no JSON, or no list of objects, are refused as a whole.
//! Not here: keeping them (`add.rs`).

use std::collections::HashMap;

use axum::http::StatusCode;
use serde_json::Value;
use stillwatch_stix::bundle::{Piece, Pieces};
use stillwatch_stix::marking::{self, Levels, Pap, Tlp};
use stillwatch_stix::{Limits, Object};

use super::media::Sent;
use crate::http::answer::Refusal;

/// An object as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Its version, as written; none where it has none.
    pub version: Option<String>,
    /// Its type.
    pub kind: String,
    /// Number of its strictest TLP, 0 the most open.
    pub tlp: u8,
    /// Number of its strictest PAP.
    pub pap: u8,
    /// What its markings say, and what they leave open.
    pub marked: Marked,
    /// Its bytes.
    pub json: String,
}

/// What its markings say, and what they leave open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marked {
    /// Whether a marking says who may know.
    pub says_tlp: bool,
    /// Whether a marking says what may be done.
    pub says_pap: bool,
    /// A marking that nobody here can read.
    pub unread: Option<String>,
}

/// A piece that is no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Its id, as far as it has one.
    pub id: String,
    /// Its version, as far as it is known.
    pub version: Option<String>,
    /// Why it is none.
    pub message: String,
}

/// Reads what was sent.
///
/// # Errors
/// 400 where it is no JSON, 413 where there are too many objects, 422 where there is no list of them.
pub fn read(bytes: &[u8], sent: Sent, limits: &Limits) -> Result<Vec<Result<Item, Bad>>, Refusal> {
    let name = sent.name();
    let mut pieces = Pieces::of(bytes, limits).map_err(|fault| Refusal::malformed(fault.to_string()))?;
    let mut all: Vec<Result<Object<'_>, Bad>> = Vec::new();
    for Piece { index, raw, object, .. } in pieces.by_ref() {
        match object {
            Ok(object) => all.push(Ok(object)),
            Err(_) if index >= limits.objects => {
                let how = format!("A request may have {} objects; split it", limits.objects);
                return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Too many objects", how));
            }
            // What isn't in any object is wrong with the whole.
            Err(fault) if raw.is_empty() => return Err(Refusal::malformed(fault.to_string())),
            Err(fault) => all.push(Err(Bad { id: id_of(raw), version: None, message: fault.to_string() })),
        }
    }
    // An object by itself is read too, but is no list.
    let listed = pieces.listed() && !all.is_empty();
    let is_bundle = pieces.own.iter().any(|(name, value)| *name == "\"type\"" && *value == "\"bundle\"");
    if !listed || (sent == Sent::Bundle && !is_bundle) {
        let how = format!("`{name}` is an object with a list of `objects`, of which there is at least one");
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "No objects in the request", how));
    }
    let known: HashMap<String, Levels> = all
        .iter()
        .flatten()
        .filter_map(|object| Some((object.head.id.to_string(), marking::of_object(object)?)))
        .collect();
    Ok(all.into_iter().map(|one| one.map(|object| item(&object, &known))).collect())
}

fn item(object: &Object<'_>, known: &HashMap<String, Levels>) -> Item {
    let head = &object.head;
    let of_parts = head.refs.iter().filter(|id| id.starts_with("marking-definition--"));
    let ids = head.markings.iter().chain(of_parts).map(AsRef::as_ref);
    let levels = marking::most_restrictive(ids.clone(), |id| known.get(id).copied());
    let unread = |id: &&str| marking::most_restrictive([*id], |id| known.get(id).copied()).other;
    let is_marking = head.kind == "marking-definition";
    // What isn't marked isn't for everybody; a marking that nobody has read may say anything. Markings themselves are public words.
    let tlp = match levels {
        Levels { other: true, .. } => Tlp::Red,
        Levels { tlp: None, .. } if is_marking => Tlp::Clear,
        Levels { tlp, .. } => tlp.unwrap_or_default(),
    };
    let pap = match levels {
        Levels { other: true, .. } => Pap::Red,
        Levels { pap: None, .. } if is_marking => Pap::Clear,
        Levels { pap, .. } => pap.unwrap_or_default(),
    };
    Item {
        id: head.id.to_string(),
        version: object.version().map(str::to_owned),
        kind: head.kind.to_string(),
        tlp: level(tlp),
        pap: pap as u8,
        marked: Marked {
            says_tlp: levels.tlp.is_some() || is_marking,
            says_pap: levels.pap.is_some() || is_marking,
            unread: if levels.other { ids.clone().find(unread).map(str::to_owned) } else { None },
        },
        json: object.raw().to_owned(),
    }
}

/// The number of a level, 0 the most open.
pub(crate) fn level(tlp: Tlp) -> u8 {
    tlp as u8
}

/// The id of a piece that is no object, for its sender to know it by.
fn id_of(raw: &str) -> String {
    let id =
        serde_json::from_str::<Value>(raw).ok().and_then(|v| v.get("id").and_then(Value::as_str).map(str::to_owned));
    id.map_or_else(|| "unknown".to_owned(), |id| id.chars().filter(|c| !c.is_control()).take(300).collect())
}
