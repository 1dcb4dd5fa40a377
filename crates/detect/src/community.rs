//! Community: groups of accounts that hang together.
//! In: links. Out: disjoint groups of two or more accounts.
//! Invariant: deterministic (seeded Leiden, ties by index); one shared thing never joins two groups by itself.
//! Not here: whether a group is a campaign (`campaign.rs`), what makes two groups alike (`kin.rs`).
//!
//! Leiden (Traag, Waltman, van Eck 2019) on the summed log-odds finds well-connected pieces: at a fine resolution, so that a piece
//! is of one operator even where a public proxy ties several. A piece in which some are tied by hard links and others are not
//! may be several operators with one text, and is taken apart. Pieces are then gathered, best pair first, as long as it is likelier
//! than not that both are one operator's.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use crate::group::Population;
use crate::kin::{Kinship, Profile};
use crate::link::is_hard;
use crate::scale::rise;
use crate::sets::Sets;
use leiden_rs::{GraphDataBuilder, Leiden, LeidenConfig};

/// Links a member of a tree: a pool so thinly tied falls into parts by itself.
const TREE: f64 = 2.0;
/// Weight from which a hard link ties a core.
const TIE: f64 = 0.5;
/// Log-odds of a pair below which it takes no part in the pieces.
const FAINT: f64 = 1.0;
/// Leiden's resolution: above 1, pieces smaller than the network's own communities.
const RESOLUTION: f64 = 3.0;
const SEED: u64 = 20_260_302;

/// Groups of two or more accounts, each ascending, largest first.
#[must_use]
pub fn find(population: &Population<'_>) -> Vec<Vec<u32>> {
    let mut weights: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for link in population.links {
        *weights.entry((link.a, link.b)).or_default() += link.weight;
    }
    // Faint links tie strangers; who has no other joins, if anybody, while gathering.
    weights.retain(|_, weight| *weight >= FAINT);
    let mut alone: BTreeSet<u32> = population.links.iter().flat_map(|l| [l.a, l.b]).collect();
    let pieces: Vec<Vec<u32>> = split(leiden(&weights), population);
    for member in pieces.iter().flatten() {
        alone.remove(member);
    }
    let pieces = pieces.into_iter().chain(alone.into_iter().map(|a| vec![a])).collect();
    let mut groups = gather(pieces, population);
    groups.retain(|group| group.len() > 1);
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    groups
}

/// Takes pieces apart by hard links: who is tied to others in the piece stays with them, the rest stand by themselves.
fn split(pieces: Vec<Vec<u32>>, population: &Population<'_>) -> Vec<Vec<u32>> {
    let piece_of: HashMap<u32, usize> =
        pieces.iter().enumerate().flat_map(|(p, members)| members.iter().map(move |&m| (m, p))).collect();
    let mut sets = Sets::new(population.accounts.len());
    for link in population.links.iter().filter(|l| is_hard(l.kind) && l.weight > TIE) {
        if piece_of.get(&link.a).zip(piece_of.get(&link.b)).is_some_and(|(x, y)| x == y) {
            sets.join(link.a, link.b);
        }
    }
    let mut out = Vec::new();
    for piece in pieces {
        let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for member in piece {
            parts.entry(sets.root(member)).or_default().push(member);
        }
        out.extend(parts.into_values());
    }
    out
}

/// A group being gathered.
#[derive(Debug, Default)]
struct Gathered {
    members: Vec<u32>,
    profile: Profile,
    /// Hard links between members.
    tied: f64,
    /// Hard links to others.
    untied: f64,
    /// What ties it to other groups.
    ties: BTreeMap<u32, Tie>,
    /// Members when offers to all others were last made.
    offered: usize,
}

/// What ties two groups.
#[derive(Debug, Default)]
struct Tie {
    /// Hard things that both hold, each with its largest weight, ascending by thing.
    things: Vec<(u64, f64)>,
    /// Accounts on either side that hold one of them, ascending.
    ends: Vec<u32>,
    /// Hard links between the two.
    links: f64,
}

impl Tie {
    fn add(&mut self, other: Self) {
        self.things.extend(other.things);
        self.ends.extend(other.ends);
        self.links += other.links;
        self.tidy();
    }

    fn tidy(&mut self) {
        self.things.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        self.things.dedup_by_key(|t| t.0);
        self.ends.sort_unstable();
        self.ends.dedup();
    }
}

impl Gathered {
    /// How surely it leaves by things of its own that `other` has no part in, 0 to 1: were they one pool, they would have met.
    /// A few accounts may miss each other by chance, many don't.
    fn shuns(&self, other: &Self) -> f64 {
        let many = |size: f64| rise(size.ln(), 6f64.ln(), 20f64.ln());
        let inside = rise(self.tied / (self.tied + self.untied).max(1.0), 0.85, 0.97);
        inside
            * rise(2.0 * self.tied / self.profile.size, TREE, TREE + 2.0)
            * many(self.profile.size)
            * many(other.profile.size)
    }
}

/// An offer to join two groups; the largest is the best, ties go to the smaller indices.
///
/// Groups that hard links tie go first: only when a pool is whole does it show that it shuns another with the same text.
#[derive(Debug, PartialEq)]
struct Offer {
    tied: bool,
    odds: f64,
    pair: (u32, u32),
}

impl Eq for Offer {}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.tied.cmp(&other.tied).then(self.odds.total_cmp(&other.odds)).then_with(|| other.pair.cmp(&self.pair))
    }
}

/// Joins groups that are likelier than not one operator's, the best pair first.
fn gather(pieces: Vec<Vec<u32>>, population: &Population<'_>) -> Vec<Vec<u32>> {
    let kinship = Kinship::new(population);
    let mut groups = tie(pieces, &kinship, population);
    let mut offers: BinaryHeap<Offer> = BinaryHeap::new();
    for x in 0..groups.len() as u32 {
        offers
            .extend(groups[x as usize].ties.keys().filter(|&&y| x < y).filter_map(|&y| offer(&kinship, &groups, x, y)));
    }
    while let Some(best) = offers.pop() {
        let (x, y) = best.pair;
        // Either may have changed since: an offer is made again when it comes up, and waits if it is no longer the best.
        let Some(now) = offer(&kinship, &groups, x, y) else { continue };
        if offers.peek().is_some_and(|next| now < *next) && now < best {
            offers.push(now);
            continue;
        }
        // The larger takes the smaller in, so that little is moved.
        let larger = groups[x as usize].members.len() >= groups[y as usize].members.len();
        let (into, from) = if larger { (x, y) } else { (y, x) };
        let mut renewed: Vec<u32> = groups[from as usize].ties.keys().copied().filter(|&n| n != into).collect();
        join(&mut groups, into, from);
        let group = &mut groups[into as usize];
        if group.members.len() >= 2 * group.offered {
            group.offered = group.members.len();
            renewed = group.ties.keys().copied().collect();
        }
        offers.extend(renewed.into_iter().filter_map(|n| offer(&kinship, &groups, into.min(n), into.max(n))));
    }
    groups
        .into_iter()
        .map(|mut group| {
            group.members.sort_unstable();
            group.members
        })
        .filter(|members| !members.is_empty())
        .collect()
}

/// The pieces as groups, with what ties them.
fn tie(pieces: Vec<Vec<u32>>, kinship: &Kinship<'_>, population: &Population<'_>) -> Vec<Gathered> {
    let mut group_of = vec![u32::MAX; population.accounts.len()];
    let mut groups: Vec<Gathered> = Vec::new();
    for members in pieces {
        let mut profile = Profile::default();
        for &member in &members {
            group_of[member as usize] = groups.len() as u32;
            profile.add(&kinship.profile(member));
        }
        groups.push(Gathered { offered: members.len(), members, profile, ..Gathered::default() });
    }
    for link in population.links {
        let (x, y) = (group_of[link.a as usize], group_of[link.b as usize]);
        if x == u32::MAX || y == u32::MAX {
            continue;
        }
        let hard = is_hard(link.kind);
        let firm = if hard && link.weight > TIE { 1.0 } else { 0.0 };
        if x == y {
            groups[x as usize].tied += firm;
            continue;
        }
        for (one, other) in [(x, y), (y, x)] {
            groups[one as usize].untied += firm;
            let tie = groups[one as usize].ties.entry(other).or_default();
            tie.links += firm;
            if hard {
                tie.things.push((link.thing, link.weight));
                tie.ends.extend([link.a, link.b]);
            }
        }
    }
    for group in &mut groups {
        group.ties.values_mut().for_each(Tie::tidy);
    }
    groups
}

/// Moves all of `from` into `into`.
fn join(groups: &mut [Gathered], into: u32, from: u32) {
    let taken = std::mem::take(&mut groups[from as usize]);
    for (other, tie) in taken.ties {
        groups[other as usize].ties.remove(&from);
        if other == into {
            let group = &mut groups[into as usize];
            group.tied += taken.tied + tie.links;
            group.untied += taken.untied - 2.0 * tie.links;
            continue;
        }
        let back = Tie { things: tie.things.clone(), ends: tie.ends.clone(), links: tie.links };
        groups[other as usize].ties.entry(into).or_default().add(back);
        groups[into as usize].ties.entry(other).or_default().add(tie);
    }
    let group = &mut groups[into as usize];
    group.members.extend(taken.members);
    group.profile.add(&taken.profile);
}

/// The offer to join two groups, when it is likelier than not that both are one operator's.
fn offer(kinship: &Kinship<'_>, groups: &[Gathered], x: u32, y: u32) -> Option<Offer> {
    let (one, other) = (&groups[x as usize], &groups[y as usize]);
    let tie = one.ties.get(&y)?;
    let weights: Vec<f64> = tie.things.iter().map(|t| t.1).collect();
    // Of two parts of one pool, many of the smaller's accounts meet the larger's: in a large group somebody always meets somebody.
    let smaller = one.profile.size.min(other.profile.size);
    let met = (tie.ends.len() as f64 / 2.0 / smaller).min(1.0);
    let mut odds = kinship.log_odds(&one.profile, &other.profile, &weights, met);
    // Who comes after a ban comes by other ways; anybody else of the pool would have been met.
    if !one.profile.follows(&other.profile) && !other.profile.follows(&one.profile) {
        odds -= 8.0 * one.shuns(other).max(other.shuns(one));
    }
    (odds > 0.0).then_some(Offer { tied: tie.links > 0.0, odds, pair: (x, y) })
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
        resolution: RESOLUTION,
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
