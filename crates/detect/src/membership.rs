//! Membership: does an account belong to the group that it was found in?
//! In: a group. Out: each member's own score, with its reason.
//! Invariant: a member is judged by its own ties and habits; sharing one proxy with the guilty is not enough.
//! Not here: whether the group is a campaign (`campaign.rs`).

use std::collections::{BTreeMap, BTreeSet};

use stillwatch_model::{LinkKind, Micros};

use crate::calibrate::{logistic, round};
use crate::group::Group;
use crate::link::is_hard;
use crate::scale::{percent, rise};
use crate::signals::{burst, rhythm};
use crate::times::shortest;

/// Score from which an account counts as a member.
pub const MEMBER: f64 = 0.5;

/// A member's own score.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The account.
    pub account: u32,
    /// How surely it belongs, 0 to 1.
    pub score: f64,
    /// Why.
    pub because: String,
}

/// What a member is held against: figures of the whole group.
struct Company {
    /// Partners of each member by hard links, those outside the core left out.
    ties: BTreeMap<u32, usize>,
    replays: BTreeMap<u32, BTreeSet<u32>>,
    /// Whether most members hang together by hard links, so that having none tells.
    tied: bool,
    /// The span in which most were created.
    made: Option<(Micros, Micros)>,
    /// A human rhythm sets an account apart only from those that have none.
    round_the_clock: bool,
    /// Mean over members: share of samples with own texts, verified, mostly at temperature 0, and mean repeats.
    covered: f64,
    verified: f64,
    cold: f64,
    repeats: f64,
}

/// The standing of every account of a group, in the group's order.
#[must_use]
pub fn judge(group: &Group<'_>) -> Vec<Standing> {
    let (ties, core) = ties(group);
    let company = Company {
        tied: core as f64 >= 0.6 * group.size(),
        ties,
        replays: group.partners(|kind| kind == LinkKind::Replay),
        made: batch(group),
        round_the_clock: (rhythm::SIGNAL.measure)(group).is_none_or(|reading| reading.value < 0.17),
        covered: group.members.iter().map(|&m| covered(group, m)).sum::<f64>() / group.size(),
        verified: group.mean(|a| f64::from(u8::from(a.verified == Some(true)))),
        cold: group.mean(|a| a.share(a.sketch.counts.cold)),
        repeats: group.mean(|a| a.repeats().min(5.0)),
    };
    group.members.iter().map(|&m| one(group, m, &company)).collect()
}

/// Hard links of each member, and the size of the core: the largest set of members that hard links connect.
///
/// Where the core is half of the group, only links to it count: outsiders may know each other.
fn ties(group: &Group<'_>) -> (BTreeMap<u32, usize>, usize) {
    let partners = group.partners(is_hard);
    let mut core: BTreeSet<u32> = BTreeSet::new();
    let mut seen: BTreeSet<u32> = BTreeSet::new();
    for &start in partners.keys() {
        if !seen.insert(start) {
            continue;
        }
        let (mut part, mut open) = (BTreeSet::from([start]), vec![start]);
        while let Some(at) = open.pop() {
            for &next in partners.get(&at).into_iter().flatten() {
                if seen.insert(next) {
                    part.insert(next);
                    open.push(next);
                }
            }
        }
        if part.len() > core.len() {
            core = part;
        }
    }
    let only = core.len() * 2 >= group.members.len();
    let count = |p: &BTreeSet<u32>| p.iter().filter(|m| !only || core.contains(m)).count();
    let size = core.len();
    (partners.iter().map(|(&member, p)| (member, count(p))).collect(), size)
}

/// The span in which most members were created, widened by half on both sides, when it says anything.
fn batch(group: &Group<'_>) -> Option<(Micros, Micros)> {
    let reading = (burst::SIGNAL.measure)(group)?;
    if reading.evidence < 0.3 {
        return None;
    }
    let mut created: Vec<Micros> = group.accounts().filter_map(|a| a.created).collect();
    created.sort_unstable();
    let (from, to) = shortest(&created)?;
    let slack = (to - from) / 2 + 86_400_000_000;
    Some((from - slack, to + slack))
}

fn one(group: &Group<'_>, member: u32, company: &Company) -> Standing {
    let account = &group.population.accounts[member as usize];
    let covered = covered(group, member);
    let ties = company.ties.get(&member).copied().unwrap_or(0);
    let mut odds = -1.7 + 3.2 * (covered / company.covered.max(0.35)).min(1.0) + 1.3 * (ties.min(4) as f64).powf(0.7);
    let mut why = vec![
        format!("own templates in {} of its exchanges", percent(covered)),
        format!("hard links to {ties} other members"),
    ];
    let mut note = |weight: f64, reason: &str| {
        odds += weight;
        why.push(reason.to_owned());
    };
    if company.replays.contains_key(&member) {
        note(1.5, "shares reasoning references");
    }
    if company.tied && ties == 0 {
        note(-0.8, "the others are tied to each other");
    }
    if let (Some((from, to)), Some(created)) = (company.made, account.created) {
        if from <= created && created <= to {
            note(1.0, "created with the others");
        } else {
            note(-1.4, "not created with the others");
        }
    }
    if let Some(rhythm) = account.rhythm().filter(|_| company.round_the_clock) {
        let sure = (rhythm.pairs / 60.0).min(1.0);
        if rhythm.coherence > 0.17 {
            note(-2.5 * sure * rise(rhythm.coherence, 0.17, 0.35), "keeps a person's hours");
        } else {
            note(0.5 * sure, "active by day and night");
        }
    }
    if account.organization().is_some() {
        note(-1.5, "names an organisation");
    }
    if account.verified == Some(true) && company.verified < 0.7 {
        note(-0.7, "identity verified");
    }
    if account.share(account.sketch.counts.cold) - company.cold > 0.5 {
        note(-1.0, "asks at temperature 0, unlike the others");
    }
    if account.repeats() > 2.5 * company.repeats.min(2.0) {
        note(-1.0, "repeats its prompts, unlike the others");
    }
    Standing { account: member, score: round(logistic(odds)), because: why.join(", ") }
}

/// Rarity from which a text counts in full: whether few have it is the group's affair, whether this account has it the member's.
const RARE: f64 = 0.3;

/// The share of an account's samples that carry the group's own texts.
fn covered(group: &Group<'_>, member: u32) -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    for anchors in group.population.texts.samples(member) {
        let rarest = anchors.iter().filter_map(|anchor| group.texts.get(anchor).copied()).fold(0.0, f64::max);
        sum += (rarest / RARE).min(1.0);
        all += 1.0;
    }
    sum / f64::max(all, 1.0)
}
