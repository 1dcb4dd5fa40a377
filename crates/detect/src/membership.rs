//! Membership: does an account belong to the group that it was found in?
//! In: a group. Out: each member's own score, with its reason.
//! Invariant: a member is judged by its own ties and habits; sharing one proxy with the guilty is not enough.
//! Not here: whether the group is a campaign (`campaign.rs`).

use std::collections::{BTreeMap, BTreeSet};

use stillwatch_model::{LinkKind, Micros};

use crate::account::Account;
use crate::calibrate::{logistic, round};
use crate::community::is_hard;
use crate::group::Group;
use crate::signals::{self, burst, percent, rhythm};

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

/// The standing of every account of a group, in the group's order.
#[must_use]
pub fn judge(group: &Group<'_>) -> Vec<Standing> {
    let partners = group.partners(is_hard);
    let replays = group.partners(|kind| kind == LinkKind::Replay);
    let window = batch(group);
    // A human rhythm sets an account apart only from those that have none.
    let round_the_clock = (rhythm::SIGNAL.measure)(group).is_none_or(|reading| reading.value < 0.17);
    group.members.iter().map(|&m| one(group, m, &partners, &replays, window, round_the_clock)).collect()
}

/// The span in which most members were created, widened by half on both sides, when it says anything.
fn batch(group: &Group<'_>) -> Option<(Micros, Micros)> {
    let reading = (burst::SIGNAL.measure)(group)?;
    if reading.evidence < 0.3 {
        return None;
    }
    let mut created: Vec<Micros> = group.accounts().filter_map(|a| a.created).collect();
    created.sort_unstable();
    let (from, to) = burst::shortest(&created)?;
    let slack = (to - from) / 2 + 86_400_000_000;
    Some((from - slack, to + slack))
}

fn one(
    group: &Group<'_>,
    member: u32,
    partners: &BTreeMap<u32, BTreeSet<u32>>,
    replays: &BTreeMap<u32, BTreeSet<u32>>,
    window: Option<(Micros, Micros)>,
    round_the_clock: bool,
) -> Standing {
    let account = &group.population.accounts[member as usize];
    let covered = covered(group, account);
    let ties = partners.get(&member).map_or(0, BTreeSet::len);
    let replayed = replays.contains_key(&member);
    let mut odds = -1.7 + 3.2 * covered + 1.3 * (ties.min(4) as f64).powf(0.7) + if replayed { 1.5 } else { 0.0 };
    let mut why = vec![
        format!("own templates in {} of its exchanges", percent(covered)),
        format!("hard links to {ties} other members"),
    ];
    if let (Some((from, to)), Some(created)) = (window, account.created) {
        let inside = from <= created && created <= to;
        odds += if inside { 1.0 } else { -1.2 };
        why.push(if inside { "created with the others" } else { "not created with the others" }.into());
    }
    if let Some(rhythm) = account.rhythm().filter(|_| round_the_clock) {
        let sure = (rhythm.pairs / 60.0).min(1.0);
        odds += sure * if rhythm.coherence > 0.17 { -2.5 * signals::rise(rhythm.coherence, 0.17, 0.35) } else { 0.5 };
    }
    if account.organization().is_some() {
        odds -= 1.5;
        why.push("names an organisation".into());
    }
    Standing { account: member, score: round(logistic(odds)), because: why.join(", ") }
}

/// The rarity-weighted share of an account's samples that carry the group's own texts.
fn covered(group: &Group<'_>, account: &Account) -> f64 {
    let samples = account.sketch.samples();
    let texts = group.population.texts;
    let sum: f64 = samples
        .iter()
        .map(|s| texts.of(s).filter_map(|anchor| group.texts.get(&anchor).copied()).fold(0.0, f64::max))
        .sum();
    sum / samples.len().max(1) as f64
}
