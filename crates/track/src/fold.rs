//! Fold: many sightings as one campaign, and as the periods of its course.
//! In: the sightings of a campaign. Out: `Folded`, `Period`s, `Days`.
//! Invariant: pure; the order of sightings never shows; what overlaps is counted once.
//! Not here: what people say of it (`change.rs`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stillwatch_model::saved::{Client, Network, TextSketch};
use stillwatch_model::tracked::Evasion;
use stillwatch_model::{Capability, Days, Family, LinkSummary, Micros, Period, Severity, Signal, Tokens};

use crate::counted::{Counted, counted};
use crate::sighting::Sighting;
use crate::time::{DAY, HOUR, day, instant};

/// Texts, addresses and clients of a campaign.
const TEXTS: usize = 32;
const NETWORKS: usize = 1000;
const CLIENTS: usize = 200;
/// From this agreement up, two texts are one.
const ONE_TEXT: f64 = 0.9;

/// A campaign as its sightings make it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Folded {
    /// A few words, of the last run.
    pub technique: String,
    /// Score of the last run.
    pub score: f64,
    /// Severity of the last run.
    pub severity: Severity,
    /// Whether the last run had two families.
    pub actionable: bool,
    /// Families of any run.
    pub families: Vec<Family>,
    /// First exchange.
    pub first_seen: Micros,
    /// Last exchange.
    pub last_seen: Micros,
    /// Exchanges, each counted once.
    pub exchanges: u64,
    /// Tokens, in proportion to the exchanges that count.
    pub tokens: Tokens,
    /// ATLAS ids of any run.
    pub techniques: Vec<String>,
    /// Capabilities, those of the last run first.
    pub capabilities: Vec<Capability>,
    /// Evasions of any run.
    pub evasions: Vec<Evasion>,
    /// Signals of the last run.
    pub signals: Vec<Signal>,
    /// Links of the last run.
    pub links: Vec<LinkSummary>,
    /// Texts, those of the last run first.
    pub texts: Vec<TextSketch>,
    /// Addresses, most exchanges first.
    pub networks: Vec<Network>,
    /// Clients, most exchanges first.
    pub clients: Vec<Client>,
    /// Models, most exchanges first.
    pub models: Vec<(String, u64)>,
}

/// Folds; `None` when there is nothing.
#[must_use]
pub fn fold(sightings: &[Sighting]) -> Option<Folded> {
    let counted = counted(sightings);
    let latest = latest_first(sightings);
    let last = &sightings.get(*latest.first()?)?.body;
    let bodies = || latest.iter().map(|&at| &sightings[at].body);
    let mut tokens = Tokens::default();
    for (sighting, counts) in sightings.iter().zip(&counted.each) {
        tokens.input += part(sighting.body.tokens.input, *counts, sighting.exchanges);
        tokens.output += part(sighting.body.tokens.output, *counts, sighting.exchanges);
        tokens.reasoning += part(sighting.body.tokens.reasoning, *counts, sighting.exchanges);
    }
    Some(Folded {
        technique: last.technique.clone(),
        score: last.score,
        severity: last.severity,
        actionable: last.actionable,
        families: sorted(bodies().flat_map(|b| b.families.iter().copied())),
        first_seen: bodies().map(|b| b.first_seen).min().unwrap_or(last.first_seen),
        last_seen: bodies().map(|b| b.last_seen).max().unwrap_or(last.last_seen),
        exchanges: counted.hours.values().sum(),
        tokens,
        techniques: sorted(bodies().flat_map(|b| b.techniques.iter().cloned())),
        capabilities: in_order(bodies().flat_map(|b| b.capabilities.iter().copied())),
        evasions: sorted(bodies().flat_map(|b| b.evasions.iter().copied())),
        signals: last.signals.clone(),
        links: last.links.clone(),
        texts: texts(bodies().flat_map(|b| &b.texts)),
        networks: networks(sightings, &counted),
        clients: clients(sightings, &counted),
        models: models(sightings.iter().zip(&counted.each)),
    })
}

/// What each run saw, in order of windows; `new` are the members that each run was the first to have.
#[must_use]
pub fn periods(sightings: &[Sighting], new: &BTreeMap<String, u64>) -> Vec<Period> {
    let counted = counted(sightings);
    let mut runs: BTreeMap<(Micros, Micros, &str), Vec<usize>> = BTreeMap::new();
    for (at, sighting) in sightings.iter().enumerate() {
        runs.entry((sighting.from, sighting.to, &sighting.run)).or_default().push(at);
    }
    runs.into_iter()
        .map(|((from, to, run), of)| {
            let all = || of.iter().map(|&at| &sightings[at]);
            let addresses: BTreeSet<&str> =
                all().flat_map(|s| &s.body.networks).map(|network| network.address.as_str()).collect();
            Period {
                run: run.to_owned(),
                from: instant(from),
                to: instant(to),
                exchanges: all().map(|s| s.exchanges).sum(),
                counted: of.iter().map(|&at| counted.each[at]).sum(),
                accounts: all().map(|s| s.accounts).sum(),
                new_accounts: new.get(run).copied().unwrap_or(0),
                score: all().map(|s| s.body.score).fold(0.0, f64::max),
                families: sorted(all().flat_map(|s| s.body.families.iter().copied())),
                techniques: sorted(all().flat_map(|s| s.body.techniques.iter().cloned())),
                capabilities: in_order(all().flat_map(|s| s.body.capabilities.iter().copied())),
                models: models(all().map(|s| (s, &s.exchanges))),
                networks: addresses.len() as u64,
                evasions: sorted(all().flat_map(|s| s.body.evasions.iter().copied())),
            }
        })
        .collect()
}

/// Exchanges a day.
#[must_use]
pub fn days(sightings: &[Sighting]) -> Days {
    const HOURS: i64 = DAY / HOUR;
    let counted = counted(sightings);
    let mut by_day: BTreeMap<i64, u64> = BTreeMap::new();
    for (hour, count) in counted.hours {
        *by_day.entry(hour.div_euclid(HOURS)).or_default() += count;
    }
    let (Some((&first, _)), Some((&last, _))) = (by_day.first_key_value(), by_day.last_key_value()) else {
        return Days::default();
    };
    // Some twenty years: beyond that one of the runs has a broken clock, and the days are those that follow the first.
    let last = last.min(first.saturating_add(7300));
    Days {
        from: day(first.saturating_mul(DAY)),
        exchanges: (first..=last).map(|day| by_day.get(&day).copied().unwrap_or(0)).collect(),
        estimated: sightings.iter().any(|s| s.body.hours.estimated),
    }
}

/// Places of sightings, the latest window first.
fn latest_first(sightings: &[Sighting]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sightings.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |s: &Sighting| (s.to, s.from, s.run.clone());
        // Of one run, the finding with most exchanges tells.
        (key(&sightings[b]).cmp(&key(&sightings[a])))
            .then(sightings[b].exchanges.cmp(&sightings[a].exchanges))
            .then_with(|| sightings[a].finding.cmp(&sightings[b].finding))
    });
    order
}

/// `whole` in proportion `counts` to `of`.
fn part(whole: u64, counts: u64, of: u64) -> u64 {
    if of == 0 || counts >= of {
        return if counts == 0 && of > 0 { 0 } else { whole };
    }
    u64::try_from(u128::from(whole) * u128::from(counts) / u128::from(of)).unwrap_or(u64::MAX)
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.collect::<BTreeSet<T>>().into_iter().collect()
}

fn in_order<T: Ord + Copy>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.filter(|one| seen.insert(*one)).collect()
}

/// Texts in order, each once.
fn texts<'a>(all: impl Iterator<Item = &'a TextSketch>) -> Vec<TextSketch> {
    let mut kept: Vec<TextSketch> = Vec::new();
    for text in all {
        if kept.len() < TEXTS && !kept.iter().any(|known| known.agreement(text).min(text.agreement(known)) >= ONE_TEXT)
        {
            kept.push(text.clone());
        }
    }
    kept
}

fn models<'a>(all: impl Iterator<Item = (&'a Sighting, &'a u64)>) -> Vec<(String, u64)> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (sighting, counts) in all {
        for (model, exchanges) in &sighting.body.models {
            *sums.entry(model).or_default() += part(*exchanges, *counts, sighting.exchanges);
        }
    }
    let mut models: Vec<(String, u64)> = sums.into_iter().map(|(model, sum)| (model.to_owned(), sum)).collect();
    models.retain(|(_, sum)| *sum > 0);
    models.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    models
}

fn networks(sightings: &[Sighting], counted: &Counted) -> Vec<Network> {
    let mut sums: BTreeMap<&str, Network> = BTreeMap::new();
    for &at in latest_first(sightings).iter().rev() {
        let sighting = &sightings[at];
        for seen in &sighting.body.networks {
            let sum = sums
                .entry(&seen.address)
                .or_insert_with(|| Network { address: seen.address.clone(), ..Network::default() });
            sum.asn = seen.asn.or(sum.asn);
            sum.exchanges += part(seen.exchanges, counted.each[at], sighting.exchanges);
            sum.accounts = sum.accounts.max(seen.accounts);
            sum.strangers = sum.strangers.max(seen.strangers);
        }
    }
    let mut networks: Vec<Network> = sums.into_values().collect();
    networks.sort_by(|a, b| b.exchanges.cmp(&a.exchanges).then_with(|| a.address.cmp(&b.address)));
    networks.truncate(NETWORKS);
    networks
}

fn clients(sightings: &[Sighting], counted: &Counted) -> Vec<Client> {
    let mut sums: BTreeMap<(Option<&str>, Option<&str>), Client> = BTreeMap::new();
    for (sighting, counts) in sightings.iter().zip(&counted.each) {
        for seen in &sighting.body.clients {
            let key = (seen.user_agent.as_deref(), seen.tls_ja4.as_deref());
            let sum = sums.entry(key).or_insert_with(|| Client {
                user_agent: seen.user_agent.clone(),
                tls_ja4: seen.tls_ja4.clone(),
                ..Client::default()
            });
            sum.exchanges += part(seen.exchanges, *counts, sighting.exchanges);
            sum.accounts = sum.accounts.max(seen.accounts);
            sum.strangers = sum.strangers.max(seen.strangers);
        }
    }
    let mut clients: Vec<Client> = sums.into_values().collect();
    clients.sort_by(|a, b| {
        b.exchanges.cmp(&a.exchanges).then_with(|| (&a.user_agent, &a.tls_ja4).cmp(&(&b.user_agent, &b.tls_ja4)))
    });
    clients.truncate(CLIENTS);
    clients
}
