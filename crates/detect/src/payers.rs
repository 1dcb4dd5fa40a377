//! Payers: who is one payer, and how many independent ones use each text.
//! In: accounts, hard links, texts. Out: `Payers`.
//! Invariant: what many independent payers send is public and ties nobody; country and language are not read.
//! Not here: what a shared text says of two accounts (`links.rs`) or of a group (`group.rs`).

use std::collections::HashMap;

use crate::account::Account;
use crate::link::{Link, is_hard};
use crate::scale::rise;
use crate::sets::Sets;
use crate::texts::{Place, Texts};

/// Independent payers, and the texts that they share.
#[derive(Debug, Default)]
pub struct Payers {
    /// Operator of every account: accounts joined by hard links or one declared organisation.
    pub operator: Vec<u32>,
    /// Number of operators.
    pub operators: f64,
    /// Rarity of each shared text among operators, 0 (public, or no template) to 1.
    pub rarity: Vec<f64>,
    /// How many independent operators use each shared text.
    pub users: Vec<f64>,
    /// Time-of-day coherence of each account, and the pairs of active hours behind it.
    rhythms: Vec<(f64, f64)>,
}

impl Payers {
    /// Measures everybody. `hard`: links by payment, device, address, reasoning reference.
    #[must_use]
    pub fn find(accounts: &[Account], hard: &[Link], texts: &Texts) -> Self {
        let mut payers = Self {
            operator: operators(accounts, hard),
            rhythms: accounts.iter().map(|a| a.rhythm().map_or((0.0, 0.0), |r| (r.coherence, r.pairs))).collect(),
            ..Self::default()
        };
        payers.operators = distinct(payers.operator.clone());
        payers.users = texts.anchors.iter().map(|anchor| payers.independent(&anchor.accounts)).collect();
        let rarity = texts.anchors.iter().zip(&payers.users).map(|(anchor, users)| {
            // An app's or a harness's system prompt is public property sooner than what is asked.
            let scale = if anchor.place == Place::System { 2.7 } else { 1.0 };
            if anchor.is_template() { payers.rare(users * scale) } else { 0.0 }
        });
        payers.rarity = rarity.collect();
        payers
    }

    /// Rarity of a text that so many independent operators use, 0 (public) to 1: among few because it is, and among many in share.
    #[must_use]
    pub fn rare(&self, users: f64) -> f64 {
        let users = users.max(1.0);
        let share = rise((self.operators / users).ln(), 1.5, 3.5);
        share.min(1.0 - rise(users.ln(), 10f64.ln(), 80f64.ln()))
    }

    /// How many independent operators these accounts are, each counted by how far it lives by day and night: people do, a
    /// network of accounts doesn't. Those that each sent too little to tell are judged together.
    #[must_use]
    pub fn independent(&self, users: &[u32]) -> f64 {
        let human = |coherence: f64| rise(coherence, 0.03, 0.15).max(0.05);
        let (mut sum, mut pairs) = (0.0, 0.0);
        for &(coherence, p) in users.iter().map(|&u| &self.rhythms[u as usize]).filter(|r| r.1 < TELLS) {
            sum += coherence * p;
            pairs += p;
        }
        let together = if pairs < TELLS { 0.5 } else { human(sum / pairs) };
        let mut each: Vec<(u32, f64)> = users
            .iter()
            .map(|&u| {
                let (coherence, pairs) = self.rhythms[u as usize];
                (self.operator[u as usize], if pairs < TELLS { together } else { human(coherence) })
            })
            .collect();
        each.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        each.dedup_by_key(|e| e.0);
        each.iter().map(|e| e.1).sum()
    }
}

/// Pairs of active hours from which one account's rhythm tells by itself.
const TELLS: f64 = 40.0;

/// The operator of every account: accounts joined by hard links, and accounts of one declared organisation, are one payer.
fn operators(accounts: &[Account], links: &[Link]) -> Vec<u32> {
    let mut sets = Sets::new(accounts.len());
    for link in links.iter().filter(|l| is_hard(l.kind) && l.weight >= 1.5) {
        sets.join(link.a, link.b);
    }
    let mut first: HashMap<u64, u32> = HashMap::new();
    for (at, account) in accounts.iter().enumerate() {
        for key in [account.organization(), account.container].into_iter().flatten() {
            let first = *first.entry(key).or_insert(at as u32);
            sets.join(first, at as u32);
        }
    }
    (0..accounts.len() as u32).map(|a| sets.root(a)).collect()
}

/// How many different values there are.
pub(crate) fn distinct(mut values: Vec<u32>) -> f64 {
    values.sort_unstable();
    values.dedup();
    values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::{Observation, Reader, Sketch};

    const HOUR: i64 = 3_600_000_000;

    fn accounts(n: u32, hours: &[i64]) -> Vec<Account> {
        (0..n)
            .map(|i| {
                let (mut sketch, mut reader) = (Sketch::default(), Reader::default());
                for (at, hour) in hours.iter().enumerate() {
                    let time = 20_000 * 24 * HOUR + at as i64 * 24 * HOUR + hour * HOUR + i64::from(i);
                    sketch.observe(&Observation { time, ..Observation::default() }, &mut reader);
                }
                Account::new(format!("{i}"), sketch)
            })
            .collect()
    }

    fn independent(accounts: &[Account]) -> f64 {
        let payers = Payers::find(accounts, &[], &Texts::default());
        payers.independent(&(0..accounts.len() as u32).collect::<Vec<_>>())
    }

    #[test]
    fn people_count_as_payers_and_machines_hardly() {
        let people = independent(&accounts(100, &[9, 10, 9, 11, 10, 9, 10]));
        let machines = independent(&accounts(100, &[0, 3, 7, 10, 14, 17, 21]));
        assert!(people > 95.0, "{people}");
        assert!(machines < 10.0, "{machines}");
    }

    #[test]
    fn one_declared_organisation_is_one_payer() {
        let mut all = accounts(20, &[9, 10]);
        let before = distinct(operators(&all, &[]));
        for account in &mut all {
            account.sketch.observe(
                &Observation { time: 20_000 * 24 * HOUR, organization: Some("org"), ..Observation::default() },
                &mut Reader::default(),
            );
        }
        assert_eq!((before, distinct(operators(&all, &[]))), (20.0, 1.0));
    }

    #[test]
    fn few_users_are_rare_and_many_are_public() {
        let payers = Payers { operators: 10_000.0, ..Payers::default() };
        assert_eq!(payers.rare(1.0), 1.0);
        assert_eq!(payers.rare(200.0), 0.0);
        assert!(payers.rare(20.0) > payers.rare(40.0));
    }
}
