//! Community: groups of accounts that hang together.
//! In: links. Out: disjoint groups of two or more accounts.
//! Invariant: deterministic (seeded Leiden, ties by index); one shared thing never joins two groups.
//! Not here: whether a group is a campaign (`campaign.rs`).
//!
//! Leiden (Traag, Waltman, van Eck 2019) on the summed log-odds finds well-connected groups, but cuts a large sparse pool into
//! many. Groups are then joined where at least three different hard things bridge them and their texts don't contradict.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use leiden_rs::{GraphDataBuilder, Leiden, LeidenConfig};
use stillwatch_model::LinkKind;

use crate::links::Link;
use crate::texts::{Place, Texts};

/// Different hard things, on different accounts of both sides, that must bridge two groups before they are joined.
const BRIDGES: usize = 3;
/// Likeness of texts below which bridged groups stay apart when both have a text of their own.
const ALIKE: f64 = 0.3;
const SEED: u64 = 20_260_302;

/// Groups of two or more accounts, each ascending, largest first.
#[must_use]
pub fn find(population: usize, links: &[Link], texts: &Texts) -> Vec<Vec<u32>> {
    let mut groups = leiden(population, links);
    while let Some(joined) = join(&groups, links, texts) {
        groups = joined;
    }
    groups.retain(|group| group.len() > 1);
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    groups
}

fn leiden(population: usize, links: &[Link]) -> Vec<Vec<u32>> {
    let mut weights: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for link in links {
        *weights.entry((link.a, link.b)).or_default() += link.weight;
    }
    // Only linked accounts take part: the rest would be groups of one.
    let nodes: BTreeSet<u32> = weights.keys().flat_map(|&(a, b)| [a, b]).collect();
    let nodes: Vec<u32> = nodes.into_iter().filter(|&n| (n as usize) < population).collect();
    let at: HashMap<u32, usize> = nodes.iter().enumerate().map(|(i, &n)| (n, i)).collect();
    let mut graph = GraphDataBuilder::new(nodes.len());
    for (&(a, b), &weight) in &weights {
        if let (Some(&a), Some(&b)) = (at.get(&a), at.get(&b)) {
            // Adding fails only for nodes out of range or weights that aren't finite: neither can be here.
            let _ = graph.add_edge(a, b, weight);
        }
    }
    let config = LeidenConfig {
        seed: Some(SEED),
        // In parallel the result would depend on the number of cores.
        parallel_local_moving_threshold: Some(usize::MAX),
        parallel_aggregation_threshold: Some(usize::MAX),
        ..LeidenConfig::default()
    };
    let Ok(partition) = graph.build().and_then(|graph| Leiden::new(config).run(&graph)).map(|found| found.partition) else {
        return Vec::new();
    };
    let mut groups: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (node, community) in partition.iter() {
        groups.entry(community).or_default().push(nodes[node]);
    }
    groups.into_values().collect()
}

/// Is this evidence from things, rather than from behaviour?
pub(crate) fn is_hard(kind: LinkKind) -> bool {
    matches!(kind, LinkKind::Network | LinkKind::Payment | LinkKind::Device | LinkKind::Replay)
}

#[derive(Default)]
struct Bridge {
    things: BTreeSet<u64>,
    left: BTreeSet<u32>,
    right: BTreeSet<u32>,
}

/// Joins every pair of groups that may be joined, once; `None` when there is none.
fn join(groups: &[Vec<u32>], links: &[Link], texts: &Texts) -> Option<Vec<Vec<u32>>> {
    let group_of: HashMap<u32, usize> = groups.iter().enumerate().flat_map(|(g, members)| members.iter().map(move |&m| (m, g))).collect();
    let mut bridges: BTreeMap<(usize, usize), Bridge> = BTreeMap::new();
    for link in links.iter().filter(|l| is_hard(l.kind) && l.weight > 0.5) {
        let (Some(&x), Some(&y)) = (group_of.get(&link.a), group_of.get(&link.b)) else { continue };
        if x == y {
            continue;
        }
        let bridge = bridges.entry((x.min(y), x.max(y))).or_default();
        bridge.things.insert(link.thing);
        let (left, right) = if x < y { (link.a, link.b) } else { (link.b, link.a) };
        bridge.left.insert(left);
        bridge.right.insert(right);
    }
    let profiles: Vec<Profile> = groups.iter().map(|members| profile(members, texts)).collect();
    let mut into: Vec<usize> = (0..groups.len()).collect();
    let mut any = false;
    for ((x, y), bridge) in bridges {
        let needed = |members: &[u32]| BRIDGES.min(members.len());
        if bridge.things.len() < BRIDGES || bridge.left.len() < needed(&groups[x]) || bridge.right.len() < needed(&groups[y]) {
            continue;
        }
        if contradict(&profiles[x], &profiles[y]) {
            continue;
        }
        let (rx, ry) = (root(&into, x), root(&into, y));
        if rx != ry {
            into[rx.max(ry)] = rx.min(ry);
            any = true;
        }
    }
    if !any {
        return None;
    }
    let mut joined: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (g, members) in groups.iter().enumerate() {
        joined.entry(root(&into, g)).or_default().extend(members);
    }
    Some(
        joined
            .into_values()
            .map(|mut members| {
                members.sort_unstable();
                members
            })
            .collect(),
    )
}

fn root(into: &[usize], mut at: usize) -> usize {
    while into[at] != at {
        at = into[at];
    }
    at
}

/// Mean share of each text over a group's members, the strong ones only.
type Profile = BTreeMap<u32, f64>;

pub(crate) fn profile(members: &[u32], texts: &Texts) -> Profile {
    let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
    for &member in members {
        for &(anchor, share) in &texts.shares[member as usize] {
            if texts.anchors[anchor as usize].is_template() {
                *sums.entry(anchor).or_default() += f64::from(share);
            }
        }
    }
    sums.retain(|_, sum| {
        *sum /= members.len() as f64;
        *sum >= 0.05
    });
    sums
}

/// Both have a text of their own, and not the same.
fn contradict(x: &Profile, y: &Profile) -> bool {
    let mass = |p: &Profile| p.values().sum::<f64>();
    let strongest = |p: &Profile| p.values().copied().fold(0.0, f64::max);
    if strongest(x) < 0.2 || strongest(y) < 0.2 {
        return false;
    }
    let common: f64 = x.iter().filter_map(|(anchor, a)| y.get(anchor).map(|b| a.min(*b))).sum();
    common < ALIKE * mass(x).min(mass(y))
}

/// Anchors that most of a group's traffic carries, with their mean share, strongest first: one per covered part.
#[must_use]
pub fn main_texts(members: &[u32], texts: &Texts, most: usize) -> Vec<(u32, f64)> {
    let mut anchors: Vec<(u32, f64)> = profile(members, texts).into_iter().collect();
    let rank = |place: Place| if place == Place::Body { 1 } else { 0 };
    anchors.sort_by(|x, y| y.1.total_cmp(&x.1).then_with(|| rank(texts.anchors[x.0 as usize].place).cmp(&rank(texts.anchors[y.0 as usize].place))).then_with(|| x.0.cmp(&y.0)));
    anchors.truncate(most);
    anchors
}
