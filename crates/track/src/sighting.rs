//! Sighting: one finding of one run, as it is kept: the fact from which a campaign is folded.
//! In: a finding and its detail. Out: `Sighting`.
//! Invariant: never changed once saved, but for what expires; hours add up to its exchanges; lists are bounded.
//! Not here: who was in it (`sighting_accounts`); what many of them make (`fold.rs`).

use serde::{Deserialize, Serialize};
use stillwatch_model::saved::{Client, Detail, Network, TextSketch};
use stillwatch_model::tracked::Evasion;
use stillwatch_model::{Campaign, Capability, Family, LinkSummary, Micros, Severity, Signal, Timeline, Tokens};

use crate::time::HOUR;

/// Addresses kept of one finding, most exchanges first.
const NETWORKS: usize = 1000;
/// Clients kept.
const CLIENTS: usize = 200;
/// Texts kept.
const TEXTS: usize = 32;
/// Hours kept: ten years; a longer window is counted in its first hour.
const HOURS: usize = 87_660;

/// One finding of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// The run.
    pub run: String,
    /// The finding, or a part of it after a person split it.
    pub finding: String,
    /// First instant of the run's window.
    pub from: Micros,
    /// Last instant of the run's window.
    pub to: Micros,
    /// Exchanges.
    pub exchanges: u64,
    /// Members.
    pub accounts: u64,
    /// The rest.
    pub body: Body,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// A few words for what it does.
    pub technique: String,
    /// Score.
    pub score: f64,
    /// Severity.
    pub severity: Severity,
    /// Whether two independent families fired.
    pub actionable: bool,
    /// Families that fired.
    pub families: Vec<Family>,
    /// First exchange.
    pub first_seen: Micros,
    /// Last exchange.
    pub last_seen: Micros,
    /// MITRE ATLAS ids.
    pub techniques: Vec<String>,
    /// Capabilities, most first.
    pub capabilities: Vec<Capability>,
    /// How it hid.
    pub evasions: Vec<Evasion>,
    /// What the score is made of.
    pub signals: Vec<Signal>,
    /// Links between members.
    pub links: Vec<LinkSummary>,
    /// Tokens.
    pub tokens: Tokens,
    /// Texts that members share.
    pub texts: Vec<TextSketch>,
    /// Models.
    pub models: Vec<(String, u64)>,
    /// Addresses.
    pub networks: Vec<Network>,
    /// Clients.
    pub clients: Vec<Client>,
    /// Exchanges by hour.
    pub hours: Hours,
}

/// Exchanges by hour, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The first hour, counted from the epoch.
    pub first: i64,
    /// Exchanges of each hour from then on.
    pub counts: Vec<u64>,
    /// Whether they were estimated from samples: the run read more than a week.
    pub estimated: bool,
}

impl Body {
    /// What is kept of a finding and its detail.
    #[must_use]
    pub fn new(campaign: &Campaign, detail: &Detail, first_seen: Micros, last_seen: Micros) -> Self {
        let cut = |most: usize, all: usize| all.min(most);
        Self {
            technique: technique(&detail.technique),
            score: campaign.score,
            severity: campaign.severity,
            actionable: campaign.actionable,
            families: campaign.families.clone(),
            first_seen,
            last_seen,
            techniques: campaign.techniques.clone(),
            capabilities: campaign.capabilities.clone(),
            evasions: crate::evasion::evasions(&campaign.signals, &campaign.links),
            signals: campaign.signals.clone(),
            links: campaign.links.clone(),
            tokens: campaign.tokens.clone(),
            texts: detail.texts[..cut(TEXTS, detail.texts.len())].to_vec(),
            models: detail.models.clone(),
            networks: detail.networks[..cut(NETWORKS, detail.networks.len())].to_vec(),
            clients: detail.clients[..cut(CLIENTS, detail.clients.len())].to_vec(),
            hours: Hours::new(&detail.timeline, campaign.exchanges, first_seen),
        }
    }
}

/// A few words: they stand in an index, and so can't be long.
fn technique(words: &str) -> String {
    if words.is_empty() { "coordinated harvest".into() } else { words.chars().take(200).collect() }
}

impl Hours {
    /// A timeline by hour, scaled to add up to `exchanges`; without a timeline all are counted in the hour of `first_seen`.
    #[must_use]
    pub fn new(timeline: &Timeline, exchanges: u64, first_seen: Micros) -> Self {
        let step = usize::try_from(timeline.step_seconds.div_ceil(3600).max(1)).unwrap_or(usize::MAX);
        let sum = timeline.exchanges.iter().fold(0u64, |sum, count| sum.saturating_add(*count));
        if sum == 0 || timeline.exchanges.len().saturating_mul(step) > HOURS {
            return Self { first: first_seen.div_euclid(HOUR), counts: vec![exchanges], estimated: sum != 0 };
        }
        let spread: Vec<u64> = timeline.exchanges.iter().flat_map(|&count| share(count, &vec![1; step])).collect();
        Self { first: timeline.from.div_euclid(HOUR), counts: share(exchanges, &spread), estimated: step > 1 }
    }

    /// The hours of a part of the exchanges, in the same proportions.
    #[must_use]
    pub fn part(&self, exchanges: u64) -> Self {
        Self { first: self.first, counts: share(exchanges, &self.counts), estimated: true }
    }
}

/// `total` shared out in proportion to `weights`, whole numbers that add up to it: each gets what the running sum has grown by.
#[must_use]
pub(crate) fn share(total: u64, weights: &[u64]) -> Vec<u64> {
    let all: u128 = weights.iter().map(|w| u128::from(*w)).sum();
    if all == 0 {
        return weights.iter().enumerate().map(|(at, _)| if at == 0 { total } else { 0 }).collect();
    }
    let (mut running, mut given) = (0u128, 0u128);
    weights
        .iter()
        .map(|weight| {
            running += u128::from(*weight);
            let now = u128::from(total) * running / all;
            let one = now - given;
            given = now;
            u64::try_from(one).unwrap_or(u64::MAX)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_add_up_to_the_exchanges() {
        let timeline = Timeline { from: 7 * HOUR, step_seconds: 3 * 3600, exchanges: vec![4, 0, 2], accounts: vec![] };
        let hours = Hours::new(&timeline, 12, 0);
        assert_eq!((hours.first, hours.counts.iter().sum::<u64>(), hours.counts.len()), (7, 12, 9));
        assert!(hours.estimated);
        let unknown = Hours::new(&Timeline::default(), 12, 30 * HOUR);
        assert_eq!(unknown, Hours { first: 30, counts: vec![12], estimated: false });
    }
}
