//! Links: evidence that two accounts have one operator.
//! In: accounts, their shared texts. Out: `Link`s (pairs with log-odds by kind), and operators: accounts joined by hard evidence.
//! Invariant: symmetric and deterministic; weight falls with the number of accounts that share the thing.
//! Not here: grouping links into communities (`community.rs`).
//!
//! A link's weight is the log-odds that two accounts that share a thing do so because one hand holds both, against sharing it by chance: `ln(N / d) - c`
//! for a thing shared by `d` of `N` accounts, where `c` says how freely the thing moves between strangers. The weights of a pair add up.

mod companions;

use std::collections::HashMap;

use stillwatch_model::{LinkKind, Micros};

use crate::account::Account;
use crate::link::Link;
use crate::payers::Payers;
use crate::sketch::TOPIC;
use crate::text::fold;
use crate::texts::{Place, Texts};

/// Pairs of one thing's holders that are linked, at most, per holder: beyond, neighbours in order of creation stand for all.
const NEIGHBOURS: usize = 6;
/// Holders up to which every pair is linked.
const CLIQUE: usize = 24;
/// Share of an account's exchanges that must carry a text before the account is a user of it.
const USER: f32 = 0.12;
const DAY: Micros = 86_400_000_000;

/// How freely a kind of thing moves between strangers, in log-odds; and the most that one thing can weigh.
fn prior(kind: LinkKind) -> (f64, f64) {
    match kind {
        LinkKind::Replay => (0.0, 8.0),
        LinkKind::Payment | LinkKind::Device => (1.0, 6.0),
        LinkKind::Network => (3.0, 4.0),
        LinkKind::SignUp => (5.5, 0.6),
        LinkKind::Template | LinkKind::Injected => (3.0, 3.0),
        LinkKind::Timing | LinkKind::Creation | LinkKind::Pivot | LinkKind::Succession => (3.0, 1.5),
    }
}

fn weigh(kind: LinkKind, population: f64, holders: usize) -> f64 {
    let (freedom, most) = prior(kind);
    ((population / holders as f64).ln() - freedom).clamp(0.0, most)
}

/// All links of a population, and the payers that hard ones make out.
#[must_use]
pub fn find(accounts: &[Account], texts: &Texts) -> (Vec<Link>, Payers) {
    let habits = Habits::of(accounts, texts);
    let mut links = hard(accounts, texts, &habits);
    let payers = Payers::find(accounts, &links, texts);
    links.extend(by_text(accounts, texts, &payers));
    links.extend(batches(accounts, &habits));
    links.extend(companions::find(accounts, &links));
    links.sort_by_key(|x| (x.a, x.b, x.kind, x.thing));
    links.dedup_by(|x, y| (x.a, x.b, x.kind, x.thing) == (y.a, y.b, y.kind, y.thing));
    (links, payers)
}

/// Links by things other than text: payment, device, addresses, reasoning references.
fn hard(accounts: &[Account], texts: &Texts, habits: &AllHabits) -> Vec<Link> {
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
        hold(LinkKind::SignUp, account.email_domain.map(|d| d ^ 3));
        for &(network, _) in account.sketch.networks.entries() {
            hold(LinkKind::Network, Some(network));
        }
    }
    let mut things: Vec<_> = things.into_iter().filter(|(_, holders)| holders.len() > 1).collect();
    things.sort_unstable_by_key(|&(key, _)| key);
    let mut pairs = Vec::new();
    for ((kind, thing), holders) in things {
        let weight = weigh(kind, accounts.len() as f64, holders.len());
        if weight <= 0.0 {
            continue;
        }
        pairs.clear();
        pair_up(&holders, &order, |a, b| {
            // One declared organisation is one customer: sharing inside it says nothing. Nor do neighbours inside an aggregator.
            let (x, y) = (&accounts[a as usize], &accounts[b as usize]);
            let housed = x.container.is_some_and(|c| y.container == Some(c));
            if !x.is_of_one_firm(y) && !housed {
                let company = if kind == LinkKind::Network { habits.company(a, b, texts) } else { Company::Alike(1.0) };
                pairs.push((a, b, company));
            }
        });
        let crowd = (kind == LinkKind::Network && holders.len() >= PUBLIC).then(|| privacy(&pairs));
        links.extend(pairs.iter().map(|&(a, b, company)| {
            let private = match (company, crowd) {
                (Company::Alike(x) | Company::Unlike(x) | Company::Unknown(x), None) => x,
                (Company::Alike(x) | Company::Unlike(x), Some(privacy)) => x * privacy,
                // In a crowd, those who have nothing known in common met by chance.
                (Company::Unknown(x), Some(privacy)) => 0.3 * x * privacy,
            };
            Link { a, b, kind, weight: weight * private, thing }
        }));
    }
    discount(&mut links);
    links.extend(replay(accounts));
    links
}

/// How far an address where many meet is one operator's: where most have nothing else in common, those who do met by chance too.
fn privacy(pairs: &[(u32, u32, Company)]) -> f64 {
    let alike = pairs.iter().filter(|p| matches!(p.2, Company::Alike(_))).count() as f64;
    let known = pairs.iter().filter(|p| !matches!(p.2, Company::Unknown(_))).count() as f64;
    ((alike + 1.0) / (known + 3.0) / 0.5 - 0.2).clamp(0.1, 1.0)
}

/// What two accounts that share an address have in common besides, with how far the address is one operator's, 0 to 1.
#[derive(Debug, Clone, Copy)]
enum Company {
    Alike(f64),
    Unlike(f64),
    Unknown(f64),
}

/// Holders from which the company at an address tells whether it is public.
const PUBLIC: usize = 6;
/// What each further address that two accounts share weighs, against the one before: a pool's exits come together.
const NEXT: f64 = 0.6;

/// Lessens the weight of all but the strongest address that two accounts share.
fn discount(links: &mut Vec<Link>) {
    links.sort_by(|x, y| {
        (x.a, x.b, x.kind).cmp(&(y.a, y.b, y.kind)).then(y.weight.total_cmp(&x.weight)).then(x.thing.cmp(&y.thing))
    });
    let mut part = 1.0;
    for at in 0..links.len() {
        let link = links[at];
        let again = at > 0 && (links[at - 1].a, links[at - 1].b, links[at - 1].kind) == (link.a, link.b, link.kind);
        part = if again && link.kind == LinkKind::Network { part * NEXT } else { 1.0 };
        links[at].weight *= part;
    }
    links.retain(|link| link.weight >= 0.05);
}

/// What is compared of two accounts that share an address, looked up once.
struct Habits {
    client: Option<u64>,
    human: bool,
    created: Option<Micros>,
    /// Largest share of a text of its own.
    own: f32,
    samples: usize,
    /// Mean subject of its prompts against everybody's; unit length, absent with few samples.
    topic: Option<[f32; TOPIC]>,
}

/// All accounts' habits.
struct AllHabits(Vec<Habits>);

impl Habits {
    fn of(accounts: &[Account], texts: &Texts) -> AllHabits {
        let topics = topics(accounts);
        AllHabits(
            accounts
                .iter()
                .zip(&texts.shares)
                .zip(topics)
                .map(|((account, shares), topic)| Self {
                    topic,
                    client: account.client(),
                    human: account.rhythm().is_some_and(|r| r.pairs >= 10.0 && r.coherence > 0.2),
                    created: account.created,
                    own: shares
                        .iter()
                        .filter(|&&(anchor, _)| texts.anchors[anchor as usize].is_template())
                        .map(|s| s.1)
                        .fold(0.0, f32::max),
                    samples: account.sketch.samples().len(),
                })
                .collect(),
        )
    }
}

impl AllHabits {
    /// How far an address that two accounts share is one operator's: those who meet at a public proxy, a phone network or a
    /// campus have nothing else in common; an operator's accounts send the same texts, or are machines of one make and batch
    /// that ask about the same.
    fn company(&self, a: u32, b: u32, texts: &Texts) -> Company {
        const ROOM: usize = 8;
        let (x, y) = (&self.0[a as usize], &self.0[b as usize]);
        let alike = if x.own > 0.0 && y.own > 0.0 { texts.likeness(a, b) } else { 0.0 };
        if alike >= 0.2 {
            return Company::Alike(((alike - 0.1) / 0.2).min(1.0));
        }
        let own = |h: &Habits| h.own >= 0.4;
        let room = |h: &Habits| h.samples >= ROOM;
        // Each has a text of its own, or one has and the other had room to show it and did not: two operators at one proxy.
        if own(x) && own(y) && room(x) && room(y)
            || own(x) && room(y) && y.own < 0.2
            || own(y) && room(x) && x.own < 0.2
        {
            return Company::Unlike(0.1);
        }
        let make = one_make(x, y);
        match x.topic.zip(y.topic).map(|(x, y)| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>()) {
            Some(subject) if subject >= 0.45 && make => Company::Alike(1.0),
            Some(subject) if subject < 0.2 => Company::Unlike(0.1),
            _ if make => Company::Unknown(0.6),
            _ => Company::Unknown(0.1),
        }
    }
}

/// The mean subject of each account's prompts, against everybody's.
fn topics(accounts: &[Account]) -> Vec<Option<[f32; TOPIC]>> {
    const ENOUGH: usize = 6;
    let mean = |account: &Account| {
        let samples = account.sketch.samples();
        let mut sum = [0.0f32; TOPIC];
        for sample in samples {
            for (sum, &t) in sum.iter_mut().zip(&sample.topic) {
                *sum += f32::from(t) / samples.len() as f32;
            }
        }
        (samples.len() >= ENOUGH && account.sketch.counts.prompts > 0).then_some(sum)
    };
    let means: Vec<_> = accounts.iter().map(mean).collect();
    let known = means.iter().flatten().count().max(1) as f32;
    let mut all = [0.0f32; TOPIC];
    for mean in means.iter().flatten() {
        for (all, t) in all.iter_mut().zip(mean) {
            *all += t / known;
        }
    }
    let unit = |mut v: [f32; TOPIC]| {
        v.iter_mut().zip(all).for_each(|(v, all)| *v -= all);
        let length = v.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
        v.map(|v| v / length)
    };
    means.into_iter().map(|mean| mean.map(unit)).collect()
}

/// Machines of one make and batch: the same client, no human rhythm, created within two weeks of each other where known.
fn one_make(a: &Habits, b: &Habits) -> bool {
    let apart = a.created.zip(b.created).map(|(x, y)| (x - y).abs() > 14 * DAY);
    a.client.is_some() && a.client == b.client && !a.human && !b.human && apart != Some(true)
}

/// Accounts made in one batch: the same make, one after the other, where more were made than in the days around.
fn batches(accounts: &[Account], habits: &AllHabits) -> Vec<Link> {
    let mut made: Vec<(Micros, u32)> =
        accounts.iter().zip(0..).filter_map(|(account, at)| Some((account.created?, at))).collect();
    made.sort_unstable();
    let count =
        |from: Micros, to: Micros| (made.partition_point(|m| m.0 <= to) - made.partition_point(|m| m.0 < from)) as f64;
    let mut links = Vec::new();
    for (place, &(when, a)) in made.iter().enumerate() {
        let rush = count(when - DAY / 2, when + DAY / 2) / (count(when - 10 * DAY, when + 10 * DAY) / 20.0).max(1.0);
        let weight = (0.5 * (rush / 2.0).ln()).min(prior(LinkKind::Creation).1);
        if weight < 0.05 {
            continue;
        }
        let alike = |b: u32| {
            let (x, y) = (&accounts[a as usize], &accounts[b as usize]);
            let volume = (x.exchanges().max(1.0).ln() - y.exchanges().max(1.0).ln()).abs();
            volume < 1.2 && !x.is_of_one_firm(y) && one_make(&habits.0[a as usize], &habits.0[b as usize])
        };
        let near = made[place + 1..].iter().take(24).take_while(|m| m.0 - when <= DAY).map(|m| m.1);
        for b in near.filter(|&b| alike(b)).take(3) {
            links.push(Link { a: a.min(b), b: a.max(b), kind: LinkKind::Creation, weight, thing: 0 });
        }
    }
    links
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
                if account.is_of_one_firm(&accounts[minter as usize]) {
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
fn by_text(accounts: &[Account], texts: &Texts, payers: &Payers) -> Vec<Link> {
    let order = by_age(accounts);
    let mut pairs: HashMap<(u32, u32), (f64, f64)> = HashMap::new();
    let most = prior(LinkKind::Template).1;
    let mut share = vec![0.0f32; accounts.len()];
    for (anchor, &rarity) in texts.anchors.iter().zip(&payers.rarity).filter(|&(_, &rarity)| rarity > 0.0) {
        let users: Vec<u32> = anchor
            .accounts
            .iter()
            .zip(&anchor.shares)
            .filter(|&(_, &s)| s >= USER)
            .map(|(&account, &s)| {
                share[account as usize] = s;
                account
            })
            .collect();
        if users.len() < 2 {
            continue;
        }
        let weight = most * rarity;
        // The body has many anchors that say the same thing; the edges have one each.
        let part = if anchor.place == Place::Body { 0.25 } else { 1.0 };
        pair_up(&users, &order, |a, b| {
            let both = f64::from(share[a as usize].min(share[b as usize]));
            let pair = pairs.entry((a, b)).or_default();
            if anchor.place == Place::Body {
                pair.0 += weight * part * both;
            } else {
                pair.1 = pair.1.max(weight * part * both);
            }
        });
    }
    let mut links: Vec<Link> = pairs
        .into_iter()
        .map(|((a, b), (body, edge))| Link {
            a,
            b,
            kind: if edge > body { LinkKind::Injected } else { LinkKind::Template },
            weight: body.max(edge).min(most),
            thing: 0,
        })
        .filter(|link| link.weight >= 0.1)
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
