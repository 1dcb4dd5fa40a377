//! Explain: what was observed and what is inferred, in sentences and figures.
//! In: a group, its told signals and standings. Out: `Case`, ATLAS techniques, capabilities.
//! Invariant: every observed sentence is a figure read from the log; conclusions stand apart and say how sure they are.
//! Not here: drawing and printing (`report` crate); the text of examples (the engine looks them up).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use stillwatch_model::number::thousands;
use stillwatch_model::{
    Capability, Case, Edge, LinkKind, Member, Micros, Node, Portrait, Signal, Telling, Timeline, Window,
    findings::Campaign,
};

use crate::account::Account;
use crate::cues::{CUES, Cue};
use crate::group::Group;
use crate::membership::Standing;
use crate::sketch::Sample;

/// Examples that are looked up of a campaign or an account.
const EXAMPLES: usize = 5;
/// Accounts drawn in a graph.
const DRAWN: usize = 200;
const HOUR: i64 = 3_600_000_000;

/// An instant as RFC 3339 UTC, whole seconds.
#[must_use]
pub fn instant(time: Micros) -> String {
    jiff::Timestamp::from_microsecond(time).map_or_else(|_| String::new(), |t| format!("{t:.0}"))
}

/// First and last instant of all traffic.
#[must_use]
pub fn window(accounts: &[Account]) -> Window {
    let from = accounts.iter().map(|a| a.sketch.first).min();
    let to = accounts.iter().map(|a| a.sketch.last).max();
    Window { from: from.map(instant).unwrap_or_default(), to: to.map(instant).unwrap_or_default() }
}

/// Share of the group's sampled exchanges that show each cue.
fn cues(group: &Group<'_>) -> [f64; CUES] {
    let mut shares = [0.0; CUES];
    for account in group.accounts() {
        let samples = account.sketch.samples();
        for sample in samples {
            for (bit, share) in shares.iter_mut().enumerate() {
                *share += f64::from(sample.cues >> bit & 1) / samples.len() as f64 / group.size();
            }
        }
    }
    shares
}

fn contribution(signals: &[Signal], name: &str) -> f64 {
    signals.iter().find(|s| s.name == name).map_or(0.0, |s| s.contribution)
}

/// MITRE ATLAS 5.6 technique ids of what the group does, ascending.
#[must_use]
pub fn techniques(group: &Group<'_>, signals: &[Signal]) -> Vec<String> {
    // Access to the inference API is what all traffic is; that a model is being extracted is said only where it is likely.
    let mut ids = vec!["AML.T0040"];
    if crate::calibrate::score(signals) >= 0.5 {
        ids.extend(["AML.T0024.002", "AML.T0048.004"]);
    }
    if contribution(signals, "exits") > 0.5 {
        ids.push("AML.T0008.005");
    }
    if contribution(signals, "burst") > 0.5 || contribution(signals, "payment") > 0.5 {
        ids.push("AML.T0021");
    }
    let cues = cues(group);
    if contribution(signals, "template") > 0.5
        || contribution(signals, "injected") > 0.5
        || cues.iter().any(|&c| c > 0.2)
    {
        ids.push("AML.T0065");
    }
    let reasoning =
        [Cue::ForcedReasoning, Cue::VerbatimReasoning, Cue::LaunderedReasoning].iter().any(|&c| cues[c as usize] > 0.2);
    if contribution(signals, "replay") > 0.5 || reasoning {
        ids.push("AML.T0057");
    }
    if contribution(signals, "refusals") > 0.5 {
        ids.push("AML.T0054");
    }
    ids.sort_unstable();
    ids.into_iter().map(String::from).collect()
}

/// The capabilities that the group aims at, most first: those with a fifth of its exchanges, or the first.
#[must_use]
pub fn capabilities(group: &Group<'_>) -> Vec<Capability> {
    let mut shares = [0.0; 9];
    for account in group.accounts().filter(|a| a.sketch.counts.prompts > 0) {
        let samples = account.sketch.samples();
        for sample in samples {
            shares[usize::from(sample.capability)] += 1.0 / samples.len() as f64 / group.size();
        }
    }
    let mut order: Vec<usize> = (0..9).filter(|&c| shares[c] > 0.0).collect();
    order.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]).then(a.cmp(&b)));
    order
        .into_iter()
        .enumerate()
        .filter(|&(rank, c)| rank == 0 || shares[c] >= 0.2)
        .map(|(_, c)| Capability::ALL[c])
        .collect()
}

/// A few words for what the group does.
fn technique(group: &Group<'_>, signals: &[Signal]) -> String {
    let cues = cues(group);
    let top = (0..CUES)
        .filter(|&c| Cue::ALL[c] != Cue::CoercedFormat)
        .max_by(|&a, &b| cues[a].total_cmp(&cues[b]).then(b.cmp(&a)));
    let mut words = Vec::new();
    if contribution(signals, "replay") > 0.8 {
        words.push("reasoning replay");
    }
    if contribution(signals, "injected") > 0.6 {
        words.push("injected prompt");
    }
    if contribution(signals, "refusals") > 0.5 {
        words.push("probing");
    }
    if let Some(cue) = top.filter(|&c| cues[c] >= 0.25) {
        words.push(Cue::ALL[cue].name());
    } else if contribution(signals, "template") > 0.8 {
        words.push("templated harvest");
    }
    if contribution(signals, "succession") > 0.5 {
        words.push("successor pool");
    }
    if contribution(signals, "pivot") > 0.4 {
        words.push("release pivot");
    }
    if words.is_empty() { "coordinated harvest".into() } else { words.join(", ") }
}

/// The local side of a campaign.
#[must_use]
pub fn case(group: &Group<'_>, campaign: &Campaign, standings: &[Standing]) -> Case {
    let technique = technique(group, &campaign.signals);
    let mut members: Vec<Member> = standings
        .iter()
        .map(|s| {
            let account = &group.population.accounts[s.account as usize];
            Member {
                account: account.name.clone(),
                score: s.score,
                exchanges: account.sketch.counts.exchanges,
                because: s.because.clone(),
            }
        })
        .collect();
    members.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then(b.exchanges.cmp(&a.exchanges)).then_with(|| a.account.cmp(&b.account))
    });
    let (nodes, edges) = graph(group, standings);
    Case {
        id: campaign.id.clone(),
        observed: observed(campaign),
        inferred: inferred(campaign, &technique),
        technique,
        members,
        timeline: timeline(group.accounts()),
        hour_of_week: hour_of_week(group),
        models: models(group.accounts()),
        texts: Vec::new(),
        nodes,
        edges,
        telling: telling(group, standings),
        examples: Vec::new(),
    }
}

fn observed(campaign: &Campaign) -> Vec<String> {
    let mut said = vec![format!(
        "{} accounts sent {} exchanges between {} and {} UTC.",
        thousands(campaign.accounts.len() as u64),
        thousands(campaign.exchanges),
        minute(&campaign.first_seen),
        minute(&campaign.last_seen)
    )];
    said.extend(
        campaign
            .signals
            .iter()
            .filter(|s| s.name != "prior" && s.contribution.abs() >= TOLD)
            .map(|s| sentence(&s.because)),
    );
    said
}

/// Contribution below which a signal is not worth a sentence.
const TOLD: f64 = 0.2;

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

/// `2026-03-02T00:07:11Z` as `2026-03-02 00:07`.
fn minute(instant: &str) -> String {
    instant.get(..16).map_or_else(|| instant.to_owned(), |minute| minute.replace('T', " "))
}

fn inferred(campaign: &Campaign, technique: &str) -> Vec<String> {
    // ICD 203's words for a probability.
    let likely = match campaign.score {
        s if s >= 0.95 => "almost certain",
        s if s >= 0.8 => "very likely",
        s if s >= 0.55 => "likely",
        s if s >= 0.45 => "roughly an even chance",
        _ => "unlikely",
    };
    let score = if campaign.score >= 0.995 { ">0.99".into() } else { format!("{:.2}", campaign.score) };
    let mut said = vec![format!("That these accounts are one campaign of {technique} is {likely} (score {score}).")];
    let families: Vec<String> = campaign.families.iter().map(|f| format!("{f:?}").to_lowercase()).collect();
    said.push(match (campaign.actionable, families.len()) {
        (true, _) => format!("Independent families of evidence agree: {}.", families.join(", ")),
        (false, 0 | 1) => format!(
            "Fewer than two independent families of evidence fired ({}): not a ground for action.",
            if families.is_empty() { "none".into() } else { families.join(", ") }
        ),
        (false, _) => format!("{} fired, but not strongly enough to be a ground for action.", families.join(", ")),
    });
    said.push("Who runs it is not concluded here.".into());
    said
}

/// One account by itself.
#[must_use]
pub fn portrait(account: &Account) -> Portrait {
    let mut samples: Vec<&Sample> = account.sketch.samples().iter().collect();
    samples.sort_by_key(|sample| (Reverse(sample.cues.count_ones()), sample.key));
    let mut seen = BTreeSet::new();
    let telling = samples.into_iter().filter(|sample| seen.insert(sample.prompt)).take(EXAMPLES);
    Portrait {
        account: account.name.clone(),
        timeline: timeline(std::iter::once(account)),
        models: models(std::iter::once(account)),
        telling: telling.map(|sample| Telling { account: account.name.clone(), prompt: sample.prompt }).collect(),
        examples: Vec::new(),
    }
}

/// The prompts that show best what the group does, one a member: those that carry its texts and its commonest cues.
fn telling(group: &Group<'_>, standings: &[Standing]) -> Vec<Telling> {
    let shares = cues(group);
    let common = (0..CUES).filter(|&cue| shares[cue] >= 0.2).fold(0u16, |bits, cue| bits | 1 << cue);
    let mut best: Vec<(u32, Reverse<u64>, &Account, &Sample)> = standings
        .iter()
        .filter_map(|standing| {
            let account = &group.population.accounts[standing.account as usize];
            let samples = account.sketch.samples().iter().zip(group.population.texts.samples(standing.account));
            let told = |(sample, anchors): (_, &[u32])| {
                let sample: &Sample = sample;
                let own = anchors.iter().any(|anchor| group.texts.contains_key(anchor));
                (u32::from(own) + (sample.cues & common).count_ones(), Reverse(sample.key), account, sample)
            };
            samples.map(told).max_by_key(|told| (told.0, told.1))
        })
        .collect();
    best.sort_by_key(|told| Reverse((told.0, told.1)));
    let mut seen = BTreeSet::new();
    best.into_iter()
        .filter(|told| told.3.prompt != 0 && seen.insert(told.3.prompt))
        .take(EXAMPLES)
        .map(|told| Telling { account: told.2.name.clone(), prompt: told.3.prompt })
        .collect()
}

fn timeline<'a>(of: impl Iterator<Item = &'a Account> + Clone) -> Timeline {
    let from = of.clone().map(|a| a.sketch.first).min().unwrap_or(0).div_euclid(HOUR) * HOUR;
    let to = of.clone().map(|a| a.sketch.last).max().unwrap_or(from);
    let hours = ((to - from) / HOUR + 1).max(1);
    if hours > 168 {
        return sampled_timeline(of, from, hours);
    }
    // Within a week the hour-of-week histogram is exact.
    let first = crate::sketch::hour_of_week(from);
    let (mut exchanges, mut accounts) = (vec![0; hours as usize], vec![0; hours as usize]);
    for account in of {
        let counts = account.sketch.hours();
        for step in 0..hours as usize {
            let count = counts.get((first + step) % 168).copied().unwrap_or(0);
            exchanges[step] += u64::from(count);
            accounts[step] += u64::from(count > 0);
        }
    }
    Timeline { from, step_seconds: 3600, exchanges, accounts }
}

/// Beyond a week: estimated from the uniform sample of each account's exchanges.
fn sampled_timeline<'a>(of: impl Iterator<Item = &'a Account>, from: Micros, hours: i64) -> Timeline {
    let step = hours.div_euclid(168) + 1;
    let steps = (hours / step + 1) as usize;
    let (mut exchanges, mut accounts) = (vec![0.0; steps], vec![0; steps]);
    for account in of {
        let samples = account.sketch.samples();
        let weight = account.exchanges() / samples.len().max(1) as f64;
        let mut seen = vec![false; steps];
        for sample in samples {
            let at = ((sample.time - from) / HOUR / step).clamp(0, steps as i64 - 1) as usize;
            exchanges[at] += weight;
            if !std::mem::replace(&mut seen[at], true) {
                accounts[at] += 1;
            }
        }
    }
    Timeline {
        from,
        step_seconds: step as u64 * 3600,
        exchanges: exchanges.into_iter().map(|e: f64| e.round() as u64).collect(),
        accounts,
    }
}

fn hour_of_week(group: &Group<'_>) -> Vec<u64> {
    let mut sums = vec![0; 168];
    for account in group.accounts() {
        for (sum, &count) in sums.iter_mut().zip(account.sketch.hours()) {
            *sum += u64::from(count);
        }
    }
    sums
}

fn models<'a>(accounts: impl Iterator<Item = &'a Account>) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for named in accounts.flat_map(|a| &a.sketch.models) {
        *counts.entry(named.name.to_string()).or_default() += named.count;
    }
    let mut models: Vec<(String, u64)> = counts.into_iter().collect();
    models.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    models
}

fn graph(group: &Group<'_>, standings: &[Standing]) -> (Vec<Node>, Vec<Edge>) {
    let mut order: Vec<&Standing> = standings.iter().collect();
    order.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.account.cmp(&b.account)));
    order.truncate(DRAWN);
    let at: BTreeMap<u32, usize> = order.iter().enumerate().map(|(i, s)| (s.account, i)).collect();
    let nodes = order
        .iter()
        .map(|s| {
            let account = &group.population.accounts[s.account as usize];
            Node { account: account.name.clone(), exchanges: account.sketch.counts.exchanges, score: s.score }
        })
        .collect();
    let mut strongest: BTreeMap<(usize, usize), (f64, LinkKind)> = BTreeMap::new();
    for link in &group.links {
        if let (Some(&a), Some(&b)) = (at.get(&link.a), at.get(&link.b)) {
            let held = strongest.entry((a.min(b), a.max(b))).or_insert((0.0, link.kind));
            if link.weight > held.0 {
                *held = (link.weight, link.kind);
            }
        }
    }
    let mut edges: Vec<Edge> = strongest
        .into_iter()
        .map(|((a, b), (strength, kind))| Edge { a, b, kind, strength: crate::calibrate::round(strength) })
        .collect();
    edges.sort_by(|x, y| y.strength.total_cmp(&x.strength).then((x.a, x.b).cmp(&(y.a, y.b))));
    edges.truncate(DRAWN * 4);
    (nodes, edges)
}
