//! Community: groups of accounts that hang together.
//! In: links. Out: disjoint groups of two or more accounts.
//! Invariant: deterministic (seeded Leiden, ties by index); one shared thing never joins two groups.
//! Not here: whether a group is a campaign (`campaign.rs`).
//!
//! Three steps. Leiden (Traag, Waltman, van Eck 2019) on the summed log-odds finds well-connected groups. A group in which several
//! cores of hard links stand unconnected is several operators with one text, and is split. Leiden also cuts a large sparse pool
//! into many, so groups are joined where hard things bridge them: one is enough where both send the same texts, else three.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use leiden_rs::{GraphDataBuilder, Leiden, LeidenConfig};
use stillwatch_model::{LinkKind, Micros};

use crate::account::Account;
use crate::links::Link;
use crate::signals::burst;
use crate::texts::Texts;

/// Different hard things, on different accounts of both sides, that must bridge two groups before they are joined.
const BRIDGES: usize = 3;
/// Likeness of texts below which bridged groups stay apart when both have a text of their own.
const ALIKE: f64 = 0.3;
/// Hard-linked members that make a core.
const CORE: usize = 8;
const SEED: u64 = 20_260_302;

/// Groups of two or more accounts, each ascending, largest first.
#[must_use]
pub fn find(accounts: &[Account], links: &[Link], texts: &Texts) -> Vec<Vec<u32>> {
    let mut weights: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for link in links {
        *weights.entry((link.a, link.b)).or_default() += link.weight;
    }
    let mut groups = split(leiden(&weights), accounts, links, texts);
    while let Some(joined) = join(&groups, links, texts) {
        groups = joined;
    }
    largest_first(groups)
}

/// Splits groups that hold several cores of hard links; accounts in no core go to the core most like them.
fn split(groups: Vec<Vec<u32>>, accounts: &[Account], links: &[Link], texts: &Texts) -> Vec<Vec<u32>> {
    let group_of: HashMap<u32, usize> =
        groups.iter().enumerate().flat_map(|(g, members)| members.iter().map(move |&m| (m, g))).collect();
    let mut parent: Vec<usize> = (0..accounts.len()).collect();
    for link in links.iter().filter(|l| is_hard(l.kind) && l.weight > 0.5) {
        if let (Some(x), Some(y)) = (group_of.get(&link.a), group_of.get(&link.b))
            && x == y
        {
            let (a, b) = (root(&parent, link.a as usize), root(&parent, link.b as usize));
            // Halving keeps the paths short.
            parent[link.a as usize] = a;
            parent[link.b as usize] = b;
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut out = Vec::new();
    for group in groups {
        let mut parts: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for &member in &group {
            parts.entry(root(&parent, member as usize)).or_default().push(member);
        }
        let mut parts: Vec<Vec<u32>> = parts.into_values().collect();
        parts.sort_by(|x, y| y.len().cmp(&x.len()).then_with(|| x.cmp(y)));
        let mut cores: Vec<(Vec<u32>, Traits)> = Vec::new();
        let mut rest = Vec::new();
        for part in parts {
            let traits = Traits::of(&part, accounts, texts);
            // A fragment of a larger core that sends its texts is no operator of its own, only not yet linked.
            let fragment = cores
                .iter()
                .any(|(core, t)| part.len() * 10 < core.len() && alike(&t.texts, &traits.texts) == Some(true));
            if part.len() >= CORE && !fragment { cores.push((part, traits)) } else { rest.push(part) }
        }
        if cores.is_empty() {
            out.push(group);
            continue;
        }
        let mut strangers = Vec::new();
        for part in rest {
            // A few linked accounts stay together.
            let n = part.len() as f64;
            let like = |core: &Traits| part.iter().map(|&m| core.likeness(m, accounts, texts)).sum::<f64>() / n;
            let text = |core: &Traits| part.iter().map(|&m| core.common(m, texts)).sum::<f64>() / n;
            let best = (0..cores.len())
                .filter(|&c| text(&cores[c].1) >= 0.1)
                .max_by(|&x, &y| like(&cores[x].1).total_cmp(&like(&cores[y].1)).then(y.cmp(&x)));
            match best {
                Some(best) => cores[best].0.extend(part),
                None => strangers.extend(part),
            }
        }
        out.extend(cores.into_iter().map(|(core, _)| core).chain([strangers]).filter(|g| !g.is_empty()).map(
            |mut group| {
                group.sort_unstable();
                group
            },
        ));
    }
    out
}

/// What a core's members have in common besides hard links.
struct Traits {
    texts: Profile,
    made: Option<(Micros, Micros)>,
    clients: BTreeMap<u64, f64>,
}

impl Traits {
    fn of(members: &[u32], accounts: &[Account], texts: &Texts) -> Self {
        let mut created: Vec<Micros> = members.iter().filter_map(|&m| accounts[m as usize].created).collect();
        created.sort_unstable();
        let mut clients = BTreeMap::new();
        for &member in members {
            for &(client, _) in accounts[member as usize].sketch.clients.entries() {
                *clients.entry(client).or_insert(0.0) += 1.0 / members.len() as f64;
            }
        }
        Self { texts: profile(members, texts), made: burst::shortest(&created), clients }
    }

    fn common(&self, account: u32, texts: &Texts) -> f64 {
        let profile = self.texts.iter().map(|(&anchor, &share)| (anchor, share as f32));
        texts.common(profile, texts.shares[account as usize].iter().copied())
    }

    fn likeness(&self, account: u32, accounts: &[Account], texts: &Texts) -> f64 {
        let common = self.common(account, texts);
        let account = &accounts[account as usize];
        let made = self.made.zip(account.created).is_some_and(|((from, to), created)| from <= created && created <= to);
        let client = account
            .sketch
            .clients
            .entries()
            .iter()
            .filter_map(|(c, _)| self.clients.get(c))
            .copied()
            .fold(0.0, f64::max);
        common + 0.3 * f64::from(u8::from(made)) + 0.2 * client
    }
}

fn largest_first(mut groups: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    groups.retain(|group| group.len() > 1);
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    groups
}

fn leiden(weights: &BTreeMap<(u32, u32), f64>) -> Vec<Vec<u32>> {
    // Only linked accounts take part: the rest would be groups of one.
    let nodes: BTreeSet<u32> = weights.keys().flat_map(|&(a, b)| [a, b]).collect();
    let nodes: Vec<u32> = nodes.into_iter().collect();
    let at: HashMap<u32, usize> = nodes.iter().enumerate().map(|(i, &n)| (n, i)).collect();
    let mut graph = GraphDataBuilder::new(nodes.len());
    for (&(a, b), &weight) in weights {
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
    let Ok(partition) = graph.build().and_then(|graph| Leiden::new(config).run(&graph)).map(|found| found.partition)
    else {
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
    let group_of: HashMap<u32, usize> =
        groups.iter().enumerate().flat_map(|(g, members)| members.iter().map(move |&m| (m, g))).collect();
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
        // Where both send the same texts one bridge will do: the text is the second, independent kind of link.
        let needed = match (alike(&profiles[x], &profiles[y]), has_text(&profiles[x]) || has_text(&profiles[y])) {
            (Some(true), _) => 1,
            // A group with a text of its own isn't joined to one without: that would chain every pool to its neighbours.
            (Some(false), _) | (None, true) => continue,
            (None, false) => BRIDGES.max(groups[x].len().min(groups[y].len()) / 10),
        };
        let enough = |side: &BTreeSet<u32>, members: &[u32]| side.len() >= needed.min(members.len());
        if bridge.things.len() < needed || !enough(&bridge.left, &groups[x]) || !enough(&bridge.right, &groups[y]) {
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

/// Whether a group has a text of its own.
fn has_text(profile: &Profile) -> bool {
    profile.values().any(|&share| share >= 0.2)
}

/// Whether two groups send the same texts; `None` when one of them has no text of its own.
fn alike(x: &Profile, y: &Profile) -> Option<bool> {
    let mass = |p: &Profile| p.values().sum::<f64>();
    if !has_text(x) || !has_text(y) {
        return None;
    }
    let common: f64 = x.iter().filter_map(|(anchor, a)| y.get(anchor).map(|b| a.min(*b))).sum();
    Some(common >= ALIKE * mass(x).min(mass(y)))
}
