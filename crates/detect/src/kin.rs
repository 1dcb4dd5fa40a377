//! Kin: do two groups of accounts look like one operator's?
//! In: `Profile`s of two groups, the hard things that both hold. Out: log-odds.
//! Invariant: symmetric; profiles add up, so a group's doesn't depend on how it came together; country and language are not read.
//! Not here: which groups are held against each other, and joining them (`community.rs`).
//!
//! Naive Bayes over what an operator gives all its accounts: the text that is sent, the days on which they were made, the client,
//! hours round the clock, the subject, the volume, and things held in common. Each term is a log-likelihood ratio of one operator
//! against strangers, held within bounds, so that no single habit decides.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use stillwatch_model::Micros;

use crate::account::Account;
use crate::fingerprint::{BODY, SYSTEM};
use crate::group::Population;
use crate::scale::{ramp, rise};
use crate::sketch::TOPIC;
use crate::texts::Place;
use crate::times::shortest;

/// Log-odds that two groups with some tie are one operator's before anything is compared.
const PRIOR: f64 = -4.0;
const DAY: f64 = 86_400e6;

/// What a group's accounts have in common, as sums.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profile {
    /// Accounts.
    pub(crate) size: f64,
    /// Sum over accounts of the share of samples that carry each own text, weighted by rarity; ascending by part and anchor.
    texts: Vec<((usize, u32), f64)>,
    /// How much of the group's traffic carries them, by part of the request, 0 to 1.
    mass: [f64; PARTS],
    created: Vec<Micros>,
    /// The shortest span in which four in five of them were made.
    made: Option<(Micros, Micros)>,
    clients: BTreeMap<u64, f64>,
    rhythm: (f64, f64),
    topic: [f64; TOPIC],
    samples: f64,
    volume: (f64, f64),
    /// Accounts refused service, and the last exchange of the last of them.
    banned: (f64, Micros),
    begun: Vec<Micros>,
    organizations: BTreeMap<u64, f64>,
}

impl Profile {
    /// Takes another group in.
    pub(crate) fn add(&mut self, other: &Self) {
        self.size += other.size;
        self.texts = merged(&self.texts, &other.texts);
        if self.size >= CROWD {
            let least = FAINT * self.size;
            self.texts.retain(|&(_, sum)| sum >= least);
        }
        self.mass = mass(&self.texts, self.size);
        for (&client, &share) in &other.clients {
            *self.clients.entry(client).or_default() += share;
        }
        for (&organization, &n) in &other.organizations {
            *self.organizations.entry(organization).or_default() += n;
        }
        if !other.created.is_empty() {
            self.created.extend(&other.created);
            self.created.sort_unstable();
            self.made = shortest(&self.created);
        }
        self.begun.extend(&other.begun);
        self.rhythm = (self.rhythm.0 + other.rhythm.0, self.rhythm.1 + other.rhythm.1);
        for (mine, theirs) in self.topic.iter_mut().zip(other.topic) {
            *mine += theirs;
        }
        self.samples += other.samples;
        self.volume = (self.volume.0 + other.volume.0, self.volume.1 + other.volume.1);
        self.banned = (self.banned.0 + other.banned.0, self.banned.1.max(other.banned.1));
    }

    /// Mean time-of-day coherence of the accounts, where enough is known.
    fn coherence(&self) -> Option<f64> {
        (self.rhythm.1 >= 10.0).then(|| self.rhythm.0 / self.rhythm.1)
    }

    /// Whether `other` begins within two days of this group being refused service.
    pub(crate) fn follows(&self, other: &Self) -> bool {
        if self.banned.0 < 0.5 * self.size || other.banned.0 > 0.2 * other.size {
            return false;
        }
        let near = other.begun.iter().filter(|&&b| ((b - self.banned.1) as f64).abs() < 2.0 * DAY).count();
        near as f64 >= 0.7 * other.size
    }

    /// The mass of what two groups both carry.
    fn common(&self, other: &Self) -> [f64; PARTS] {
        let mut mass = [0.0; PARTS];
        let (few, many) = if self.texts.len() <= other.texts.len() { (self, other) } else { (other, self) };
        let mut rest = many.texts.as_slice();
        for &(key, x) in &few.texts {
            rest = &rest[rest.partition_point(|t| t.0 < key)..];
            if let Some(&(_, y)) = rest.first().filter(|t| t.0 == key) {
                add(&mut mass, key.0, (x / few.size).min(y / many.size));
            }
        }
        mass
    }
}

/// Members from which a text that hardly any of them sends is forgotten, and the mean share of samples below which it is.
const CROWD: f64 = 8.0;
const FAINT: f64 = 0.02;

/// Two ascending lists as one, equal keys added up.
fn merged(x: &[((usize, u32), f64)], y: &[((usize, u32), f64)]) -> Vec<((usize, u32), f64)> {
    let mut out = Vec::with_capacity(x.len() + y.len());
    let (mut i, mut j) = (0, 0);
    while i < x.len() && j < y.len() {
        match x[i].0.cmp(&y[j].0) {
            Ordering::Less => {
                out.push(x[i]);
                i += 1;
            }
            Ordering::Greater => {
                out.push(y[j]);
                j += 1;
            }
            Ordering::Equal => {
                out.push((x[i].0, x[i].1 + y[j].1));
                i += 1;
                j += 1;
            }
        }
    }
    out.extend_from_slice(&x[i..]);
    out.extend_from_slice(&y[j..]);
    out
}

/// Parts of a request in which texts are looked for: body, edges, system prompt.
const PARTS: usize = 3;
/// Share of a group's traffic that a text must carry, by part, to be the group's own.
const OWN: [f64; PARTS] = [0.08, 0.2, 0.2];
/// What the same text in each part says.
const SAME: [f64; PARTS] = [3.0, 3.0, 2.0];

fn part(place: Place) -> usize {
    match place {
        Place::Body => 0,
        Place::Head | Place::Tail => 1,
        Place::System => 2,
    }
}

/// How much of the traffic of `size` accounts carries these texts, by part.
fn mass(texts: &[((usize, u32), f64)], size: f64) -> [f64; PARTS] {
    let mut mass = [0.0; PARTS];
    for &((part, _), sum) in texts {
        add(&mut mass, part, sum / size);
    }
    mass
}

/// Anchors of a body or a system prompt each stand for a part of it; an edge is one anchor.
fn add(mass: &mut [f64; PARTS], part: usize, share: f64) {
    match part {
        0 => mass[0] += share / BODY as f64,
        1 => mass[1] = mass[1].max(share),
        _ => mass[2] += share / SYSTEM as f64,
    }
}

/// Everybody, against whom a likeness is held.
#[derive(Debug)]
pub(crate) struct Kinship<'a> {
    population: &'a Population<'a>,
    clients: BTreeMap<u64, f64>,
    topic: [f64; TOPIC],
}

impl<'a> Kinship<'a> {
    pub(crate) fn new(population: &'a Population<'a>) -> Self {
        let mut clients: BTreeMap<u64, f64> = BTreeMap::new();
        let (mut topic, mut n) = ([0.0; TOPIC], 0.0);
        for account in population.accounts {
            for (client, share) in shares(account) {
                *clients.entry(client).or_default() += share / population.accounts.len() as f64;
            }
            let samples = account.sketch.samples();
            for sample in samples {
                for (sum, &t) in topic.iter_mut().zip(&sample.topic) {
                    *sum += f64::from(t) / samples.len() as f64;
                }
            }
            n += f64::from(u8::from(!samples.is_empty()));
        }
        Self { population, clients, topic: topic.map(|t| t / f64::max(n, 1.0)) }
    }

    /// The profile of one account.
    pub(crate) fn profile(&self, at: u32) -> Profile {
        let account = &self.population.accounts[at as usize];
        let samples = account.sketch.samples();
        let mut topic = [0.0; TOPIC];
        if account.sketch.counts.prompts > 0 {
            for sample in samples {
                for ((sum, &t), mean) in topic.iter_mut().zip(&sample.topic).zip(self.topic) {
                    *sum += f64::from(t) - mean;
                }
            }
        }
        let mut texts: Vec<((usize, u32), f64)> = self.population.texts.shares[at as usize]
            .iter()
            .filter_map(|&(anchor, share)| {
                let weight = f64::from(share) * self.population.payers.rarity[anchor as usize];
                let place = self.population.texts.anchors[anchor as usize].place;
                (weight >= 0.05).then_some(((part(place), anchor), weight))
            })
            .collect();
        texts.sort_unstable_by_key(|t| t.0);
        let volume = account.exchanges().max(1.0).ln();
        let rhythm = account.rhythm().map_or((0.0, 0.0), |r| {
            let pairs = r.pairs.min(60.0);
            (r.coherence * pairs, pairs)
        });
        let refused = account.sketch.counts.forbidden > 0;
        Profile {
            size: 1.0,
            mass: mass(&texts, 1.0),
            texts,
            created: account.created.into_iter().collect(),
            made: account.created.map(|c| (c, c)),
            clients: shares(account).collect(),
            rhythm,
            topic,
            samples: if account.sketch.counts.prompts > 0 { samples.len() as f64 } else { 0.0 },
            volume: (volume, volume * volume),
            banned: (f64::from(u8::from(refused)), if refused { account.sketch.last } else { Micros::MIN }),
            begun: vec![account.sketch.first],
            organizations: account.organization().map(|o| (o, 1.0)).into_iter().collect(),
        }
    }

    /// Log-odds that two groups have one operator. `bridges`: weights of the different hard things that both hold;
    /// `met`: share of the smaller group's accounts that hold one of them.
    pub(crate) fn log_odds(&self, x: &Profile, y: &Profile, bridges: &[f64], met: f64) -> f64 {
        let habits = PRIOR
            + self.created(x, y)
            + self.client(x, y)
            + rhythm(x, y)
            + topic(x, y)
            + volume(x, y)
            + organization(x, y)
            + bridged(bridges) * rise(met, -0.02, 0.25);
        // The dearest to compare, and not compared where it could not turn the scale.
        if habits + SAME[0] <= 0.0 { habits } else { habits + text(x, y) }
    }

    fn created(&self, x: &Profile, y: &Profile) -> f64 {
        // Those who take over within two days of a ban were made on purpose at another time.
        if x.follows(y) || y.follows(x) {
            return 1.5;
        }
        let (Some((a, b)), Some((c, d))) = (x.made, y.made) else { return 0.0 };
        let gap = (c - b).max(a - d).max(0) as f64;
        let wide = ((b - a).max(d - c) as f64).max(DAY);
        if gap > wide {
            return -(1.0 + (gap / wide).ln()).min(2.5);
        }
        let (from, to) = (a.min(c), b.max(d));
        let everybody = &self.population.created;
        let within = everybody.partition_point(|&t| t <= to) - everybody.partition_point(|&t| t < from);
        // The two themselves don't make the days crowded.
        let others = (within as f64 - 0.8 * (x.size + y.size)).max(0.0);
        let chance = (others + 1.0) / (everybody.len() as f64 - x.size - y.size).max(1.0);
        (-chance.ln() * 0.8 - 0.8).clamp(-1.0, 3.0)
    }

    fn client(&self, x: &Profile, y: &Profile) -> f64 {
        if x.clients.is_empty() || y.clients.is_empty() {
            return 0.0;
        }
        let (mut common, mut usual) = (0.0, 0.0);
        for (client, a) in &x.clients {
            let both = y.clients.get(client).map_or(0.0, |b| (a / x.size).min(b / y.size));
            common += both;
            usual += both * self.clients.get(client).copied().unwrap_or(0.0);
        }
        if common >= 0.3 {
            (0.7 * -(usual / common).max(1e-3).ln()).min(1.8) * common
        } else {
            -1.5 * (1.0 - common / 0.3)
        }
    }
}

fn shares(account: &Account) -> impl Iterator<Item = (u64, f64)> + '_ {
    let entries = account.sketch.clients.entries();
    let all: f64 = entries.iter().map(|&(_, n)| f64::from(n)).sum();
    entries.iter().map(move |&(client, n)| (client, f64::from(n) / all.max(1.0)))
}

fn text(x: &Profile, y: &Profile) -> f64 {
    let (own, others) = (x.mass, y.mass);
    let has = |mass: &[f64; PARTS]| (0..PARTS).any(|p| mass[p] >= OWN[p]);
    // The one without must have shown enough to have shown the other's.
    let without = |p: &Profile| -2.5 * rise(p.samples, 2.0, 16.0);
    match (has(&own), has(&others)) {
        (true, true) => {
            let both = x.common(y);
            // Of several templates a few samples show one or two; many samples that show one show an operator of one.
            let sure = rise(x.samples.min(y.samples), 8.0, 60.0);
            let of = |p: usize| own[p].min(others[p]) * (1.0 - sure) + (own[p] * others[p]).sqrt() * sure;
            (0..PARTS)
                .filter(|&p| own[p] >= OWN[p] && others[p] >= OWN[p])
                .map(|p| ((SAME[p] + 4.0) * rise(both[p] / of(p), 0.1 * sure, 0.3 + 0.4 * sure)) - 4.0)
                .fold(-4.0 * rise(x.samples.min(y.samples), 2.0, 16.0), f64::max)
        }
        (true, false) => without(y),
        (false, true) => without(x),
        (false, false) => 0.0,
    }
}

fn rhythm(x: &Profile, y: &Profile) -> f64 {
    let (Some(a), Some(b)) = (x.coherence(), y.coherence()) else { return 0.0 };
    match (a < 0.12, b < 0.12) {
        (true, true) => 0.7,
        (false, false) => 0.0,
        _ => -2.5 * rise((a - b).abs(), 0.05, 0.2),
    }
}

fn topic(x: &Profile, y: &Profile) -> f64 {
    let sure = rise(x.samples.min(y.samples), 2.0, 40.0);
    let dot = |a: &[f64; TOPIC], b: &[f64; TOPIC]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let length = (dot(&x.topic, &x.topic) * dot(&y.topic, &y.topic)).sqrt();
    if length == 0.0 || sure == 0.0 {
        return 0.0;
    }
    let cosine = dot(&x.topic, &y.topic) / length;
    if cosine > 0.5 { 1.4 * ramp(cosine, 0.5, 0.9) } else { -1.6 * ramp(cosine, 0.5, 0.0) * sure }
}

fn volume(x: &Profile, y: &Profile) -> f64 {
    let mean = |p: &Profile| p.volume.0 / p.size;
    let spread = |p: &Profile| (p.volume.1 / p.size - mean(p).powi(2)).max(0.0).sqrt();
    let apart = (mean(x) - mean(y)).abs();
    // Within what accounts of the larger group differ by anyhow.
    let usual = if x.size > y.size { spread(x) } else { spread(y) }.max(0.25);
    if apart < 1.5 * usual && usual < 0.7 { 0.7 } else { -rise(apart, 1.0, 2.5) }
}

fn organization(x: &Profile, y: &Profile) -> f64 {
    let named = |p: &Profile| p.organizations.values().sum::<f64>() / p.size;
    let same: f64 =
        x.organizations.iter().filter_map(|(o, a)| y.organizations.get(o).map(|b| (a / x.size).min(b / y.size))).sum();
    2.0 * same - 1.5 * (named(x) - named(y)).abs()
}

/// Different things held in common, the strongest first, each next one counting less: a pool's exits come together.
fn bridged(weights: &[f64]) -> f64 {
    let mut weights = weights.to_vec();
    weights.sort_by(|a, b| b.total_cmp(a));
    let mut part = 0.8;
    let mut sum = 0.0;
    for weight in weights.iter().take(8) {
        sum += weight * part;
        part *= 0.6;
    }
    sum.min(6.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links;
    use crate::sketch::{Observation, Reader, Sketch};
    use crate::text::fold;
    use crate::texts::Texts;

    fn accounts() -> Vec<Account> {
        (0..40u64)
            .map(|i| {
                let (mut sketch, mut reader) = (Sketch::default(), Reader::default());
                for n in 0..12u64 {
                    let draw = fold(i * 97 + n, 0x9e37_79b9_7f4a_7c15);
                    let prompt = match i % 3 {
                        0 => format!("Write ten exam questions on the subject of {draw:x} for a class of beginners, with answers."),
                        1 => format!("Translate the following line about {draw:x} into plain words and keep its tone as it is."),
                        _ => format!("{draw:x} {:x} {:x}", draw.rotate_left(7), draw.rotate_left(13)),
                    };
                    let observation = Observation {
                        time: (20_000 * 24 + (draw % 168) as i64) * 3_600_000_000,
                        prompt: Some(&prompt),
                        user_agent: Some(if i % 2 == 0 { "sdk" } else { "web" }),
                        ..Observation::default()
                    };
                    sketch.observe(&observation, &mut reader);
                }
                let mut account = Account::new(format!("{i}"), sketch);
                account.created = Some(20_000 * DAY as i64 - (i % 7 * 5) as i64 * DAY as i64);
                account
            })
            .collect()
    }

    #[test]
    fn kinship_is_symmetric_and_profiles_add_up_in_any_order() {
        let accounts = accounts();
        let texts = Texts::find(&accounts);
        let (links, payers) = links::find(&accounts, &texts);
        let population = Population::new(&accounts, &texts, &links, &payers);
        let kinship = Kinship::new(&population);
        let profile = |members: &[u32]| {
            let mut sum = Profile::default();
            members.iter().for_each(|&m| sum.add(&kinship.profile(m)));
            sum
        };
        let (x, y) = (profile(&[0, 3, 6, 9]), profile(&[1, 4, 12, 15]));
        assert!((kinship.log_odds(&x, &y, &[1.0], 0.5) - kinship.log_odds(&y, &x, &[1.0], 0.5)).abs() < 1e-9);
        let again = profile(&[9, 0, 6, 3]);
        assert!((kinship.log_odds(&x, &y, &[], 0.0) - kinship.log_odds(&again, &y, &[], 0.0)).abs() < 1e-9);
    }

    #[test]
    fn the_same_text_speaks_for_one_operator_and_another_against() {
        let accounts = accounts();
        let texts = Texts::find(&accounts);
        let (links, payers) = links::find(&accounts, &texts);
        let population = Population::new(&accounts, &texts, &links, &payers);
        let kinship = Kinship::new(&population);
        let one = |at| kinship.profile(at);
        assert!(text(&one(0), &one(6)) > 2.0, "{}", text(&one(0), &one(6)));
        assert!(text(&one(0), &one(1)) < -1.0, "{}", text(&one(0), &one(1)));
    }
}
