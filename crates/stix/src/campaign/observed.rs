//! Observed: where a campaign came from, as cyber-observable objects.
//! In: addresses. Out: observables, observed-data, and the infrastructure that consists of them.
//! Invariant: an address at which mostly strangers were seen isn't told; counts are floors of orders of magnitude.
//! Not here: patterns to look for (`indicators.rs`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value, json};
use stillwatch_model::saved::Network;

use super::draft::Draft;
use crate::extension;
use crate::id;
use crate::made::Made;

/// Ids of what was told, for those who refer to it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Observed-data of the addresses.
    pub(super) networks: Option<String>,
}

/// Addresses that are told: valid, global, mostly members'; most exchanges first.
pub(super) fn networks<'a>(draft: &Draft<'a>) -> Vec<(&'a Network, IpAddr)> {
    let options = draft.options;
    draft
        .campaign
        .networks
        .iter()
        .filter(|network| mostly_members(network.accounts, network.strangers, options.strangers))
        .filter_map(|network| network.address.parse().ok().map(|address| (network, address)))
        .take(options.networks)
        .collect()
}

/// Whether no more than that share of the accounts are strangers.
#[must_use]
pub fn mostly_members(members: u64, strangers: u64, share: f64) -> bool {
    strangers == 0 || strangers as f64 <= share * (members + strangers) as f64
}

pub(super) fn tell(draft: &mut Draft<'_>) -> Seen {
    let mut seen = Seen::default();
    let found = networks(draft);
    let mut systems: BTreeMap<u32, String> = BTreeMap::new();
    let mut refs = Vec::new();
    for (network, address) in &found {
        let mut properties = Map::new();
        properties.insert("value".to_owned(), json!(address.to_string()));
        if let Some(number) = network.asn {
            // Not among what was observed: it is who the address belongs to.
            let system = systems.entry(number).or_insert_with(|| {
                observable(draft, "autonomous-system", Map::from_iter([("number".to_owned(), json!(number))]))
            });
            properties.insert("belongs_to_refs".to_owned(), json!([system]));
        }
        refs.push(observable(draft, if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" }, properties));
    }
    if !refs.is_empty() {
        let exchanges = found.iter().map(|(network, _)| network.exchanges).sum();
        let data = observed(draft, &refs, exchanges);
        let pool = draft
            .object("infrastructure", &draft.own_id("infrastructure", &json!("networks")))
            .with("name", json!(format!("Exits of {}", draft.name())))
            .with("description", json!("Addresses that the campaign's accounts came from. Others may share them."))
            .with("infrastructure_types", json!(["anonymization"]))
            .with("first_seen", json!(draft.first_seen))
            .with("last_seen", json!(draft.last_seen));
        let pool = draft.add(pool);
        draft.relate(&draft.campaign.id.clone(), "uses", &pool);
        draft.relate(&pool, "consists-of", &data);
        seen.networks = Some(data);
    }
    seen
}

fn observable(draft: &mut Draft<'_>, kind: &str, properties: Map<String, Value>) -> String {
    // Each of these types has properties that make its id.
    let id = id::observable(kind, &properties).unwrap_or_else(|| id::domain(kind, &json!(properties)));
    let mut made = Made::new(kind, &id);
    for (name, value) in properties {
        made.set(&name, value);
    }
    draft.add(made)
}

fn observed(draft: &mut Draft<'_>, refs: &[String], exchanges: u64) -> String {
    let first = draft.first_seen.clone().unwrap_or_else(|| draft.created().to_owned());
    let last = draft.last_seen.clone().unwrap_or_else(|| first.clone());
    let made = draft
        .object("observed-data", &draft.own_id("observed-data", &json!("networks")))
        .with("first_observed", json!(first))
        .with("last_observed", json!(last))
        // A floor of its order of magnitude, as STIX wants a number.
        .with("number_observed", json!(extension::floor(exchanges).max(1)))
        .with("object_refs", json!(refs));
    draft.add(made)
}
