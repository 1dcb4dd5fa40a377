//! Indicators: what another lab could look for.
//! In: addresses, autonomous systems, clients, text sketches. Out: indicators with STIX patterns, and what they rest on.
//! Invariant: every indicator ends (`valid_until`); what strangers share is told with less confidence or not at all.
//! Not here: evaluating patterns (`pattern`), looking for matches (`hunt`).

use std::collections::BTreeMap;

use serde_json::json;

use super::draft::Draft;
use super::observed::{Seen, mostly_members, networks};
use super::{confirmed, withdrawn};
use crate::extension::{self, ClientPrint, PROPERTY, Sketch, SketchKind, SketchMatch};
use crate::made::Made;

/// Addresses of one autonomous system below which it isn't told by itself.
const SYSTEM: usize = 5;

pub(super) fn tell(draft: &mut Draft<'_>, seen: &Seen) {
    addresses(draft, seen);
    clients(draft);
    texts(draft);
}

fn addresses(draft: &mut Draft<'_>, seen: &Seen) {
    let days = draft.options.network_days;
    let mut systems: BTreeMap<u32, (usize, u64, u64)> = BTreeMap::new();
    for (network, address) in networks(draft) {
        let kind = if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" };
        let pattern = format!("[{kind}:value = '{address}']");
        let share = share(network.accounts, network.strangers);
        let made = indicator(
            draft,
            &pattern,
            "Exit address",
            "An address that the campaign's accounts came from.",
            days,
            share,
        );
        told(draft, made, true, seen);
        if let Some(number) = network.asn {
            let (count, members, strangers) = systems.entry(number).or_default();
            *count += 1;
            *members += network.accounts;
            *strangers += network.strangers;
        }
    }
    for (number, (count, members, strangers)) in systems {
        if count >= SYSTEM && mostly_members(members, strangers, draft.options.strangers) {
            let pattern = format!("[autonomous-system:number = {number}]");
            let about = "A network that many of the campaign's addresses belong to. Weak by itself: most of its users are others.";
            // Half of what its addresses are worth: everybody else in it was never looked at.
            let made = indicator(draft, &pattern, "Exit network", about, days, share(members, strangers) / 2.0);
            told(draft, made, true, seen);
        }
    }
}

fn clients(draft: &mut Draft<'_>) {
    for client in &draft.campaign.clients {
        if !mostly_members(client.accounts, client.strangers, draft.options.strangers) {
            continue;
        }
        // What isn't of the form may be anything.
        let ja4 = client.tls_ja4.as_deref().filter(|text| extension::is_ja4(text));
        let agent = client.user_agent.as_deref().filter(|text| is_agent(text));
        let parts: Vec<String> = [
            agent.map(|agent| {
                let header = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*]";
                format!("{header} = {}", quoted(agent))
            }),
            ja4.map(|ja4| format!("network-traffic:extensions.'{}'.ja4 = {}", extension::CLIENT, quoted(ja4))),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            continue;
        }
        let about = "The client program that the campaign's accounts used.";
        let share = share(client.accounts, client.strangers);
        let pattern = format!("[{}]", parts.join(" AND "));
        let mut made = indicator(draft, &pattern, "Client", about, draft.options.content_days, share);
        let print = ClientPrint {
            extension_type: PROPERTY.to_owned(),
            ja4: ja4.map(str::to_owned),
            user_agent: agent.map(str::to_owned),
        };
        draft.extend(&mut made, extension::CLIENT, print);
        told(draft, made, false, &Seen::default());
    }
}

fn texts(draft: &mut Draft<'_>) {
    for text in &draft.campaign.texts {
        let sketch = Sketch::of(text);
        let Some(pattern) = sketch.pattern() else { continue };
        let kind = SketchKind::of(text);
        let (name, about) = match kind {
            SketchKind::Template => ("Prompt template", "What is fixed in a family of prompts, as hashes."),
            SketchKind::Injected => ("Injected text", "Fixed text around otherwise free prompts, as hashes."),
        };
        let mut made = indicator(draft, &pattern, name, about, draft.options.content_days, 1.0);
        let content = SketchMatch {
            extension_type: PROPERTY.to_owned(),
            sketch,
            kind,
            minimum_agreement: draft.options.agreement,
            coverage_percent: Some((text.share.clamp(0.0, 1.0) * 10.0).round() as u8 * 10),
            fillings_log10: extension::magnitude(text.fills),
        };
        draft.extend(&mut made, extension::TEXT_SKETCH, content);
        told(draft, made, false, &Seen::default());
    }
}

fn indicator(draft: &Draft<'_>, pattern: &str, name: &str, about: &str, days: u32, worth: f64) -> Made {
    let from = draft.first_seen.clone().unwrap_or_else(|| draft.created().to_owned());
    let last = draft.last_seen.clone().unwrap_or_else(|| from.clone());
    let mut made = draft
        .object("indicator", &draft.own_id("indicator", &json!(pattern)))
        .with("name", json!(name))
        .with("description", json!(about))
        .with("pattern", json!(pattern))
        .with("pattern_type", json!("stix"))
        .with("pattern_version", json!("2.1"))
        .with("valid_from", json!(from))
        .with("valid_until", json!(days_after(&last, days)))
        .with("confidence", draft.confidence(worth));
    if withdrawn(draft.campaign.status) {
        made.set("revoked", json!(true));
    }
    made
}

/// Adds an indicator with its types and what it indicates.
fn told(draft: &mut Draft<'_>, mut made: Made, exit: bool, seen: &Seen) {
    let kind = if confirmed(draft.campaign.status) { "malicious-activity" } else { "anomalous-activity" };
    let kinds: &[&str] = if exit { &[kind, "anonymization"] } else { &[kind] };
    made.set("indicator_types", json!(kinds));
    let id = draft.add(made);
    draft.relate(&id, "indicates", &draft.campaign.id.clone());
    if let Some(data) = &seen.networks {
        draft.relate(&id, "based-on", data);
    }
}

/// Share of the accounts that are members.
fn share(members: u64, strangers: u64) -> f64 {
    if strangers == 0 { 1.0 } else { members as f64 / (members + strangers) as f64 }
}

/// A user agent that may travel: printable, no longer than 512 characters, no e-mail address in it.
fn is_agent(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 512 && !text.chars().any(char::is_control) && !text.contains('@')
}

/// A string of a STIX pattern (STIX 2.1, section 9.2): quotes and backslashes escaped.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn days_after(time: &str, days: u32) -> Option<String> {
    let time = time.parse::<jiff::Timestamp>().ok()?;
    // Always later than it began, or it would be valid never.
    let after = time.checked_add(jiff::SignedDuration::from_hours(i64::from(days.max(1)) * 24)).ok()?;
    crate::version::timestamp(&after.to_string())
}
