//! Links: evidence that two accounts have one operator.
//! In: accounts, their shared texts. Out: `Link`s (pairs with log-odds by kind), and operators: accounts joined by hard evidence.
//! Invariant: symmetric and deterministic; weight falls with the number of accounts that share the thing.
//! Not here: grouping links into communities (`community.rs`).
//!
//! A link's weight is the log-odds that two accounts that share a thing do so because one hand holds both, against sharing it by chance: `ln(N / d) - c`
//! for a thing shared by `d` of `N` accounts, where `c` says how freely the thing moves between strangers. The weights of a pair add up.

use std::collections::HashMap;

use stillwatch_model::LinkKind;

use crate::account::Account;
use crate::text::fold;
use crate::texts::{Place, Texts};

/// Pairs of one thing's holders that are linked, at most, per holder: beyond, neighbours in order of creation stand for all.
const NEIGHBOURS: usize = 6;
/// Holders up to which every pair is linked.
const CLIQUE: usize = 24;
/// Share of an account's exchanges that must carry a text before the account is a user of it.
const USER: f32 = 0.12;

/// One kind of evidence that two accounts have one operator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// One account; less than `b`.
    pub a: u32,
    /// The other account.
    pub b: u32,
    /// The kind of evidence.
    pub kind: LinkKind,
    /// Log-odds.
    pub weight: f64,
    /// Identity of the thing shared, for counting independent ones.
    pub thing: u64,
}

/// How freely a kind of thing moves between strangers, in log-odds; and the most that one thing can weigh.
fn prior(kind: LinkKind) -> (f64, f64) {
    match kind {
        LinkKind::Replay => (0.0, 8.0),
        LinkKind::Payment | LinkKind::Device => (1.0, 6.0),
        LinkKind::Network => (3.0, 4.0),
        LinkKind::SignUp => (4.0, 2.0),
        LinkKind::Template | LinkKind::Injected => (3.0, 3.0),
        LinkKind::Timing | LinkKind::Creation | LinkKind::Pivot | LinkKind::Succession => (3.0, 2.0),
    }
}

fn weigh(kind: LinkKind, population: f64, holders: usize) -> f64 {
    let (freedom, most) = prior(kind);
    ((population / holders as f64).ln() - freedom).clamp(0.0, most)
}

/// All links of a population.
#[must_use]
pub fn find(accounts: &[Account], texts: &Texts) -> Vec<Link> {
    let mut links = hard(accounts, texts);
    links.extend(by_text(accounts, texts));
    links.sort_by_key(|x| (x.a, x.b, x.kind, x.thing));
    links.dedup_by(|x, y| (x.a, x.b, x.kind, x.thing) == (y.a, y.b, y.kind, y.thing));
    links
}

/// Links by things other than text: payment, device, addresses, reasoning references.
fn hard(accounts: &[Account], texts: &Texts) -> Vec<Link> {
    let order = by_age(accounts);
    let mut links = Vec::new();
    let mut things: HashMap<(LinkKind, u64), Vec<u32>> = HashMap::new();
    for (at, account) in accounts.iter().enumerate() {
        let at = at as u32;
        let mut hold = |kind, thing: Option<u64>| {
            if let Some(thing) = thing {
                things.entry((kind, thing)).or_default().push(at);
            }
        };
        hold(LinkKind::Payment, account.payment);
        hold(LinkKind::Device, account.device);
        hold(LinkKind::SignUp, account.phone_prefix.map(|p| p ^ 1));
        hold(LinkKind::SignUp, account.referrer.map(|r| r ^ 2));
        for &(network, _) in account.sketch.networks.entries() {
            hold(LinkKind::Network, Some(network));
        }
    }
    let mut things: Vec<_> = things.into_iter().filter(|(_, holders)| holders.len() > 1).collect();
    things.sort_unstable_by_key(|&(key, _)| key);
    for ((kind, thing), holders) in things {
        let weight = weigh(kind, accounts.len() as f64, holders.len());
        pair_up(&holders, &order, |a, b| {
            // One declared organisation is one customer: sharing inside it says nothing. Nor do neighbours inside an aggregator.
            let declared =
                accounts[a as usize].organization().is_some_and(|o| accounts[b as usize].organization() == Some(o));
            let housed = accounts[a as usize].container.is_some_and(|c| accounts[b as usize].container == Some(c));
            if weight > 0.0 && !declared && !housed {
                let weight = if kind == LinkKind::Network { weight * private(a, b, accounts, texts) } else { weight };
                links.push(Link { a, b, kind, weight, thing });
            }
        });
    }
    links.extend(replay(accounts));
    links
}

/// How far an address that two accounts share is one operator's, 0.1 to 1: those who meet at a public proxy, a phone network or
/// a campus have nothing else in common; an operator's accounts send the same texts, or are machines of one make and batch.
fn private(a: u32, b: u32, accounts: &[Account], texts: &Texts) -> f64 {
    let alike = texts.likeness(a, b);
    let own_text = |x: u32| {
        texts.shares[x as usize]
            .iter()
            .any(|&(anchor, share)| share >= 0.4 && texts.anchors[anchor as usize].is_template())
    };
    // Two that each have a text of their own, and not the same, are two operators at one proxy.
    if own_text(a) && own_text(b) {
        return ((alike - 0.15) / 0.2).clamp(0.1, 1.0);
    }
    let make = one_make(&accounts[a as usize], &accounts[b as usize]);
    (alike.max(if make { 0.3 } else { 0.0 }) / 0.3).clamp(0.1, 1.0)
}

/// Machines of one make and batch: the same client, no human rhythm, created within two weeks of each other where known.
fn one_make(a: &Account, b: &Account) -> bool {
    let client = |x: &Account| x.sketch.clients.entries().first().map(|c| c.0);
    let human = |x: &Account| x.rhythm().is_some_and(|r| r.pairs >= 10.0 && r.coherence > 0.2);
    let apart = a.created.zip(b.created).map(|(x, y)| (x - y).abs() > 14 * 86_400_000_000);
    client(a).is_some() && client(a) == client(b) && !human(a) && !human(b) && apart != Some(true)
}

/// References presented by another account than they were minted for.
fn replay(accounts: &[Account]) -> Vec<Link> {
    let mut minted: HashMap<u64, Vec<u32>> = HashMap::new();
    for (at, account) in accounts.iter().enumerate() {
        for &(reference, _) in account.sketch.minted.entries() {
            minted.entry(reference).or_default().push(at as u32);
        }
    }
    let mut links = Vec::new();
    for (at, account) in accounts.iter().enumerate() {
        let at = at as u32;
        for &(reference, _) in account.sketch.presented.entries() {
            let Some(minters) = minted.get(&reference) else { continue };
            if minters.contains(&at) {
                continue;
            }
            for &minter in minters.iter().take(CLIQUE) {
                // A firm may hand its own sessions between its own accounts.
                let firm = account.organization();
                if firm.is_some() && firm == accounts[minter as usize].organization() {
                    continue;
                }
                links.push(Link {
                    a: at.min(minter),
                    b: at.max(minter),
                    kind: LinkKind::Replay,
                    weight: prior(LinkKind::Replay).1,
                    thing: reference,
                });
            }
        }
    }
    links
}

/// Links by shared text, weighted by rarity among operators, and by how much of both accounts' traffic carries it.
fn by_text(accounts: &[Account], texts: &Texts) -> Vec<Link> {
    let order = by_age(accounts);
    let mut pairs: HashMap<(u32, u32), (f64, f64)> = HashMap::new();
    for anchor in texts.anchors.iter().filter(|a| a.is_template()) {
        let at = texts.anchors.binary_search_by_key(&anchor.key, |a| a.key).unwrap_or(0) as u32;
        let share = |account: u32| {
            let shares = &texts.shares[account as usize];
            shares.binary_search_by_key(&at, |s| s.0).map_or(0.0, |i| shares[i].1)
        };
        let users: Vec<u32> = anchor.accounts.iter().copied().filter(|&a| share(a) >= USER).collect();
        if users.len() < 2 {
            continue;
        }
        let weight = weigh(LinkKind::Template, accounts.len() as f64, users.len()).max(0.15);
        // The body has many anchors that say the same thing; the edges have one each.
        let part = if anchor.place == Place::Body { 0.25 } else { 1.0 };
        pair_up(&users, &order, |a, b| {
            let both = f64::from(share(a).min(share(b)));
            let pair = pairs.entry((a, b)).or_default();
            if anchor.place == Place::Body {
                pair.0 += weight * part * both;
            } else {
                pair.1 = pair.1.max(weight * part * both);
            }
        });
    }
    let most = prior(LinkKind::Template).1;
    let mut links: Vec<Link> = pairs
        .into_iter()
        .map(|((a, b), (body, edge))| Link {
            a,
            b,
            kind: if edge > body { LinkKind::Injected } else { LinkKind::Template },
            weight: body.max(edge).min(most),
            thing: 0,
        })
        .filter(|link| link.weight >= 0.05)
        .collect();
    links.sort_unstable_by_key(|l| (l.a, l.b));
    links
}

/// Rank of every account in order of creation, or of first exchange where creation isn't known: accounts made together stand together.
fn by_age(accounts: &[Account]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..accounts.len() as u32).collect();
    order.sort_by_key(|&at| {
        let account = &accounts[at as usize];
        (account.created.unwrap_or(account.sketch.first), fold(at.into(), 1))
    });
    let mut rank = vec![0; accounts.len()];
    for (place, &at) in order.iter().enumerate() {
        rank[at as usize] = place as u32;
    }
    rank
}

/// Every pair of a few holders; of many, each with its neighbours in order of creation.
fn pair_up(holders: &[u32], rank: &[u32], mut link: impl FnMut(u32, u32)) {
    if holders.len() <= CLIQUE {
        for (i, &a) in holders.iter().enumerate() {
            for &b in &holders[i + 1..] {
                link(a.min(b), a.max(b));
            }
        }
        return;
    }
    let mut sorted = holders.to_vec();
    sorted.sort_unstable_by_key(|&at| rank[at as usize]);
    for (i, &a) in sorted.iter().enumerate() {
        for &b in sorted.iter().skip(i + 1).take(NEIGHBOURS) {
            link(a.min(b), a.max(b));
        }
    }
}
