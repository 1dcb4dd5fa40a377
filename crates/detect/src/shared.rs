//! Shared: a group's own texts, each with a sketch that another lab could look for.
//! In: a group. Out: summaries for findings, and `TextSketch`es: the slots that most texts of a family agree on.
//! Invariant: a sketch holds hashes of what is fixed, never of what fills the slots.
//! Not here: which texts are a group's own (`group.rs`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stillwatch_model::{TemplateSummary, TextSketch};

use crate::calibrate::round;
use crate::group::Group;
use crate::sketch::Sample;

/// Templates told of a campaign.
const TEMPLATES: usize = 8;
/// Share of a family's exchanges that must agree on a slot before the slot is fixed.
const FIXED: f64 = 0.5;

/// A sampled exchange, and the group's own texts that it carries.
struct Open<'a> {
    weight: f64,
    sample: &'a Sample,
    own: Vec<u32>,
}

/// The group's own texts, strongest first, each covering what those before it don't.
pub(crate) fn texts(group: &Group<'_>) -> Vec<(TemplateSummary, TextSketch)> {
    let texts = group.population.texts;
    let mut open: Vec<Open<'_>> = Vec::new();
    for (account, &member) in group.accounts().zip(&group.members) {
        let samples = account.sketch.samples();
        let weight = account.exchanges() / samples.len().max(1) as f64;
        for (sample, anchors) in samples.iter().zip(texts.samples(member)) {
            let own = anchors.iter().copied().filter(|anchor| group.texts.get(anchor).is_some_and(|&r| r > 0.05));
            open.push(Open { weight, sample, own: own.collect() });
        }
    }
    let all: f64 = open.iter().map(|o| o.weight).sum();
    let mut told = Vec::new();
    while told.len() < TEMPLATES {
        let mut cover: BTreeMap<u32, f64> = BTreeMap::new();
        for Open { weight, own, .. } in &open {
            for &anchor in own {
                *cover.entry(anchor).or_default() += weight;
            }
        }
        let Some((&anchor, &share)) = cover.iter().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0))) else { break };
        if share < 0.02 * all {
            break;
        }
        let (family, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|o| o.own.contains(&anchor));
        open = rest;
        let fills = family.iter().map(|o| o.sample.prompt).collect::<BTreeSet<u64>>().len() as u64;
        let summary = TemplateSummary {
            fingerprint: format!("{:016x}", texts.anchors[anchor as usize].key),
            share: round(share / all),
            slots: fills,
        };
        told.push((summary, sketch(&family, round(share / all), fills)));
    }
    told
}

/// What most of the family agree on, slot by slot.
fn sketch(family: &[Open<'_>], share: f64, fills: u64) -> TextSketch {
    let all: f64 = family.iter().map(|o| o.weight).sum();
    let fixed = |slot: &dyn Fn(&Sample) -> u32| {
        let mut weights: HashMap<u32, f64> = HashMap::new();
        for open in family {
            *weights.entry(slot(open.sample)).or_default() += open.weight;
        }
        let most = weights.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        most.filter(|&(value, weight)| value != 0 && weight >= FIXED * all).map_or(0, |(value, _)| value)
    };
    TextSketch {
        body: (0..crate::fingerprint::BODY).map(|i| fixed(&|s| s.body[i])).collect(),
        system: (0..crate::fingerprint::SYSTEM).map(|i| fixed(&|s| s.system[i])).collect(),
        head: fixed(&|s| s.head),
        tail: fixed(&|s| s.tail),
        share,
        fills,
    }
}
