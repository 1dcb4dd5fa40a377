//! Marking: who may know (Traffic Light Protocol 2.0, and 1.0 read) and what may be done with it (PAP).
//! In: levels, or ids and objects of markings. Out: marking objects that travel in the bundle; the most restrictive level.
//! Invariant: levels are ordered; where markings disagree or aren't known, the stricter is taken.
//! Not here: who is let through (the policy).
//!
//! TLP 2.0 (FIRST, August 2022) is not among STIX 2.1's own markings: it is an extension of OASIS' common objects, and its
//! marking-definition objects travel in the bundle. The same holds for the Permissible Actions Protocol.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::json::Node;
use crate::made::Made;
use crate::object::Object;

/// TLP 2.0 as an extension (OASIS cti-stix-common-objects, `tlp-2.0`).
pub const TLP_2: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// PAP as an extension (OASIS cti-stix-common-objects, `pap-marking-definition-f8d`).
pub const PAP: &str = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b";

/// Traffic Light Protocol 2.0: who may know; most open first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Tlp {
    /// Everybody.
    #[serde(rename = "clear")]
    Clear,
    /// The community.
    #[serde(rename = "green")]
    Green,
    /// The organisation and its clients.
    #[serde(rename = "amber")]
    Amber,
    /// The organisation only: what is said of campaigns unless somebody says otherwise.
    #[default]
    #[serde(rename = "amber+strict")]
    AmberStrict,
    /// The persons it is told to.
    #[serde(rename = "red")]
    Red,
}

impl Tlp {
    /// Every level, most open first.
    pub const ALL: [Tlp; 5] = [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red];

    /// The level's word, as TLP writes it in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Tlp::Clear => "clear",
            Tlp::Green => "green",
            Tlp::Amber => "amber",
            Tlp::AmberStrict => "amber+strict",
            Tlp::Red => "red",
        }
    }

    /// Id of the marking-definition object.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Tlp::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
            Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
            Tlp::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
            Tlp::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
            Tlp::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
        }
    }

    /// The marking-definition object.
    #[must_use]
    pub fn object(self) -> String {
        definition(
            self.id(),
            "2022-10-01T00:00:00.000Z",
            &format!("TLP:{}", self.name().to_uppercase()),
            TLP_2,
            "tlp_2_0",
            self.name(),
        )
    }

    /// The level of a marking's id: those of TLP 2.0, and of TLP 1.0 (STIX 2.1, section 7.2.1.4), where white is clear.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        match id {
            "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9" => Some(Tlp::Clear),
            "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da" => Some(Tlp::Green),
            "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82" => Some(Tlp::Amber),
            "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed" => Some(Tlp::Red),
            _ => Self::ALL.into_iter().find(|level| level.id() == id),
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "white" => Some(Tlp::Clear),
            name => Self::ALL.into_iter().find(|level| level.name() == name),
        }
    }
}

/// Permissible Actions Protocol: what may be done with it; most free first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pap {
    /// Anything.
    Clear,
    /// Active actions, such as blocking.
    Green,
    /// Passive checks: own logs and own rules, nothing that the operator could notice as coming from this.
    #[default]
    Amber,
    /// Looking only, and off the network.
    Red,
}

impl Pap {
    /// Every level, most free first.
    pub const ALL: [Pap; 4] = [Pap::Clear, Pap::Green, Pap::Amber, Pap::Red];

    /// The level's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Pap::Clear => "clear",
            Pap::Green => "green",
            Pap::Amber => "amber",
            Pap::Red => "red",
        }
    }

    /// Id of the marking-definition object.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Pap::Clear => "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92",
            Pap::Green => "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
            Pap::Amber => "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab",
            Pap::Red => "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e",
        }
    }

    /// The marking-definition object; its time of creation is that of the published one.
    #[must_use]
    pub fn object(self) -> String {
        let created = match self {
            Pap::Clear => "2022-10-01T00:00:00.000Z",
            Pap::Green => "2022-10-09T00:00:00.000Z",
            Pap::Amber => "2022-10-02T00:00:00.000Z",
            Pap::Red => "2022-10-06T00:00:00.000Z",
        };
        definition(self.id(), created, &format!("PAP:{}", self.name().to_uppercase()), PAP, "pap", self.name())
    }

    /// The level of a marking's id; the older `white` is clear.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        if id == "marking-definition--a3bea94c-b469-41dc-9cfe-d6e7daba7730" {
            return Some(Pap::Clear);
        }
        Self::ALL.into_iter().find(|level| level.id() == id)
    }

    fn of_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "white" => Some(Pap::Clear),
            name => Self::ALL.into_iter().find(|level| level.name() == name),
        }
    }
}

fn definition(id: &str, created: &str, name: &str, extension: &str, property: &str, level: &str) -> String {
    let mut made = Made::new("marking-definition", id).with("created", json!(created)).with("name", json!(name));
    made.extend(extension, json!({"extension_type": "property-extension", property: level}));
    made.text()
}

/// What markings say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Levels {
    /// Who may know; `None` where no marking says.
    pub tlp: Option<Tlp>,
    /// What may be done; `None` where no marking says.
    pub pap: Option<Pap>,
    /// A marking is neither TLP nor PAP: a statement, or something unknown. A person must read it.
    pub other: bool,
}

/// The most restrictive of several markings, by their ids; `known` tells levels of marking objects that have ids of their own.
#[must_use]
pub fn most_restrictive<'a>(ids: impl IntoIterator<Item = &'a str>, known: impl Fn(&str) -> Option<Levels>) -> Levels {
    let mut all = Levels::default();
    for id in ids {
        let one = match (Tlp::of_id(id), Pap::of_id(id)) {
            (None, None) => known(id).unwrap_or(Levels { other: true, ..Levels::default() }),
            (tlp, pap) => Levels { tlp, pap, other: false },
        };
        all = Levels { tlp: all.tlp.max(one.tlp), pap: all.pap.max(one.pap), other: all.other || one.other };
    }
    all
}

/// The levels of a marking-definition object: TLP 1.0 and 2.0, PAP; for markings with ids of their own. `None` for other objects.
#[must_use]
pub fn of_object(object: &Object<'_>) -> Option<Levels> {
    if object.head.kind != "marking-definition" {
        return None;
    }
    let node = crate::json::read(object.raw(), 0, object.raw().len(), crate::Limits::default().depth).ok()?;
    let word = |path: &[&str]| path.iter().try_fold(&node, |node, key| node.field(key)).and_then(Node::text);
    let tlp = word(&["extensions", TLP_2, "tlp_2_0"]).or_else(|| word(&["definition", "tlp"])).and_then(Tlp::of_name);
    let pap = word(&["extensions", PAP, "pap"]).and_then(Pap::of_name);
    Some(Levels { tlp, pap, other: tlp.is_none() && pap.is_none() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_wins_and_the_unknown_shows() {
        let old_green = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da";
        let levels = most_restrictive([old_green, Tlp::AmberStrict.id(), Tlp::Amber.id(), Pap::Green.id()], |_| None);
        assert_eq!(levels, Levels { tlp: Some(Tlp::AmberStrict), pap: Some(Pap::Green), other: false });
        let own = "marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
        assert!(most_restrictive([own], |_| None).other);
        let red = Levels { tlp: Some(Tlp::Red), ..Levels::default() };
        assert_eq!(most_restrictive([own, old_green], |_| Some(red)).tlp, Some(Tlp::Red));
        assert_eq!(most_restrictive([], |_| None), Levels::default());
    }

    #[test]
    fn objects_say_what_their_ids_say() -> Result<(), Box<dyn std::error::Error>> {
        for level in Tlp::ALL {
            let text = level.object();
            let object = Object::read(&text, 8)?;
            assert_eq!((object.head.id.as_ref(), of_object(&object).and_then(|l| l.tlp)), (level.id(), Some(level)));
        }
        for level in Pap::ALL {
            let text = level.object();
            let object = Object::read(&text, 8)?;
            assert_eq!((object.head.id.as_ref(), of_object(&object).and_then(|l| l.pap)), (level.id(), Some(level)));
        }
        Ok(())
    }
}
