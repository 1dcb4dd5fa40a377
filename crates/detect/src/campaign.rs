//! Campaign: from communities to campaigns and suspects, scored and explained.
//! In: accounts. Out: `Report`.
//! Invariant: deterministic; a campaign's score is the sum of its printed signals; members are judged apart.
//! Not here: reading logs, printing.

use std::collections::BTreeSet;

use stillwatch_model::{
    Case, Findings, LinkKind, LinkSummary, Report, Severity, Suspect, Tokens, canonical, findings, report,
};

use crate::account::Account;
use crate::calibrate::{families, round, score, tell};
use crate::community;
use crate::explain;
use crate::group::{Group, Population};
use crate::links;
use crate::lone;
use crate::membership::{self, MEMBER, Standing};
use crate::shared;
use crate::texts::Texts;

/// Scores below which nothing is reported.
const REPORTED: f64 = 0.2;
/// Score from which a campaign may be acted on, when two families agree.
const FLAGGED: f64 = 0.5;

/// Finds the campaigns and suspects of a population. Counts of records, the clock and what is off are the caller's to fill in.
#[must_use]
pub fn find(accounts: &[Account]) -> Report {
    let texts = Texts::find(accounts);
    let (links, payers) = links::find(accounts, &texts);
    let population = Population::new(accounts, &texts, &links, &payers);
    let mut found: Vec<(findings::Campaign, Case)> = Vec::new();
    let mut taken = BTreeSet::new();
    let mut take = |members: Vec<u32>, taken: &mut BTreeSet<u32>| {
        let Some((group, standings)) = settle(&population, members) else { return };
        let told = tell(&group);
        if score(&told) >= REPORTED {
            taken.extend(group.members.iter().copied());
            found.push(describe(&group, told, &standings));
        }
    };
    for members in community::find(&population) {
        take(members, &mut taken);
    }
    found.sort_by(|(a, _), (b, _)| {
        b.score.total_cmp(&a.score).then(b.exchanges.cmp(&a.exchanges)).then_with(|| a.id.cmp(&b.id))
    });
    let mut suspects: Vec<Suspect> = (0..accounts.len() as u32)
        .filter(|at| !taken.contains(at))
        .filter_map(|at| {
            let signals = lone::tell(&population, at)?;
            let account = &accounts[at as usize];
            Some(Suspect {
                account: account.name.clone(),
                score: score(&signals),
                exchanges: account.sketch.counts.exchanges,
                signals,
            })
        })
        .filter(|suspect| suspect.score >= REPORTED)
        .collect();
    suspects.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.account.cmp(&b.account)));
    let (campaigns, cases) = found.into_iter().unzip();
    let findings = Findings {
        schema: findings::SCHEMA_VERSION,
        exchanges: accounts.iter().map(|a| a.sketch.counts.exchanges).sum(),
        accounts: accounts.len() as u64,
        window: explain::window(accounts),
        campaigns,
        suspects,
        ..Findings::default()
    };
    Report { findings, cases, portraits: Vec::new() }
}

/// Drops accounts that don't belong, until all that are left do. `None` when fewer than two are left.
fn settle<'a>(population: &'a Population<'a>, members: Vec<u32>) -> Option<(Group<'a>, Vec<Standing>)> {
    let mut group = population.group(members);
    loop {
        let standings = membership::judge(&group);
        let kept: Vec<u32> = standings.iter().filter(|s| s.score >= MEMBER).map(|s| s.account).collect();
        if kept.len() < 2 {
            return None;
        }
        if kept.len() == group.members.len() {
            return Some((group, standings));
        }
        group = population.group(kept);
    }
}

fn describe(
    group: &Group<'_>,
    signals: Vec<stillwatch_model::Signal>,
    standings: &[Standing],
) -> (findings::Campaign, Case) {
    let mut names: Vec<String> = group.accounts().map(|a| a.name.clone()).collect();
    names.sort();
    let exchanges = group.accounts().map(|a| a.sketch.counts.exchanges).sum();
    let sum = |count: fn(&crate::sketch::Counts) -> u64| group.accounts().map(|a| count(&a.sketch.counts)).sum();
    let texts = shared::texts(group);
    let mut campaign = findings::Campaign {
        id: canonical::id("campaign", &serde_json::json!({ "accounts": names })),
        score: score(&signals),
        severity: Severity::Low,
        actionable: false,
        families: families(&signals),
        exchanges,
        first_seen: explain::instant(group.accounts().map(|a| a.sketch.first).min().unwrap_or(0)),
        last_seen: explain::instant(group.accounts().map(|a| a.sketch.last).max().unwrap_or(0)),
        techniques: explain::techniques(group, &signals),
        capabilities: explain::capabilities(group),
        links: summarise(group),
        templates: texts.iter().map(|(told, _)| told.clone()).collect(),
        tokens: Tokens {
            input: sum(|c| c.input_tokens),
            output: sum(|c| c.output_tokens),
            reasoning: sum(|c| c.reasoning_tokens),
        },
        accounts: names,
        signals,
        examples: Vec::new(),
    };
    judge(&mut campaign);
    let mut case = explain::case(group, &campaign, standings);
    case.texts = texts.into_iter().map(|(_, sketch)| sketch).collect();
    (campaign, case)
}

/// What follows from a campaign's score, families and size: whether it may be acted on, and how bad it is.
pub(crate) fn judge(campaign: &mut findings::Campaign) {
    campaign.actionable = campaign.families.len() >= 2 && campaign.score >= FLAGGED;
    campaign.severity = severity(campaign.score, campaign.exchanges, campaign.accounts.len(), campaign.actionable);
}

/// How bad it is: how sure, and how much was taken.
fn severity(score: f64, exchanges: u64, accounts: usize, actionable: bool) -> Severity {
    match score {
        s if s >= 0.95 && exchanges >= 5000 && accounts >= 20 && actionable => Severity::Critical,
        s if s >= 0.8 && exchanges >= 1000 && actionable => Severity::High,
        s if s >= FLAGGED => Severity::Medium,
        _ => Severity::Low,
    }
}

fn summarise(group: &Group<'_>) -> Vec<LinkSummary> {
    let mut kinds: Vec<LinkKind> = group.links.iter().map(|l| l.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
        .into_iter()
        .map(|kind| {
            let mut pairs = BTreeSet::new();
            let mut weight = 0.0;
            for link in group.links.iter().filter(|l| l.kind == kind) {
                pairs.insert((link.a, link.b));
                weight += link.weight;
            }
            LinkSummary { kind, pairs: pairs.len() as u64, strength: round(weight / pairs.len().max(1) as f64) }
        })
        .collect()
}

/// Marks a report as of `generated`, an RFC 3339 instant.
#[must_use]
pub fn stamped(mut report: report::Report, generated: String) -> report::Report {
    report.findings.generated = generated;
    report
}
