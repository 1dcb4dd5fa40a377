//! Read: what we understand of others' bundles.
//! In: a bundle's objects. Out: campaigns, and indicators to look for, with text sketches, clients, techniques and levels.
//! Invariant: what isn't understood is left out, never guessed; of several versions of an object the last counts.
//! Not here: looking for indicators (`hunt`); keeping objects (the store keeps their text).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stillwatch_model::saved::TextSketch;

use crate::extension::{self, ClientPrint, Handling, Metrics, ResponseTaken, SketchMatch};
use crate::marking::{self, Levels};
use crate::object::Object;
use crate::opinion::{self, Standing};

/// What a bundle says that we understand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    /// Campaigns, by id.
    pub campaigns: Vec<ReceivedCampaign>,
    /// Indicators, by id; those that indicate no campaign too.
    pub indicators: Vec<ReceivedIndicator>,
}

/// A campaign that somebody told of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReceivedCampaign {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `modified`, as written.
    pub version: String,
    /// Whether it was taken back.
    pub revoked: bool,
    /// Who told, an identity's id.
    pub by: Option<String>,
    /// First seen, as written.
    pub first_seen: Option<String>,
    /// Last seen, as written.
    pub last_seen: Option<String>,
    /// 0 to 100.
    pub confidence: Option<u8>,
    /// Size, aim and evasions.
    pub metrics: Option<Metrics>,
    /// ATLAS ids of the attack patterns that it uses.
    pub techniques: BTreeSet<String>,
    /// Addresses that its infrastructure consists of.
    pub networks: Vec<ReceivedNetwork>,
    /// What was done about it.
    pub responses: Vec<ResponseTaken>,
    /// Names of those it is attributed to, with a confidence where one is given; hypotheses of the sender.
    pub attributed: Vec<(String, Option<u8>)>,
    /// Opinions on it.
    pub standing: Standing,
    /// Who may know, what may be done.
    pub levels: Levels,
    /// Expiry and ground.
    pub handling: Option<Handling>,
}

/// An address of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceivedNetwork {
    /// IPv4 or IPv6 address.
    pub address: String,
    /// Autonomous system.
    pub asn: Option<u32>,
}

/// Something to look for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReceivedIndicator {
    /// Its id.
    pub id: String,
    /// `modified`, as written.
    pub version: String,
    /// Whether it was taken back.
    pub revoked: bool,
    /// Who told, an identity's id.
    pub by: Option<String>,
    /// Ids of what it indicates.
    pub indicates: BTreeSet<String>,
    /// Its name; empty when it has none.
    pub name: String,
    /// The pattern, as written.
    pub pattern: String,
    /// Its language; `stix` for STIX patterns.
    pub pattern_type: String,
    /// Valid from then, as written.
    pub valid_from: String,
    /// Valid until then, as written.
    pub valid_until: Option<String>,
    /// 0 to 100.
    pub confidence: Option<u8>,
    /// The text sketch to compare with.
    pub text: Option<ReceivedText>,
    /// The client to look for.
    pub client: Option<ReceivedClient>,
    /// Opinions on it.
    pub standing: Standing,
    /// Who may know, what may be done.
    pub levels: Levels,
    /// Expiry and ground.
    pub handling: Option<Handling>,
}

/// A text sketch to compare with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReceivedText {
    /// The sketch; `share` is rounded, `fills` is the floor of its order of magnitude.
    pub sketch: TextSketch,
    /// Least share of the fixed slots that must agree.
    pub minimum_agreement: f64,
    /// Whether it is text around otherwise free prompts.
    pub injected: bool,
}

/// A client to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceivedClient {
    /// HTTP user agent.
    pub user_agent: Option<String>,
    /// JA4 fingerprint.
    pub tls_ja4: Option<String>,
}

/// The properties that are read of any object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    name: String,
    first_seen: Option<String>,
    last_seen: Option<String>,
    confidence: Option<u8>,
    pattern: String,
    pattern_type: String,
    valid_from: String,
    valid_until: Option<String>,
    relationship_type: String,
    source_ref: String,
    target_ref: String,
    value: String,
    number: Option<u32>,
    belongs_to_refs: Vec<String>,
    object_refs: Vec<String>,
    external_references: Vec<Reference>,
    extensions: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    source_name: String,
    external_id: Option<String>,
}

impl Properties {
    fn extension<T: DeserializeOwned>(&self, id: &str) -> Option<T> {
        self.extensions.get(id).and_then(|content| T::deserialize(content).ok())
    }
}

struct Known<'a> {
    object: &'a Object<'a>,
    says: Properties,
}

/// Reads what we understand of a bundle's objects.
#[must_use]
pub fn receive<'a>(objects: &'a [Object<'a>]) -> Received {
    let known = latest(objects);
    let standings = opinion::standings(objects);
    let levels: BTreeMap<&str, Levels> =
        objects.iter().filter_map(|o| marking::of_object(o).map(|levels| (o.head.id.as_ref(), levels))).collect();
    let mut told =
        Told { known: &known, standings: &standings, levels: &levels, from: BTreeMap::new(), to: BTreeMap::new() };
    for tie in known.values().filter(|known| known.object.head.kind == "relationship" && !known.object.head.revoked) {
        told.from.entry((&tie.says.source_ref, &tie.says.relationship_type)).or_default().push(tie);
        told.to.entry((&tie.says.target_ref, &tie.says.relationship_type)).or_default().push(tie);
    }
    let of = |kind: &str| known.values().filter(move |known| known.object.head.kind == *kind).collect::<Vec<_>>();
    Received {
        campaigns: of("campaign").into_iter().map(|known| told.campaign(known)).collect(),
        indicators: of("indicator").into_iter().map(|known| told.indicator(known)).collect(),
    }
}

/// The last version of each object.
fn latest<'a>(objects: &'a [Object<'a>]) -> BTreeMap<&'a str, Known<'a>> {
    let time = |object: &Object<'_>| object.version().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let mut known: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for object in objects {
        if known.get(object.head.id.as_ref()).is_some_and(|held| time(held.object) >= time(object)) {
            continue;
        }
        // An object of which a property isn't what it should be is not understood.
        if let Ok(says) = serde_json::from_str(object.raw()) {
            known.insert(&object.head.id, Known { object, says });
        }
    }
    known
}

struct Told<'a> {
    known: &'a BTreeMap<&'a str, Known<'a>>,
    standings: &'a BTreeMap<String, Standing>,
    levels: &'a BTreeMap<&'a str, Levels>,
    /// Relationships that stand, by source and kind.
    from: BTreeMap<(&'a str, &'a str), Vec<&'a Known<'a>>>,
    /// The same by target and kind.
    to: BTreeMap<(&'a str, &'a str), Vec<&'a Known<'a>>>,
}

impl<'a> Told<'a> {
    /// What an object is tied to: (relationship, id of the other object).
    fn targets(&self, source: &'a str, kind: &'a str) -> impl Iterator<Item = (&'a Known<'a>, &'a str)> {
        let ties = self.from.get(&(source, kind)).map(Vec::as_slice).unwrap_or_default();
        ties.iter().map(|tie| (*tie, tie.says.target_ref.as_str()))
    }

    /// What is tied to an object.
    fn sources(&self, target: &'a str, kind: &'a str) -> impl Iterator<Item = &'a Known<'a>> {
        let ties = self.to.get(&(target, kind)).map(Vec::as_slice).unwrap_or_default();
        ties.iter().filter_map(|tie| self.known.get(tie.says.source_ref.as_str()))
    }

    fn marked(&self, object: &Object<'_>) -> Levels {
        marking::most_restrictive(object.head.markings.iter().map(AsRef::as_ref), |id| self.levels.get(id).copied())
    }

    fn campaign(&self, known: &'a Known<'a>) -> ReceivedCampaign {
        let (object, says) = (known.object, &known.says);
        let id = object.head.id.as_ref();
        let mut campaign = ReceivedCampaign {
            id: id.to_owned(),
            name: says.name.clone(),
            version: object.version().unwrap_or_default().to_owned(),
            revoked: object.head.revoked,
            by: object.head.created_by.as_deref().map(str::to_owned),
            first_seen: says.first_seen.clone(),
            last_seen: says.last_seen.clone(),
            confidence: says.confidence,
            metrics: says.extension(extension::METRICS),
            standing: self.standings.get(id).copied().unwrap_or_default(),
            levels: self.marked(object),
            handling: says.extension(extension::HANDLING),
            ..ReceivedCampaign::default()
        };
        let mut data = BTreeSet::new();
        for (_, target) in self.targets(id, "uses") {
            if let Some(used) = self.known.get(target) {
                let ids =
                    used.says.external_references.iter().filter(|reference| reference.source_name == "mitre-atlas");
                campaign.techniques.extend(ids.filter_map(|reference| reference.external_id.clone()));
                data.extend(self.targets(target, "consists-of").map(|(_, part)| part));
            }
        }
        let mut seen = BTreeSet::new();
        for part in data {
            let parts = match self.known.get(part) {
                Some(known) if known.object.head.kind == "observed-data" => known.says.object_refs.as_slice(),
                _ => &[],
            };
            for part in parts.iter().map(String::as_str).chain([part]) {
                if let Some(network) = self.network(part)
                    && seen.insert(network.clone())
                {
                    campaign.networks.push(network);
                }
            }
        }
        campaign.responses =
            self.sources(id, "related-to").filter_map(|known| known.says.extension(extension::RESPONSE)).collect();
        for (relationship, actor) in self.targets(id, "attributed-to") {
            if let Some(actor) = self.known.get(actor) {
                campaign.attributed.push((actor.says.name.clone(), relationship.says.confidence));
            }
        }
        campaign
    }

    fn network(&self, id: &str) -> Option<ReceivedNetwork> {
        let known = self.known.get(id)?;
        if !matches!(known.object.head.kind.as_ref(), "ipv4-addr" | "ipv6-addr") {
            return None;
        }
        let asn = known.says.belongs_to_refs.iter().find_map(|system| self.known.get(system.as_str())?.says.number);
        Some(ReceivedNetwork { address: known.says.value.clone(), asn })
    }

    fn indicator(&self, known: &'a Known<'a>) -> ReceivedIndicator {
        let (object, says) = (known.object, &known.says);
        let id = object.head.id.as_ref();
        let client = says.extension::<ClientPrint>(extension::CLIENT);
        ReceivedIndicator {
            id: id.to_owned(),
            version: object.version().unwrap_or_default().to_owned(),
            revoked: object.head.revoked,
            by: object.head.created_by.as_deref().map(str::to_owned),
            indicates: self.targets(id, "indicates").map(|(_, target)| target.to_owned()).collect(),
            name: says.name.clone(),
            pattern: says.pattern.clone(),
            pattern_type: says.pattern_type.clone(),
            valid_from: says.valid_from.clone(),
            valid_until: says.valid_until.clone(),
            confidence: says.confidence,
            text: says.extension::<SketchMatch>(extension::TEXT_SKETCH).and_then(text),
            client: client.map(|print| ReceivedClient { user_agent: print.user_agent, tls_ja4: print.ja4 }),
            standing: self.standings.get(id).copied().unwrap_or_default(),
            levels: self.marked(object),
            handling: says.extension(extension::HANDLING),
        }
    }
}

/// A sketch of our algorithm; of another there is nothing to compare with.
fn text(says: SketchMatch) -> Option<ReceivedText> {
    let mut sketch = says.sketch.read()?;
    sketch.share = f64::from(says.coverage_percent.unwrap_or(0)) / 100.0;
    sketch.fills = says.fillings_log10.map_or(0, |n| 10u64.saturating_pow(n));
    let injected = says.kind == extension::SketchKind::Injected;
    Some(ReceivedText { sketch, minimum_agreement: says.minimum_agreement, injected })
}
