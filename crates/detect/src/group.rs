//! Group: a set of accounts that may be a campaign, with what the signals measure it against.
//! In: accounts, texts, links, a community. Out: `Group`, `Population`.
//! Invariant: signals read a group and its population only.
//! Not here: the signals (`signals/`).

use std::collections::{BTreeMap, BTreeSet};

use stillwatch_model::Micros;

use crate::account::Account;
use crate::link::Link;
use crate::payers::{Payers, distinct};
use crate::texts::Texts;

/// Figures of everybody, against which a group is held.
#[derive(Debug)]
pub struct Population<'a> {
    /// All accounts.
    pub accounts: &'a [Account],
    /// The texts that accounts share.
    pub texts: &'a Texts,
    /// All links, by pair.
    pub links: &'a [Link],
    /// Who is one payer, and which texts are public.
    pub payers: &'a Payers,
    /// Creation times, ascending.
    pub created: Vec<Micros>,
    /// Median response tokens an exchange.
    pub answer: f64,
    /// Share of each capability among sampled exchanges.
    pub capabilities: [f64; 9],
    /// Share of refused exchanges.
    pub refused: f64,
    /// Whether addresses, payments or reasoning references are in the log at all: if not, their absence says nothing.
    pub sees_things: bool,
}

/// Accounts that hang together.
#[derive(Debug)]
pub struct Group<'a> {
    /// Who is in it, ascending.
    pub members: Vec<u32>,
    /// Everybody.
    pub population: &'a Population<'a>,
    /// Links between members.
    pub links: Vec<&'a Link>,
    /// The texts that several members use as a template, with their rarity: 0 (public) to 1 (this group's own).
    pub texts: BTreeMap<u32, f64>,
}

impl<'a> Population<'a> {
    /// Measures everybody.
    #[must_use]
    pub fn new(accounts: &'a [Account], texts: &'a Texts, links: &'a [Link], payers: &'a Payers) -> Self {
        let mut created: Vec<Micros> = accounts.iter().filter_map(|a| a.created).collect();
        created.sort_unstable();
        let mut answers: Vec<f64> = accounts
            .iter()
            .filter(|a| a.sketch.counts.output_tokens > 0)
            .map(|a| a.sketch.counts.output_tokens as f64 / a.exchanges())
            .collect();
        answers.sort_by(f64::total_cmp);
        let mut capabilities = [0.0; 9];
        let (mut samples, mut refused, mut exchanges) = (0.0, 0.0, 0.0);
        for account in accounts {
            for sample in account.sketch.samples() {
                capabilities[usize::from(sample.capability)] += 1.0;
                samples += 1.0;
            }
            refused += account.sketch.counts.refusals as f64;
            exchanges += account.exchanges();
        }
        let sees_things = accounts.iter().any(|a| a.payment.is_some() || !a.sketch.networks.entries().is_empty());
        Self {
            payers,
            accounts,
            texts,
            links,
            created,
            answer: answers.get(answers.len() / 2).copied().unwrap_or(0.0),
            capabilities: capabilities.map(|c| if samples > 0.0 { c / samples } else { 0.0 }),
            refused: if exchanges > 0.0 { refused / exchanges } else { 0.0 },
            sees_things,
        }
    }

    /// End of the first day of traffic: an account seen since then may simply have been there before.
    #[must_use]
    pub fn first_day(&self) -> Micros {
        self.accounts.iter().map(|a| a.sketch.first).min().unwrap_or(0).saturating_add(86_400_000_000)
    }

    /// One account as a group, for signals that look at habits alone.
    #[must_use]
    pub fn alone(&'a self, account: u32) -> Group<'a> {
        Group { members: vec![account], population: self, links: Vec::new(), texts: BTreeMap::new() }
    }

    /// The group of these accounts.
    #[must_use]
    pub fn group(&'a self, members: Vec<u32>) -> Group<'a> {
        let inside: BTreeSet<u32> = members.iter().copied().collect();
        let mut links = Vec::new();
        for &a in &members {
            let from = self.links.partition_point(|l| l.a < a);
            links.extend(self.links[from..].iter().take_while(|l| l.a == a).filter(|l| inside.contains(&l.b)));
        }
        let texts = self.own_texts(&members);
        Group { members, population: self, links, texts }
    }
}

impl Population<'_> {
    /// The texts that several of `members` use as a template, with their rarity.
    ///
    /// A text that many independent payers outside use is public. Inside, those who share an operator's own text also share
    /// infrastructure; unlinked users of a text that few have are in doubt, and count half.
    fn own_texts(&self, members: &[u32]) -> BTreeMap<u32, f64> {
        let mut users: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &member in members {
            for &(anchor, _) in &self.texts.shares[member as usize] {
                users.entry(anchor).or_default().push(member);
            }
        }
        let enough = 3.max(members.len() / 20).min(members.len());
        let payers = self.payers;
        users
            .into_iter()
            .filter(|(anchor, users)| users.len() >= enough && self.texts.anchors[*anchor as usize].is_template())
            .map(|(anchor, users)| {
                let operators = distinct(users.iter().map(|&u| payers.operator[u as usize]).collect());
                let linked = ((1.0 - operators / users.len() as f64 - 0.1) / 0.4).clamp(0.0, 1.0);
                let inside = payers.independent(&users);
                let outside = (payers.users[anchor as usize] - inside).max(0.0);
                let few = payers.rare(inside);
                let doubt = if self.sees_things { 0.4 * few } else { few.max(0.4) };
                (anchor, payers.rare(1.0 + outside) * linked.max(doubt))
            })
            .collect()
    }
}

impl<'a> Group<'a> {
    /// The accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &'a Account> + Clone + '_ {
        self.members.iter().map(|&m| &self.population.accounts[m as usize])
    }

    /// Number of accounts.
    #[must_use]
    pub fn size(&self) -> f64 {
        self.members.len() as f64
    }

    /// Exchanges of all members.
    #[must_use]
    pub fn exchanges(&self) -> f64 {
        self.accounts().map(Account::exchanges).sum()
    }

    /// Mean over members of `figure`.
    pub fn mean(&self, figure: impl Fn(&Account) -> f64) -> f64 {
        self.accounts().map(figure).sum::<f64>() / self.size().max(1.0)
    }

    /// The kinds of hard evidence that tie each member to others: member to distinct partners.
    #[must_use]
    pub fn partners(&self, kind: impl Fn(stillwatch_model::LinkKind) -> bool) -> BTreeMap<u32, BTreeSet<u32>> {
        let mut partners: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for link in self.links.iter().filter(|l| kind(l.kind)) {
            partners.entry(link.a).or_default().insert(link.b);
            partners.entry(link.b).or_default().insert(link.a);
        }
        partners
    }
}
