//! Likeness: how far a campaign looks like an earlier one that was acted on.
//! In: what both were folded to. Out: figures, and a score made of them.
//! Invariant: pure and deterministic; what many strangers use counts little; nothing but technique and aim alike is no likeness.
//! Not here: whether a finding is a known campaign (`matching.rs`), keeping links (`reappearances.rs`).
//!
//! The score is `1 - (1 - 0.8 t) (1 - 0.6 a) (1 - 0.3 c)`, and from 0.5 up a link is kept:
//!
//! - `t`, texts: as in `matching.rs`, public ones shrunk.
//! - `a`, addresses: the share of the later campaign's exchanges from addresses that the earlier one used, each weighed by the
//!   share of accounts there that belong to the campaign, the smaller of both.
//! - `c`, clients: the same of user agents with TLS fingerprints.
//!
//! So texts alone make a link from 0.63 up, addresses alone from 0.84 up, clients alone never. Techniques and capabilities in
//! common are told beside it and add nothing: campaigns with one aim are many. Cards and devices aren't kept over time, so they
//! can't be compared; within a run they tie accounts already.

use std::collections::{BTreeMap, BTreeSet};

use crate::fold::Folded;
use crate::matching::rare_agreement;

/// From this score up a link is kept.
pub const LIKE: f64 = 0.5;

/// How alike two campaigns are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Likeness {
    /// The score.
    pub score: f64,
    /// Agreement of texts.
    pub texts: f64,
    /// Exchanges from addresses of the earlier one.
    pub addresses: f64,
    /// Exchanges from clients of the earlier one.
    pub clients: f64,
    /// Techniques and capabilities that both have, over those that either has.
    pub habits: f64,
}

/// How far `later` looks like `earlier`; `all` are all that it is compared with, by which public texts are told.
#[must_use]
pub fn likeness(later: &Folded, earlier: &Folded, all: &[&Folded]) -> Likeness {
    let texts = rare_agreement(&later.texts, &earlier.texts, all.iter().map(|one| one.texts.as_slice()));
    let addresses = shared(&networks(later), &networks(earlier));
    let clients = shared(&clients(later), &clients(earlier));
    Likeness {
        score: 1.0 - (1.0 - 0.8 * texts) * (1.0 - 0.6 * addresses) * (1.0 - 0.3 * clients),
        texts,
        addresses,
        clients,
        habits: habits(later, earlier),
    }
}

/// Places from which a campaign sent: what each is, exchanges, the share of members among its accounts.
type Places<T> = Vec<(T, u64, f64)>;

fn networks(of: &Folded) -> Places<&str> {
    of.networks.iter().map(|one| (one.address.as_str(), one.exchanges, own(one.accounts, one.strangers))).collect()
}

fn clients(of: &Folded) -> Places<(Option<&str>, Option<&str>)> {
    let mut places = Vec::with_capacity(of.clients.len());
    for one in &of.clients {
        let what = (one.user_agent.as_deref(), one.tls_ja4.as_deref());
        places.push((what, one.exchanges, own(one.accounts, one.strangers)));
    }
    places
}

/// The share of accounts that are members.
fn own(members: u64, strangers: u64) -> f64 {
    if strangers == 0 { 1.0 } else { members as f64 / (members.saturating_add(strangers)) as f64 }
}

/// The share of `mine` that is at places of `theirs`.
fn shared<T: Ord>(mine: &[(T, u64, f64)], theirs: &[(T, u64, f64)]) -> f64 {
    let theirs: BTreeMap<&T, f64> = theirs.iter().map(|(what, _, own)| (what, *own)).collect();
    let all: u64 = mine.iter().map(|(_, exchanges, _)| exchanges).sum();
    let met = mine.iter().filter_map(|(what, exchanges, own)| Some(*exchanges as f64 * own.min(*theirs.get(what)?)));
    if all == 0 { 0.0 } else { met.sum::<f64>() / all as f64 }
}

fn habits(one: &Folded, other: &Folded) -> f64 {
    let of = |folded: &Folded| -> BTreeSet<String> {
        let capabilities = folded.capabilities.iter().map(|capability| capability.name().to_owned());
        folded.techniques.iter().cloned().chain(capabilities).collect()
    };
    let (one, other) = (of(one), of(other));
    let all = one.union(&other).count();
    if all == 0 { 0.0 } else { one.intersection(&other).count() as f64 / all as f64 }
}
