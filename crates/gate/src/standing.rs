//! Standing: what a received indicator is worth now, and whether it may drive anything.
//! In: what was told, who saw it, who agrees, what we found, the time. Out: `Standing`, with its reasons.
//! Invariant: pure; never rises with age; another independent sighting never lowers it; a producer counts once, however often it
//! speaks, and never for what it told itself; what is disputed, taken back or over drives nothing; order never shows.
//! Not here: half-lives (`standing/decay.rs`), what a rule makes of it (`rules.rs`), reading STIX (`stix`).
//!
//! `docs/intel.md` has the formula and where its shape comes from.

pub mod decay;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use stillwatch_model::IndicatorKind;

pub use decay::Decay;

/// Share of what is missing to certainty that an independent sighting adds.
const SEEN: f64 = 0.25;
/// The same for somebody who agrees, and agrees strongly, and did not see it.
const AGREES: [f64; 2] = [0.1, 0.2];
/// What is left when somebody disagrees, and disagrees strongly.
const DISAGREES: [f64; 2] = [0.85, 0.7];

/// An indicator as one peer tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Who says so.
    pub producer: String,
    /// STIX confidence, 0 to 100; `None` where its author says nothing.
    pub confidence: Option<u8>,
    /// When it was first told: `created`, which no later version changes (STIX 2.1, section 3.2).
    pub created: Timestamp,
    /// Of which version this is.
    pub version: Timestamp,
    /// From when it holds.
    pub valid_from: Option<Timestamp>,
    /// Until when it holds.
    pub valid_until: Option<Timestamp>,
    /// It was taken back.
    pub revoked: bool,
    /// The peer has it no longer.
    pub gone: bool,
}

/// Somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighted {
    /// Who.
    pub producer: String,
    /// When last.
    pub at: Timestamp,
}

/// The words of STIX's opinion-enum (STIX 2.1, section 10.18), most against first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Firmly against.
    StronglyDisagree,
    /// Against.
    Disagree,
    /// Neither.
    Neutral,
    /// For.
    Agree,
    /// Firmly for.
    StronglyAgree,
}

/// Somebody's opinion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Whose.
    pub producer: String,
    /// What.
    pub word: Word,
    /// When it was said.
    pub at: Timestamp,
}

/// All that is known of one indicator.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What it is about.
    pub kind: IndicatorKind,
    /// As peers tell it.
    pub told: Vec<Telling>,
    /// Who saw it, ourselves apart.
    pub sighted: Vec<Sighted>,
    /// Who thinks what of it, ourselves apart.
    pub voices: Vec<Voice>,
    /// What we think of it.
    pub own: Option<Word>,
    /// When we last saw it ourselves.
    pub own_seen: Option<Timestamp>,
}

/// What it is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Confidence now, 0 to 100.
    pub confidence: u8,
    /// Who else saw it, each producer once, ourselves included.
    pub sightings: u32,
    /// We found it wrong, or more disagree than saw it.
    pub disputed: bool,
    /// Whether it may be looked for: neither disputed nor taken back, nor over; however little it counts.
    pub stands: bool,
    /// Whether a rule may rest on it at all.
    pub drives: bool,
    /// The sum, a sentence each.
    pub because: Vec<String>,
}

/// Who we are among producers: no STIX id looks like it.
const OWN: &str = "\u{1}own";

/// What an indicator is worth at a moment.
#[must_use]
pub fn stand(known: &Known, decay: &Decay, now: Timestamp) -> Standing {
    let mut because = Vec::new();
    let wrong = known.own.is_some_and(|word| word < Word::Neutral);
    let Some(newest) = newest(&known.told) else {
        because.push("0: drives nothing: nobody tells it".to_owned());
        return Standing { confidence: 0, sightings: 0, disputed: wrong, stands: false, drives: false, because };
    };
    let tellers: BTreeSet<&str> = known.told.iter().map(|one| one.producer.as_str()).collect();
    let said = newest.confidence.map(|said| said.min(100));
    because.push(match said {
        Some(said) => format!("told {said}"),
        None => format!("told without confidence: counts {}", decay.unsaid),
    });
    let words = words(known, &tellers);
    let (seen, last) = seen(known, &tellers, &words, now);
    // What somebody adds: the most of having seen it and of agreeing.
    let mut adds: BTreeMap<&str, f64> = seen.iter().map(|producer| (*producer, SEEN)).collect();
    for (producer, word) in &words {
        let share = match word {
            Word::Agree => AGREES[0],
            Word::StronglyAgree => AGREES[1],
            _ => continue,
        };
        let add = adds.entry(producer).or_default();
        *add = add.max(share);
    }
    let against: Vec<Word> = words.values().copied().filter(|word| *word < Word::Neutral).collect();
    let strength = |word: &Word| usize::from(matches!(word, Word::StronglyDisagree | Word::StronglyAgree));
    // Sorted before they are multiplied, so that names have no say in how it is rounded.
    let mut shares: Vec<f64> = adds.values().copied().collect();
    shares.sort_by(f64::total_cmp);
    let mut less: Vec<f64> = against.iter().map(|word| DISAGREES[strength(word)]).collect();
    less.sort_by(f64::total_cmp);
    let missing = 1.0 - f64::from(said.unwrap_or(decay.unsaid)) / 100.0;
    let sure = 1.0 - shares.iter().fold(missing, |missing, share| missing * (1.0 - share));
    if !seen.is_empty() {
        because.push(format!("{} saw it too", people(seen.len(), seen.contains(OWN))));
    }
    let agree = words.values().filter(|word| matches!(word, Word::Agree | Word::StronglyAgree)).count();
    if agree > 0 {
        because.push(format!("{} {}", people(agree, false), if agree == 1 { "agrees" } else { "agree" }));
    }
    let since = last.max(newest.created.min(now));
    let age = now.as_second().saturating_sub(since.as_second()).max(0);
    because.push(format!(
        "half-life {} d, last seen {}: {:.0} % is left",
        decay.half_life(known.kind),
        ago(age),
        decay.left(known.kind, age) * 100.0
    ));
    let worth = less.iter().fold(100.0 * sure * decay.left(known.kind, age), |worth, less| worth * less);
    if !against.is_empty() {
        because.push(format!(
            "{} {}",
            people(against.len(), false),
            if against.len() == 1 { "disagrees" } else { "disagree" }
        ));
    }
    // A figure that is no figure is none.
    // What a minute takes away isn't a percent less.
    let confidence = if worth.is_finite() { (worth.clamp(0.0, 100.0) + 0.01).floor() as u8 } else { 0 };

    let support: usize = adds
        .keys()
        .map(|producer| words.get(*producer).filter(|word| **word == Word::StronglyAgree).map_or(1, |_| 2))
        .sum();
    let objection: usize = against.iter().map(|word| 1 + strength(word)).sum();
    let disputed = wrong || objection > support;
    let mut stops = Vec::new();
    if newest.revoked {
        stops.push("its author took it back".to_owned());
    }
    if known.told.iter().all(|one| one.gone) {
        stops.push("no peer has it any longer".to_owned());
    }
    if let Some(until) = newest.valid_until.filter(|until| *until <= now) {
        stops.push(format!("it was valid until {until:.0}"));
    }
    if let Some(from) = newest.valid_from.filter(|from| *from > now) {
        stops.push(format!("it is valid from {from:.0}"));
    }
    if wrong {
        stops.push("we found it wrong".to_owned());
    } else if disputed {
        stops.push("it is disputed: more disagree than saw it".to_owned());
    }
    let stands = stops.is_empty();
    if confidence < decay.least {
        stops.push(format!("less than {} is left", decay.least));
    }
    let drives = stops.is_empty();
    because.push(match drives {
        true => format!("{confidence}: a rule may rest on it"),
        false => format!("{confidence}: drives nothing: {}", stops.join("; ")),
    });
    let sightings = u32::try_from(seen.len()).unwrap_or(u32::MAX);
    Standing { confidence, sightings, disputed, stands, drives, because }
}

/// The newest version; where peers tell different things under one version the more careful one.
fn newest(told: &[Telling]) -> Option<&Telling> {
    told.iter().max_by(|a, b| {
        let until = |one: &Telling| std::cmp::Reverse(one.valid_until.unwrap_or(Timestamp::MAX));
        let least = |one: &Telling| std::cmp::Reverse(one.confidence.unwrap_or(100));
        let key = |one: &Telling| (one.version, one.revoked, until(one), least(one), one.valid_from);
        key(a).cmp(&key(b)).then_with(|| b.created.cmp(&a.created)).then_with(|| b.producer.cmp(&a.producer))
    })
}

/// The newest opinion of each producer; of those said at one moment the one most against. Who told it agrees with itself to no effect.
fn words<'a>(known: &'a Known, tellers: &BTreeSet<&str>) -> BTreeMap<&'a str, Word> {
    let mut newest: BTreeMap<&str, (Timestamp, std::cmp::Reverse<Word>)> = BTreeMap::new();
    for voice in &known.voices {
        let said = (voice.at, std::cmp::Reverse(voice.word));
        let held = newest.entry(voice.producer.as_str()).or_insert(said);
        *held = (*held).max(said);
    }
    if let Some(own) = known.own {
        newest.insert(OWN, (Timestamp::MAX, std::cmp::Reverse(own)));
    }
    newest
        .into_iter()
        .map(|(producer, (_, word))| (producer, word.0))
        .filter(|(producer, word)| *word < Word::Neutral || !tellers.contains(producer))
        .collect()
}

/// Who saw it independently, and when it was last seen so. Who says that it is wrong does not speak for it.
fn seen<'a>(
    known: &'a Known,
    tellers: &BTreeSet<&str>,
    words: &BTreeMap<&str, Word>,
    now: Timestamp,
) -> (BTreeSet<&'a str>, Timestamp) {
    let mut seen = BTreeSet::new();
    let mut last = Timestamp::MIN;
    let own = known.own_seen.map(|at| (OWN, at));
    let others = known.sighted.iter().map(|one| (one.producer.as_str(), one.at));
    for (producer, at) in others.chain(own) {
        let objects = words.get(producer).is_some_and(|word| *word < Word::Neutral);
        if objects || tellers.contains(producer) {
            continue;
        }
        seen.insert(producer);
        // What is said to lie ahead was seen now at the latest.
        last = last.max(at.min(now));
    }
    (seen, last)
}

fn people(count: usize, with_us: bool) -> String {
    match (count, with_us) {
        (1, true) => "we ourselves".to_owned(),
        (count, true) => format!("we ourselves and {} independent", count - 1),
        (count, false) => format!("{count} independent"),
    }
}

fn ago(seconds: i64) -> String {
    match seconds {
        0..3_600 => "just now".to_owned(),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_sum_is_told() {
        let telling = Telling {
            producer: "identity--a".to_owned(),
            confidence: Some(80),
            created: at("2026-11-01T00:00:00Z"),
            version: at("2026-11-01T00:00:00Z"),
            valid_from: None,
            valid_until: None,
            revoked: false,
            gone: false,
        };
        let saw = |who: &str, when| Sighted { producer: who.to_owned(), at: at(when) };
        let says = |who: &str, word| Voice { producer: who.to_owned(), word, at: at("2026-11-21T00:00:00Z") };
        let known = Known {
            kind: IndicatorKind::Address,
            told: vec![telling],
            sighted: vec![saw("identity--b", "2026-11-22T00:00:00Z"), saw("identity--c", "2026-11-10T00:00:00Z")],
            voices: vec![says("identity--d", Word::Disagree)],
            own: None,
            own_seen: None,
        };
        let standing = stand(&known, &Decay::default(), at("2026-11-25T00:00:00Z"));
        assert_eq!((standing.confidence, standing.sightings, standing.disputed, standing.drives), (56, 2, false, true));
        insta::assert_snapshot!(standing.because.join("\n"), @r"
        told 80
        2 independent saw it too
        half-life 7 d, last seen 3 d ago: 74 % is left
        1 independent disagrees
        56: a rule may rest on it
        ");
    }
}
