//! Evaluate: findings held against the truth.
//! In: `Findings`, truth, exchanges an account. Out: `Evaluation`.
//! Invariant: grey accounts are left out of every figure; a user inside an aggregator has the aggregator's label unless named.
//! Not here: making truth (`synth`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stillwatch_model::{Findings, Truth, TruthLabel};

use crate::calibrate::round;

/// How good a run was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Score from which an account counts as flagged.
    pub threshold: f64,
    /// Share of flagged accounts that belong to a campaign.
    pub precision: f64,
    /// Share of campaign accounts with enough exchanges that were flagged.
    pub recall: f64,
    /// Area under precision and recall over account scores; no threshold involved.
    pub average_precision: f64,
    /// Share of true campaigns of two or more accounts of which one found campaign holds over half, at 90 % purity.
    pub whole: Option<f64>,
    /// Found campaigns with an honest majority.
    pub honest_campaigns: usize,
    /// Recall by true campaign.
    pub recall_by_campaign: BTreeMap<String, f64>,
    /// Flagged honest accounts for each 100,000 of their archetype; archetypes with none are left out.
    pub honest_flagged_per_100k: BTreeMap<String, f64>,
    /// Flagged honest accounts for each 100,000 honest ones.
    pub honest_per_100k: f64,
    /// Reliability of accounts' scores: (from, to, accounts, mean score, share in a campaign).
    pub calibration: Vec<(f64, f64, usize, f64, f64)>,
    /// Mean squared difference of score and truth over all accounts (Brier 1950).
    pub brier: f64,
    /// Exchanges that each true campaign had sent when over half of its active accounts were flagged; `null` when never.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exchanges_until_detected: BTreeMap<String, Option<u64>>,
}

/// The truth, for looking accounts up.
#[derive(Debug)]
pub struct Known {
    by_account: BTreeMap<String, Truth>,
}

impl Known {
    /// Takes the truth in.
    #[must_use]
    pub fn new(truth: Vec<Truth>) -> Self {
        Self { by_account: truth.into_iter().map(|t| (t.account.clone(), t)).collect() }
    }

    /// The truth about an account; a user inside an aggregator has the aggregator's unless named.
    #[must_use]
    pub fn of(&self, account: &str) -> Option<&Truth> {
        self.by_account.get(account).or_else(|| self.by_account.get(account.split_once('/')?.0))
    }

    fn all(&self) -> impl Iterator<Item = &Truth> {
        self.by_account.values()
    }
}

/// Each account's best score over campaigns and suspects.
#[must_use]
pub fn scores(findings: &Findings) -> BTreeMap<&str, f64> {
    let mut scores: BTreeMap<&str, f64> = BTreeMap::new();
    let campaigns = findings.campaigns.iter().flat_map(|c| c.accounts.iter().map(|a| (a.as_str(), c.score)));
    for (account, score) in campaigns.chain(findings.suspects.iter().map(|s| (s.account.as_str(), s.score))) {
        let held = scores.entry(account).or_default();
        *held = held.max(score);
    }
    scores
}

/// Holds findings against the truth. `exchanges` tells which accounts sent at least `least` and so may be asked for.
#[must_use]
pub fn evaluate(
    findings: &Findings,
    known: &Known,
    exchanges: &BTreeMap<String, u64>,
    threshold: f64,
    least: u64,
) -> Evaluation {
    let scores = scores(findings);
    let score = |account: &str| scores.get(account).copied().unwrap_or(0.0);
    // Users inside aggregators are accounts too.
    let mut accounts: BTreeMap<&str, &Truth> = known.all().map(|t| (t.account.as_str(), t)).collect();
    for &account in scores.keys() {
        if let Some(truth) = known.of(account) {
            accounts.insert(account, truth);
        }
    }
    accounts.retain(|_, t| t.label != TruthLabel::Grey);
    let bad = |t: &Truth| t.label == TruthLabel::Campaign;
    let flagged: Vec<(&str, &Truth)> =
        accounts.iter().filter(|(a, _)| score(a) >= threshold).map(|(a, t)| (*a, *t)).collect();
    let hits = flagged.iter().filter(|(_, t)| bad(t)).count();
    let mut found = Evaluation { threshold, precision: ratio(hits, flagged.len()), ..Evaluation::default() };

    let mut by: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (account, truth) in accounts.iter().filter(|(a, t)| bad(t) && exchanges.get(**a).copied().unwrap_or(0) >= least)
    {
        let entry = by.entry(truth.group.as_str()).or_default();
        entry.0 += usize::from(score(account) >= threshold);
        entry.1 += 1;
    }
    found.recall = ratio(by.values().map(|b| b.0).sum(), by.values().map(|b| b.1).sum());
    found.recall_by_campaign = by.iter().map(|(group, &(hit, all))| ((*group).to_owned(), ratio(hit, all))).collect();
    found.whole = whole(findings, known, threshold);
    found.honest_campaigns = findings
        .campaigns
        .iter()
        .filter(|c| {
            c.score >= threshold
                && c.accounts.iter().filter(|a| known.of(a).is_some_and(|t| t.label == TruthLabel::Honest)).count() * 2
                    > c.accounts.len()
        })
        .count();

    let mut archetypes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (account, truth) in accounts.iter().filter(|(_, t)| !bad(t)) {
        let entry = archetypes.entry(truth.group.as_str()).or_default();
        entry.0 += usize::from(score(account) >= threshold);
        entry.1 += 1;
    }
    let per_100k = |(hit, all): (usize, usize)| round(1e5 * hit as f64 / all.max(1) as f64);
    found.honest_per_100k = per_100k(archetypes.values().fold((0, 0), |s, a| (s.0 + a.0, s.1 + a.1)));
    found.honest_flagged_per_100k =
        archetypes.into_iter().filter(|(_, a)| a.0 > 0).map(|(g, a)| (g.to_owned(), per_100k(a))).collect();

    let pairs: Vec<(f64, bool)> = accounts.iter().map(|(a, t)| (score(a), bad(t))).collect();
    found.average_precision = average_precision(&pairs);
    found.calibration = calibration(&pairs);
    found.brier = round(
        pairs.iter().map(|&(s, b)| (s - f64::from(u8::from(b))).powi(2)).sum::<f64>() / pairs.len().max(1) as f64,
    );
    found
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { round(part as f64 / whole as f64) }
}

fn whole(findings: &Findings, known: &Known, threshold: f64) -> Option<f64> {
    let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for truth in known.all().filter(|t| t.label == TruthLabel::Campaign) {
        members.entry(&truth.group).or_default().insert(&truth.account);
    }
    members.retain(|_, accounts| accounts.len() > 1);
    if members.is_empty() {
        return None;
    }
    let held = members.values().filter(|accounts| {
        findings.campaigns.iter().filter(|c| c.score >= threshold).any(|c| {
            let own: Vec<&str> = c
                .accounts
                .iter()
                .map(String::as_str)
                .filter(|a| known.of(a).is_none_or(|t| t.label != TruthLabel::Grey))
                .collect();
            let common = own.iter().filter(|a| accounts.contains(**a)).count();
            common * 2 > accounts.len() && common as f64 >= 0.9 * own.len() as f64
        })
    });
    Some(ratio(held.count(), members.len()))
}

fn average_precision(pairs: &[(f64, bool)]) -> f64 {
    let mut ranked = pairs.to_vec();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all = ranked.iter().filter(|p| p.1).count();
    let (mut hits, mut seen, mut sum) = (0, 0, 0.0);
    // Accounts of one score come together: their order says nothing.
    for tie in ranked.chunk_by(|a, b| a.0 == b.0) {
        let here = tie.iter().filter(|p| p.1).count();
        hits += here;
        seen += tie.len();
        sum += here as f64 * hits as f64 / seen as f64;
    }
    round(sum / all.max(1) as f64)
}

fn calibration(pairs: &[(f64, bool)]) -> Vec<(f64, f64, usize, f64, f64)> {
    [(0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01)]
        .into_iter()
        .filter_map(|(from, to)| {
            let inside: Vec<&(f64, bool)> = pairs.iter().filter(|p| from <= p.0 && p.0 < to).collect();
            let n = inside.len();
            (n > 0).then(|| {
                (
                    from,
                    f64::min(to, 1.0),
                    n,
                    round(inside.iter().map(|p| p.0).sum::<f64>() / n as f64),
                    ratio(inside.iter().filter(|p| p.1).count(), n),
                )
            })
        })
        .collect()
}
