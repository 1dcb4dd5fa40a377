//! Draft: objects of one campaign while they are made, with what all of them carry.
//! In: a campaign and options. Out: objects with creator, times, markings and handling.
//! Invariant: every object has a marking; extension definitions and markings that are used are there, unused ones are not.
//! Not here: what the objects say.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stillwatch_model::tracked::Tracked;

use super::{Options, Producer, withdrawn};
use crate::extension::{self, Definition, Handling, Metrics, PROPERTY};
use crate::made::Made;
use crate::marking::Tlp;
use crate::{id, version};

pub(super) struct Draft<'a> {
    pub(super) campaign: &'a Tracked,
    pub(super) options: &'a Options,
    /// Id of the producer's identity.
    pub(super) producer: String,
    created: String,
    modified: String,
    /// The campaign's first and last exchange, where known.
    pub(super) first_seen: Option<String>,
    pub(super) last_seen: Option<String>,
    made: Vec<Made>,
    places: BTreeMap<String, usize>,
    extensions: Vec<&'static str>,
}

impl<'a> Draft<'a> {
    pub(super) fn of(campaign: &'a Tracked, options: &'a Options) -> Self {
        let time = |text: &str| version::timestamp(text);
        let epoch = "1970-01-01T00:00:00.000Z".to_owned();
        let created = time(&campaign.created).or_else(|| time(&campaign.first_seen)).unwrap_or(epoch);
        // Timestamps of one form are in order when their texts are.
        let modified = time(&campaign.modified).unwrap_or_default().max(created.clone());
        let first_seen = time(&campaign.first_seen);
        let last_seen = time(&campaign.last_seen).max(first_seen.clone());
        Draft {
            campaign,
            options,
            producer: options.producer.id(),
            created,
            modified,
            first_seen,
            last_seen,
            made: Vec::new(),
            places: BTreeMap::new(),
            extensions: Vec::new(),
        }
    }

    /// When the campaign was first saved.
    pub(super) fn created(&self) -> &str {
        &self.created
    }

    /// A domain or relationship object of the producer's.
    pub(super) fn object(&self, kind: &str, id: &str) -> Made {
        Made::new(kind, id).dated(&self.created, &self.modified).with("created_by_ref", json!(self.producer))
    }

    /// An id that is this campaign's and producer's own.
    pub(super) fn own_id(&self, kind: &str, what: &Value) -> String {
        id::domain(kind, &json!({"campaign": self.campaign.id, "by": self.producer, "what": what}))
    }

    /// Adds an object; one that is there already stays. Gives back its id.
    pub(super) fn add(&mut self, mut made: Made) -> String {
        let id = made.id().to_owned();
        if self.places.contains_key(&id) {
            return id;
        }
        if !made.has("object_marking_refs") {
            let pap = self.options.pap.map(|level| level.id());
            made.set(
                "object_marking_refs",
                json!([Some(self.options.tlp.id()), pap].iter().flatten().collect::<Vec<_>>()),
            );
        }
        // A relationship lasts as long as what it ties.
        let domain = made.has("created") && !matches!(made.kind(), "identity" | "relationship");
        if domain && let Some(handling) = self.handling() {
            self.extend(&mut made, extension::HANDLING, handling);
        }
        self.places.insert(id.clone(), self.made.len());
        self.made.push(made);
        id
    }

    /// Adds an object that is the publisher's, for everybody.
    pub(super) fn add_public(&mut self, made: Made) -> String {
        let id = made.id().to_owned();
        if !self.places.contains_key(&id) {
            self.places.insert(id.clone(), self.made.len());
            self.made.push(made.with("object_marking_refs", json!([Tlp::Clear.id()])));
        }
        id
    }

    /// Adds an extension, and remembers that its definition must travel.
    pub(super) fn extend(&mut self, made: &mut Made, definition: &'static str, content: impl serde::Serialize) {
        // Our own contents are plain structures: they always encode.
        made.extend(definition, serde_json::to_value(content).unwrap_or_default());
        if !self.extensions.contains(&definition) {
            self.extensions.push(definition);
        }
    }

    fn handling(&self) -> Option<Handling> {
        let Options { expires, legal_basis, purpose, .. } = self.options;
        let expires = expires.as_deref().and_then(version::timestamp);
        if expires.is_none() && legal_basis.is_none() && purpose.is_none() {
            return None;
        }
        let cut = |text: &Option<String>| text.as_ref().map(|text| text.chars().take(200).collect());
        Some(Handling {
            extension_type: PROPERTY.to_owned(),
            expires,
            legal_basis: cut(legal_basis),
            purpose: cut(purpose),
        })
    }

    /// Ties two objects.
    pub(super) fn relate(&mut self, source: &str, kind: &str, target: &str) -> String {
        let made = self
            .object("relationship", &id::relationship(source, kind, target))
            .with("relationship_type", json!(kind))
            .with("source_ref", json!(source))
            .with("target_ref", json!(target));
        self.add(made)
    }

    /// Score as a STIX confidence, in steps of 5: no more than it is worth.
    pub(super) fn confidence(&self, factor: f64) -> Value {
        json!(((self.campaign.score * factor).clamp(0.0, 1.0) * 20.0).round() as u64 * 5)
    }

    /// What the campaign is called.
    pub(super) fn name(&self) -> String {
        match &self.campaign.name {
            Some(name) if self.options.names && !name.is_empty() => name.clone(),
            _ => {
                let short: String = self.campaign.id.trim_start_matches("campaign--").chars().take(8).collect();
                let technique = if self.campaign.technique.is_empty() { "harvest" } else { &self.campaign.technique };
                format!("{technique} {short}")
            }
        }
    }

    /// The producer's identity and the campaign.
    pub(super) fn campaign(&mut self) {
        let Producer { name, created } = &self.options.producer;
        let since = version::timestamp(created).unwrap_or_else(|| self.created.clone());
        let identity = Made::new("identity", &self.producer)
            .dated(&since, &since)
            .with("created_by_ref", json!(self.producer))
            .with("name", json!(name))
            .with("identity_class", json!("organization"));
        self.add(identity);
        let mut made = self
            .object("campaign", &self.campaign.id)
            .with("name", json!(self.name()))
            .with(
                "description",
                json!("Accounts with one operator that harvest a model's answers to train another model."),
            )
            .with("objective", json!("Training another model on the answers."))
            .with("first_seen", json!(self.first_seen))
            .with("last_seen", json!(self.last_seen))
            .with("confidence", self.confidence(1.0));
        if withdrawn(self.campaign.status) {
            made.set("revoked", json!(true));
        }
        let metrics = self.metrics();
        self.extend(&mut made, extension::METRICS, metrics);
        self.add(made);
    }

    fn metrics(&self) -> Metrics {
        let Tracked { exchanges, accounts, tokens, severity, capabilities, evasions, families, .. } = self.campaign;
        let words = |value: Value| -> Vec<String> {
            let mut words: Vec<String> = serde_json::from_value(value).unwrap_or_default();
            let mut seen = std::collections::HashSet::new();
            words.retain(|word| seen.insert(word.clone()));
            words
        };
        Metrics {
            extension_type: PROPERTY.to_owned(),
            exchanges_log10: extension::magnitude(*exchanges),
            accounts_log10: extension::magnitude(*accounts),
            input_tokens_log10: extension::magnitude(tokens.input),
            output_tokens_log10: extension::magnitude(tokens.output),
            reasoning_tokens_log10: extension::magnitude(tokens.reasoning),
            severity: serde_json::from_value(json!(severity)).ok(),
            capabilities: words(json!(capabilities)),
            evasions: words(json!(evasions)),
            evidence_families: words(json!(families)),
        }
    }

    /// Ids of what was made so far, markings and definitions apart.
    pub(super) fn ids(&self) -> Vec<String> {
        self.made.iter().map(|made| made.id().to_owned()).collect()
    }

    /// The texts: markings and definitions first, then what was made, in order.
    pub(super) fn finish(self) -> Vec<String> {
        let mut texts = vec![self.options.tlp.object()];
        texts.extend(self.options.pap.map(|level| level.object()));
        if self.options.tlp != Tlp::Clear {
            texts.push(Tlp::Clear.object());
        }
        texts.push(extension::publisher());
        for id in &self.extensions {
            texts.extend(Definition::of(id).map(Definition::object));
        }
        texts.extend(self.made.iter().map(Made::text));
        texts
    }
}
