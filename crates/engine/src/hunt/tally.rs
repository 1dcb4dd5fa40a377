//! Tally: who matched which indicator, how often and when.
//! In: single matches, from any thread. Out: the same put together; merge is associative and commutative.
//! Invariant: memory grows with pairs of indicator and account that match, not with exchanges.
//! Not here: what matches.

use std::collections::HashMap;

use stillwatch_detect::explain::instant;
use stillwatch_model::Micros;
use stillwatch_model::hunted::{Match, MatchKind};

use super::Wanted;
use super::wanted::Look;

/// Accounts named with a match.
const AMONG: usize = 20;

/// Matches of one account with one indicator.
#[derive(Debug, Clone, Copy)]
struct Held {
    exchanges: f64,
    first: Micros,
    last: Micros,
    strength: f64,
}

/// Matches so far.
#[derive(Debug, Default)]
pub(crate) struct Tallied {
    by: HashMap<u32, HashMap<Box<str>, Held>>,
}

impl Tallied {
    /// Notes a match of `exchanges` exchanges, between `first` and `last`.
    pub(crate) fn note(&mut self, wanted: u32, account: &str, exchanges: f64, seen: (Micros, Micros), strength: f64) {
        let accounts = self.by.entry(wanted).or_default();
        match accounts.get_mut(account) {
            Some(held) => {
                held.exchanges += exchanges;
                held.first = held.first.min(seen.0);
                held.last = held.last.max(seen.1);
                held.strength = held.strength.max(strength);
            }
            None => {
                let held = Held { exchanges, first: seen.0, last: seen.1, strength };
                accounts.insert(account.into(), held);
            }
        }
    }

    /// Adds another thread's.
    pub(crate) fn merge(&mut self, other: Self) {
        for (wanted, accounts) in other.by {
            for (account, held) in accounts {
                self.note(wanted, &account, held.exchanges, (held.first, held.last), held.strength);
            }
        }
    }

    /// The matches, strongest first, then most accounts, then by id.
    pub(crate) fn matches(self, wanted: &[Wanted], sampled: bool) -> Vec<Match> {
        let mut matches: Vec<Match> = self
            .by
            .into_iter()
            .filter_map(|(at, accounts)| Some(told(wanted.get(at as usize)?, accounts, sampled)))
            .collect();
        matches.sort_by(|a, b| {
            b.strength
                .total_cmp(&a.strength)
                .then(b.accounts.cmp(&a.accounts))
                .then_with(|| a.indicator.cmp(&b.indicator))
        });
        matches
    }
}

fn told(wanted: &Wanted, accounts: HashMap<Box<str>, Held>, sampled: bool) -> Match {
    let mut accounts: Vec<(Box<str>, Held)> = accounts.into_iter().collect();
    accounts.sort_by(|a, b| b.1.exchanges.total_cmp(&a.1.exchanges).then_with(|| a.0.cmp(&b.0)));
    let exchanges: f64 = accounts.iter().map(|(_, held)| held.exchanges).sum();
    let strength = accounts.iter().map(|(_, held)| held.strength).fold(0.0, f64::max);
    let (kind, what) = match &wanted.look {
        Look::Text { .. } => (MatchKind::Text, format!("{:.0} % of the text's fixed slots agree", strength * 100.0)),
        Look::Pattern { .. } => (MatchKind::Pattern, "the pattern holds".to_owned()),
    };
    let about = if sampled { "about " } else { "" };
    let (many, count) = (exchanges.round().max(1.0) as u64, accounts.len() as u64);
    let number = stillwatch_model::number::thousands;
    let doubt = if wanted.confidence < 1.0 {
        format!("; its author's confidence is {:.0} %", wanted.confidence * 100.0)
    } else {
        String::new()
    };
    let because = format!("{what} in {about}{} exchanges of {} accounts{doubt}", number(many), number(count));
    Match {
        indicator: wanted.id.clone(),
        name: wanted.name.clone(),
        kind,
        strength: strength * wanted.confidence,
        exchanges: many,
        accounts: count,
        first_seen: accounts.iter().map(|(_, held)| held.first).min().map(instant),
        last_seen: accounts.iter().map(|(_, held)| held.last).max().map(instant),
        among: accounts.into_iter().take(AMONG).map(|(account, _)| account.into()).collect(),
        indicates: wanted.indicates.clone(),
        because,
    }
}
