//! Hunt: which received indicators are looked for in own traffic, and what was found.
//! In: half-lives, the time; what the engine prints. Out: objects to look for, byte for byte; draft sightings.
//! Invariant: what stands is looked for, however little it counts: looking is not acting; what its author took back is never sighted; the same hunt again changes nothing.
//! Not here: reading logs: only the engine does (`hunt`).

use jiff::Timestamp;
use stillwatch_gate::standing::Decay;
use stillwatch_model::Hunted;
use stillwatch_model::hunted::MatchKind;
use stillwatch_track::intel::{self, Filter, Page};
use stillwatch_track::{By, Store};

use super::weigh::{Weighed, weigh};
use crate::error::{Error, Result};

/// Indicators that are weighed at a time.
const PAGE: u32 = 2000;

/// Objects of the indicators that stand, as they were sent.
///
/// # Errors
/// When the store can't be read.
pub async fn wanted(store: &Store, filter: &Filter, decay: &Decay, now: Timestamp) -> Result<Vec<String>> {
    let (mut texts, mut after) = (Vec::new(), None);
    loop {
        let page = intel::list(store, filter, PAGE, after.as_deref()).await?;
        let ids: Vec<String> = page.all.iter().map(|told| told.id.clone()).collect();
        let weighed = weigh(store, &ids, decay, now).await?;
        let stands = weighed.values().filter(|one| one.standing.stands).filter_map(Weighed::newest);
        let which: Vec<(String, String, String)> =
            stands.map(|told| (told.id.clone(), told.peer.clone(), told.version.clone())).collect();
        texts.extend(intel::texts(store, &which).await?);
        match page.all.last().filter(|_| page.more) {
            Some(last) => after = Some(Page::after(last)),
            None => return Ok(texts),
        }
    }
}

/// What became of a hunt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sights {
    /// Indicators with a draft that is new or changed.
    pub new: Vec<String>,
    /// Matches that were kept before.
    pub known: usize,
    /// Matches of what nobody tells, or what was taken back.
    pub passed_over: Vec<String>,
}

/// Keeps what a hunt found as draft sightings.
///
/// # Errors
/// When it can't be read as one, or the store can't be written.
pub async fn sight(store: &Store, hunted: &Hunted, decay: &Decay, by: &By) -> Result<Sights> {
    let when = |text: Option<&String>| text.unwrap_or(&hunted.generated).parse::<Timestamp>();
    // Shapes are too weak to be told.
    let found: Vec<_> = hunted.matches.iter().filter(|one| one.kind != MatchKind::Shape).collect();
    let ids: Vec<String> = found.iter().map(|one| one.indicator.clone()).collect();
    let weighed = weigh(store, &ids, decay, super::at(by.at)).await?;
    let mut rows = Vec::new();
    let mut sights = Sights::default();
    for one in found {
        if weighed.get(&one.indicator).is_none_or(Weighed::is_withdrawn) {
            sights.passed_over.push(one.indicator.clone());
            continue;
        }
        let (Ok(first), Ok(last)) = (when(one.first_seen.as_ref()), when(one.last_seen.as_ref())) else {
            return Err(Error::refused(
                format!("when `{}` was seen can't be read", one.indicator),
                "give what `stillwatch hunt --format json` printed",
            ));
        };
        let because: String = one.because.chars().filter(|c| !c.is_control()).take(500).collect();
        rows.push(intel::Hunted {
            indicator: one.indicator.clone(),
            first_seen: first.as_microsecond(),
            last_seen: last.as_microsecond(),
            count: one.exchanges,
            strength: (one.strength.clamp(0.0, 1.0) * 100.0).round() as u8,
            accounts: one.among.iter().map(|account| account.replace('\0', "")).collect(),
            because,
        });
    }
    let looked = rows.len();
    sights.new = intel::sight(store, &rows, by).await?;
    sights.known = looked.saturating_sub(sights.new.len());
    Ok(sights)
}
