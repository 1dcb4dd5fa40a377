//! Effect: what came of a campaign after decisions about it.
//! In: its sightings and who was in them, the windows of all runs, the decisions, the time. Out: `Effect`.
//! Invariant: pure; an hour that no run looked at is never taken for a quiet one; nothing is said of less than seven observed days.
//! Not here: reading these from the store (`effects.rs`), words for it (the `report` crate).
//!
//! Compared are exchanges a day over observed hours: at most 14 days before the first decision, from the campaign's first exchange
//! on, and at most 14 days after it, as long as decisions held. The hour of the decision belongs to neither. An hour is observed
//! when windows of runs cover half of it, whether or not they found the campaign.
//!
//! | outcome | when, the first that holds |
//! | --- | --- |
//! | nothing before | nothing of it was seen in the seven days before |
//! | too early | fewer than seven days were observed since, and seven aren't over |
//! | not observed | fewer than seven were observed, and seven are over |
//! | stopped | the last seven observed days have less than a tenth of the volume before; where runs read less than half as much: not observed |
//! | came back | some seven observed days had, and later a day had more again |
//! | held too short, not observed | fewer than seven observed days lie in the stretch after it, as decisions were taken back or ran out; as no run looked |
//! | moved | others sent at least half of what members decided on no longer send, and these had sent a tenth or more |
//! | unchanged | three quarters of the volume before, or more |
//! | fell | less; where runs read less than half as much: not observed |
//!
//! The share that others took over is a displacement quotient, as in Bowers and Johnson, 'Measuring the geographical displacement
//! of crime' (2003), with accounts in place of areas.
//!
//! What it can't say: that the decisions were the cause. Traffic that no run found to be part of the campaign isn't counted: an actor
//! that changed everything looks like one that stopped, and a rest too small to be found looks like nothing. Where the logs
//! have refused requests as exchanges, a blocked campaign goes on as long as it tries. A run counts as having looked wherever
//! its window reaches, even if it read one of several logs. Windows that reach over the decision tell exchanges by the hour, not
//! accounts. Decisions made before the campaign's first exchange are left out: there is no before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use stillwatch_model::Micros;
use stillwatch_model::effect::{Acted, CameBack, Daily, Effect, Outcome, Stretch};

use crate::counted::{counted, counted_within};
use crate::sighting::Sighting;
use crate::time::{DAY, HOUR, day, instant};

/// Hours compared on either side.
const LENGTH: i64 = 14 * 24;
/// Observed hours without which nothing is said.
const ENOUGH: usize = 7 * 24;
/// Below this share of the volume before, it is quiet.
const QUIET: f64 = 0.1;
/// Below this share of the volume before, it fell.
const FELL: f64 = 0.75;
/// Share of what members decided on no longer send, from which on it moved.
const MOVED: f64 = 0.5;
/// Runs that read less than this share of what was read before don't show that it is gone.
const READ: f64 = 0.5;
/// Days after the first decision that are looked at.
const HORIZON: i64 = 400;

/// What is known.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The campaign's sightings.
    pub sightings: Vec<Sighting>,
    /// Who was in each, in the same order: accounts with their exchanges.
    pub accounts: Vec<Vec<(String, u64)>>,
    /// All runs, whether they found the campaign or not.
    pub looked: Vec<Looked>,
    /// Decisions about its members, or because of it.
    pub acts: Vec<Act>,
    /// When it is.
    pub now: Micros,
}

/// A run's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// First instant.
    pub from: Micros,
    /// Last instant.
    pub to: Micros,
    /// Exchanges read, of everybody.
    pub exchanges: u64,
}

/// A decision that does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Kind and key of the subject.
    pub subject: (String, String),
    /// Whether that is an account that is or was a member.
    pub is_member: bool,
    /// What is done.
    pub action: String,
    /// When it was made.
    pub made: Micros,
    /// When it was taken back, or ends; never, where there is none.
    pub end: Option<Micros>,
    /// Whether it was taken back or reversed.
    pub taken_back: bool,
}

/// An hour, counted from the epoch.
fn hour(at: Micros) -> i64 {
    at.div_euclid(HOUR)
}

/// What came of it; `None` where nothing was done since it was first seen.
#[must_use]
pub fn effect(given: &Given) -> Option<Effect> {
    let volume = counted(&given.sightings).hours;
    let first_seen = *volume.first_key_value()?.0;
    let acts: Vec<&Act> = given
        .acts
        .iter()
        .filter(|act| act.action != "allow" && hour(act.made) >= first_seen && act.made <= given.now)
        .filter(|act| act.end.is_none_or(|end| end > act.made))
        .collect();
    let first = acts.iter().map(|act| act.made).min()?;
    let (acted, ended) = acted(&acts, first, given.now);
    let pivot = hour(first);
    let end = hour(given.now).min(pivot + HORIZON * 24).max(pivot);
    let before = first_seen.max(pivot - LENGTH)..pivot;
    let after = pivot + 1..(pivot + 1 + LENGTH).min(hour(ended.unwrap_or(given.now))).min(end).max(pivot + 1);
    let seen = observed(given, &volume, before.start..end);
    let known: BTreeSet<&str> = accounts_of(given, |s| s.from < first).collect();
    let decided: BTreeSet<&str> = acts
        .iter()
        .filter(|act| act.is_member)
        .map(|act| act.subject.1.as_str())
        .filter(|a| known.contains(a))
        .collect();
    let side = Side { given, seen: &seen, known: &known, decided: &decided };
    let stretches = (side.stretch(before.clone(), |s| s.to < first), side.stretch(after, |s| s.from > first));
    let since: Vec<Hour> = seen.range(pivot + 1..).map(|(at, read)| (*at, at_hour(&volume, *at), *read)).collect();
    let back = came_back(&since, &stretches.0).map(|(at, quiet)| side.back(at..end, quiet, first));
    let was_seen = volume.range(pivot - 7 * 24..pivot).any(|(_, count)| *count > 0);
    let outcome = if was_seen {
        outcome(&stretches, &since, back.is_some(), given.now - first >= 7 * DAY, ended.is_some())
    } else {
        Outcome::NothingBefore
    };
    let last = volume.range(pivot + 1..).next_back().map(|(at, _)| instant(at * HOUR));
    Some(Effect {
        outcome,
        acted,
        before: stretches.0,
        after: stretches.1,
        last_seen: last,
        came_back: back.filter(|_| outcome == Outcome::CameBack),
        // Up to the last hour that somebody looked at: further days would all be the same.
        days: days(&volume, &seen, &acts, before.start, seen.last_key_value().map_or(pivot, |(at, _)| pivot.max(*at))),
        estimated: given.sightings.iter().any(|s| s.body.hours.estimated),
    })
}

fn at_hour(volume: &BTreeMap<i64, u64>, at: i64) -> u64 {
    volume.get(&at).copied().unwrap_or(0)
}

/// An observed hour: which, exchanges of the campaign, exchanges that runs read of everybody.
type Hour = (i64, u64, f64);

fn outcome(
    (before, after): &(Stretch, Stretch),
    since: &[Hour],
    is_back: bool,
    is_late: bool,
    is_over: bool,
) -> Outcome {
    let Some(latest) = since.len().checked_sub(ENOUGH).and_then(|from| since.get(from..)) else {
        return if is_late { Outcome::NotObserved } else { Outcome::TooEarly };
    };
    let rate = before.a_day();
    if is_quiet(latest, before) {
        return if is_read(latest, before) { Outcome::Stopped } else { Outcome::NotObserved };
    }
    if is_back {
        return Outcome::CameBack;
    }
    if after.observed < ENOUGH as u64 {
        return if is_over { Outcome::HeldTooShort } else { Outcome::NotObserved };
    }
    let lost = before.per_day(before.by_decided) - after.per_day(after.by_decided);
    let won = after.per_day(after.by_others) - before.per_day(before.by_others);
    if lost >= QUIET * rate && won >= MOVED * lost {
        Outcome::Moved
    } else if after.a_day() >= FELL * rate {
        Outcome::Unchanged
    } else if after.per_day(after.read) < READ * before.per_day(before.read) {
        Outcome::NotObserved
    } else {
        Outcome::Fell
    }
}

fn is_quiet(hours: &[Hour], before: &Stretch) -> bool {
    let sum: u64 = hours.iter().map(|(_, count, _)| count).sum();
    (sum as f64) < QUIET * before.a_day() / 24.0 * hours.len() as f64
}

/// Whether runs read enough of everybody to have seen it.
fn is_read(hours: &[Hour], before: &Stretch) -> bool {
    let sum: f64 = hours.iter().map(|(_, _, read)| read).sum();
    sum >= READ * before.per_day(before.read) / 24.0 * hours.len() as f64
}

/// Where it came back after observed hours in which it was quiet, and how many these were. `since` are observed hours in order.
fn came_back(since: &[Hour], before: &Stretch) -> Option<(i64, u64)> {
    let begun = since.windows(ENOUGH).position(|hours| is_quiet(hours, before) && is_read(hours, before))?;
    let later = since.get(begun + ENOUGH..)?;
    let returned = later.iter().enumerate().position(|(at, (_, count, _))| {
        let day = later.get(at..(at + 24).min(later.len())).unwrap_or_default();
        *count > 0 && !is_quiet(day, before)
    })?;
    let (hour, _, _) = later.get(returned)?;
    Some((*hour, (ENOUGH + returned) as u64))
}

/// What was done, and since when none of it holds any more.
fn acted(acts: &[&Act], first: Micros, now: Micros) -> (Acted, Option<Micros>) {
    const STRONGEST_FIRST: [&str; 4] = ["block", "degrade", "throttle", "challenge"];
    let mut subjects: BTreeMap<&(String, String), Vec<&Act>> = BTreeMap::new();
    for act in acts {
        subjects.entry(&act.subject).or_default().push(act);
    }
    let rank = |act: &Act| STRONGEST_FIRST.iter().position(|name| *name == act.action).unwrap_or(STRONGEST_FIRST.len());
    let mut actions: BTreeMap<(usize, &str), u64> = BTreeMap::new();
    for of in subjects.values() {
        if let Some(one) = of.iter().min_by_key(|act| rank(act)) {
            *actions.entry((rank(one), &one.action)).or_default() += 1;
        }
    }
    let count = |keep: &dyn Fn(&[&Act]) -> bool| subjects.values().filter(|of| keep(of)).count() as u64;
    let holds = |act: &Act| act.end.is_none_or(|end| end > now);
    let hold = count(&|of| of.iter().any(|act| holds(act)));
    let ended = acts.iter().filter_map(|act| act.end).max().filter(|_| hold == 0);
    let acted = Acted {
        first: instant(first),
        last: instant(acts.iter().map(|act| act.made).max().unwrap_or(first)),
        ended: ended.map(instant),
        members: count(&|of| of.iter().any(|act| act.is_member)),
        others: count(&|of| !of.iter().any(|act| act.is_member)),
        actions: actions.into_iter().map(|((_, name), count)| (name.to_owned(), count)).collect(),
        hold,
        taken_back: count(&|of| of.iter().all(|act| act.taken_back)),
    };
    (acted, ended)
}

/// The hours within `within` that were looked at, each with what was read of everybody in it, about.
fn observed(given: &Given, volume: &BTreeMap<i64, u64>, within: Range<i64>) -> BTreeMap<i64, f64> {
    // By hour: the runs' parts of it, and the most that one of them read.
    let mut parts: BTreeMap<i64, (Vec<(Micros, Micros)>, f64)> = BTreeMap::new();
    for run in &given.looked {
        let rate = run.exchanges as f64 / (run.to.saturating_sub(run.from) as f64 / HOUR as f64).max(1.0);
        for at in hour(run.from).max(within.start)..=hour(run.to).min(within.end - 1) {
            let part = (run.from.max(at * HOUR), run.to.min((at + 1) * HOUR));
            let entry = parts.entry(at).or_default();
            entry.0.push(part);
            entry.1 = entry.1.max(rate);
        }
    }
    let mut seen: BTreeMap<i64, f64> = parts
        .into_iter()
        .filter(|(at, (parts, _))| covered(parts.clone()) * 2 >= HOUR || at_hour(volume, *at) > 0)
        .map(|(at, (_, read))| (at, read))
        .collect();
    // Where the campaign was seen somebody looked.
    for (at, _) in volume.range(within.start.min(within.end)..within.end) {
        seen.entry(*at).or_insert(0.0);
    }
    seen
}

/// How long parts are together, each instant counted once.
fn covered(mut parts: Vec<(Micros, Micros)>) -> Micros {
    parts.sort_unstable();
    let (mut sum, mut end) = (0, Micros::MIN);
    for (from, to) in parts {
        sum += (to - from.max(end)).max(0);
        end = end.max(to);
    }
    sum
}

fn accounts_of(given: &Given, keep: impl Fn(&Sighting) -> bool) -> impl Iterator<Item = &str> {
    let of = given.sightings.iter().zip(&given.accounts).filter(move |(sighting, _)| keep(sighting));
    of.flat_map(|(_, accounts)| accounts.iter().map(|(account, _)| account.as_str()))
}

/// What both sides of the first decision are counted with.
struct Side<'a> {
    given: &'a Given,
    seen: &'a BTreeMap<i64, f64>,
    known: &'a BTreeSet<&'a str>,
    decided: &'a BTreeSet<&'a str>,
}

impl Side<'_> {
    /// A stretch; accounts are told by windows that are `clear` of the first decision.
    fn stretch(&self, within: Range<i64>, clear: impl Fn(&Sighting) -> bool) -> Stretch {
        let counted = counted_within(&self.given.sightings, within.clone());
        let (mut active, mut by_decided, mut by_others) = (BTreeSet::new(), 0, 0);
        let all = self.given.sightings.iter().zip(&self.given.accounts).zip(&counted.each);
        for ((sighting, accounts), counts) in all.filter(|((s, _), counts)| clear(s) && **counts > 0) {
            for (account, exchanges) in accounts {
                active.insert(account.as_str());
                let part = *exchanges as f64 * *counts as f64 / sighting.exchanges.max(1) as f64;
                *(if self.decided.contains(account.as_str()) { &mut by_decided } else { &mut by_others }) +=
                    part.round() as u64;
            }
        }
        let looked = || self.seen.range(within.clone());
        Stretch {
            from: instant(within.start * HOUR),
            to: instant(within.end * HOUR),
            hours: u64::try_from(within.end - within.start).unwrap_or(0),
            observed: looked().count() as u64,
            exchanges: counted.hours.values().sum(),
            new_accounts: active.iter().filter(|account| !self.known.contains(**account)).count() as u64,
            accounts: active.len() as u64,
            by_decided,
            by_others,
            read: looked().map(|(_, read)| read).sum::<f64>().round() as u64,
        }
    }

    fn back(&self, within: Range<i64>, quiet_hours: u64, first: Micros) -> CameBack {
        let counted = counted_within(&self.given.sightings, within.clone());
        let counts = self.given.sightings.iter().zip(&self.given.accounts).zip(&counted.each);
        let active: BTreeSet<&str> = counts
            .filter(|((sighting, _), counts)| sighting.from > first && **counts > 0)
            .flat_map(|((_, accounts), _)| accounts.iter().map(|(account, _)| account.as_str()))
            .collect();
        CameBack {
            at: instant(within.start * HOUR),
            quiet_hours,
            exchanges: counted.hours.values().sum(),
            new_accounts: active.iter().filter(|account| !self.known.contains(**account)).count() as u64,
            accounts: active.len() as u64,
        }
    }
}

fn days(volume: &BTreeMap<i64, u64>, seen: &BTreeMap<i64, f64>, acts: &[&Act], from: i64, to: i64) -> Daily {
    let (first, last) = (from.div_euclid(24), to.div_euclid(24));
    let all = first..=last.max(first);
    let mut subjects: BTreeMap<i64, BTreeSet<&(String, String)>> = BTreeMap::new();
    for act in acts {
        subjects.entry(act.made.div_euclid(DAY)).or_default().insert(&act.subject);
    }
    let of = |day: i64| day * 24..day * 24 + 24;
    Daily {
        from: day(first.saturating_mul(DAY)),
        exchanges: all.clone().map(|day| volume.range(of(day)).map(|(_, count)| count).sum()).collect(),
        observed: all.clone().map(|day| seen.range(of(day)).count() as u64).collect(),
        decided: all.map(|day| subjects.get(&day).map_or(0, |of| of.len() as u64)).collect(),
    }
}
