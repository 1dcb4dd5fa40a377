//! Group: a set of accounts that may be a campaign, with what the signals measure it against.
//! In: accounts, texts, links, a community. Out: `Group`, `Population`.
//! Invariant: signals read a group and its population only.
//! Not here: the signals (`signals/`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stillwatch_model::Micros;

use crate::account::Account;
use crate::community::is_hard;
use crate::links::Link;
use crate::signals::rise;
use crate::texts::{Place, Texts};

/// Figures of everybody, against which a group is held.
#[derive(Debug)]
pub struct Population<'a> {
    /// All accounts.
    pub accounts: &'a [Account],
    /// The texts that accounts share.
    pub texts: &'a Texts,
    /// All links, by pair.
    pub links: &'a [Link],
    /// Operator of every account: accounts joined by hard links or one declared organisation.
    pub operator: Vec<u32>,
    /// Number of operators.
    pub operators: f64,
    /// Rarity of each shared template among operators, 0 (public, or no template) to 1.
    pub rarity: Vec<f64>,
    /// Time-of-day coherence of each account, and the pairs of active hours behind it.
    pub rhythms: Vec<(f64, f64)>,
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
    pub fn new(accounts: &'a [Account], texts: &'a Texts, links: &'a [Link]) -> Self {
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
        let operator = operators(accounts, links);
        let operators = distinct(operator.clone());
        let rhythms: Vec<(f64, f64)> =
            accounts.iter().map(|a| a.rhythm().map_or((0.0, 0.0), |r| (r.coherence, r.pairs))).collect();
        let public: Vec<f64> =
            texts.anchors.iter().map(|anchor| public(&anchor.accounts, &rhythms, &operator)).collect();
        let rarity = texts.anchors.iter().zip(&public).map(|(anchor, &users)| {
            // An app's or a harness's system prompt is public property sooner than what is asked.
            let scale = if anchor.place == Place::System { 2.7 } else { 1.0 };
            if anchor.is_template() { rarity(operators, users * scale) } else { 0.0 }
        });
        Self {
            rarity: rarity.collect(),
            rhythms,
            operators,
            operator,
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
        let inside: BTreeSet<u32> = members.iter().copied().collect();
        let inner: BTreeSet<u32> = members.iter().map(|&m| self.operator[m as usize]).collect();
        let mut users: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &member in members {
            for &(anchor, _) in &self.texts.shares[member as usize] {
                users.entry(anchor).or_default().push(member);
            }
        }
        let enough = 3.max(members.len() / 20).min(members.len());
        let independent = |users: &[u32]| public(users, &self.rhythms, &self.operator);
        users
            .into_iter()
            .filter(|(anchor, users)| users.len() >= enough && self.texts.anchors[*anchor as usize].is_template())
            .map(|(anchor, users)| {
                let accounts = users.len() as f64;
                let operators = distinct(users.iter().map(|&u| self.operator[u as usize]).collect());
                let mut outside = self.texts.anchors[anchor as usize].accounts.clone();
                outside.retain(|a| !inside.contains(a) && !inner.contains(&self.operator[*a as usize]));
                let linked = ((1.0 - operators / accounts - 0.1) / 0.4).clamp(0.0, 1.0);
                let few = rarity(self.operators, independent(&users));
                let doubt = if self.sees_things { 0.4 * few } else { few.max(0.4) };
                (anchor, rarity(self.operators, 1.0 + independent(&outside)) * linked.max(doubt))
            })
            .collect()
    }
}

/// The operator of every account: accounts joined by hard links, and accounts of one declared organisation, are one payer.
fn operators(accounts: &[Account], links: &[Link]) -> Vec<u32> {
    fn find(parent: &mut [u32], mut at: u32) -> u32 {
        while parent[at as usize] != at {
            parent[at as usize] = parent[parent[at as usize] as usize];
            at = parent[at as usize];
        }
        at
    }
    let mut parent: Vec<u32> = (0..accounts.len() as u32).collect();
    let mut join = |a: u32, b: u32| {
        let (a, b) = (find(&mut parent, a), find(&mut parent, b));
        if a != b {
            parent[a.max(b) as usize] = a.min(b);
        }
    };
    for link in links.iter().filter(|l| is_hard(l.kind) && l.weight >= 1.5) {
        join(link.a, link.b);
    }
    let mut first: HashMap<u64, u32> = HashMap::new();
    for (at, account) in accounts.iter().enumerate() {
        for key in [account.organization(), account.container].into_iter().flatten() {
            let first = *first.entry(key).or_insert(at as u32);
            join(first, at as u32);
        }
    }
    (0..accounts.len() as u32).map(|a| find(&mut parent, a)).collect()
}

/// Rarity of a text that `users` of all independent operators use, 0 (public) to 1: among few because it is, and among many in share.
fn rarity(operators: f64, users: f64) -> f64 {
    let users = users.max(1.0);
    let share = rise((operators / users).ln(), 1.5, 3.5);
    share.min(1.0 - rise(users.ln(), 10f64.ln(), 80f64.ln()))
}

/// Pairs of active hours from which one account's rhythm tells by itself.
const TELLS: f64 = 40.0;

/// How many independent operators use a text, each counted by how far it lives by day and night: people do, a network of
/// accounts doesn't. Those that each sent too little to tell are judged together.
fn public(users: &[u32], rhythms: &[(f64, f64)], operator: &[u32]) -> f64 {
    let human = |coherence: f64| rise(coherence, 0.03, 0.15).max(0.05);
    let (mut sum, mut pairs) = (0.0, 0.0);
    for &(coherence, p) in users.iter().map(|&u| &rhythms[u as usize]).filter(|r| r.1 < TELLS) {
        sum += coherence * p;
        pairs += p;
    }
    let together = if pairs < TELLS { 0.5 } else { human(sum / pairs) };
    let mut each: Vec<(u32, f64)> = users
        .iter()
        .map(|&u| {
            let (coherence, pairs) = rhythms[u as usize];
            (operator[u as usize], if pairs < TELLS { together } else { human(coherence) })
        })
        .collect();
    each.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    each.dedup_by_key(|e| e.0);
    each.iter().map(|e| e.1).sum()
}

fn distinct(mut values: Vec<u32>) -> f64 {
    values.sort_unstable();
    values.dedup();
    values.len() as f64
}

impl<'a> Group<'a> {
    /// The accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &'a Account> + '_ {
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
