//! Shared: an epoch key made by members, and evaluations under it.
//! In: how many members, how many are needed. Out: holders, outputs.
//! Invariant: same seed, same key.
//! Not here: what must hold.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::epoch::{Asker, Dealing, Dealt, EpochKey, Holder, Setup, possession};
use stillwatch_matching::oprf::{Key, Output};
use stillwatch_matching::{Element, Namespace, Result};

use crate::rng::rng;

pub(crate) const HUB: &str = "hub.example";

pub(crate) fn member(number: usize) -> String {
    format!("lab-{number:02}.example")
}

pub(crate) fn setup(epoch: u64, members: usize, quorum: u16) -> Setup {
    Setup {
        epoch,
        namespace: Namespace::Address,
        hub: HUB.to_owned(),
        members: (0..members).map(member).collect(),
        quorum,
    }
}

/// An epoch's holders, the hub last.
pub(crate) struct Shared {
    pub(crate) key: EpochKey,
    pub(crate) holders: Vec<Holder>,
    pub(crate) secrets: Vec<[u8; 32]>,
    pub(crate) rng: ChaCha20Rng,
    rounds: BTreeMap<String, u64>,
}

/// Every member's share, dealt among them.
pub(crate) fn deal(setup: &Setup, r: &mut ChaCha20Rng) -> Vec<Dealt> {
    let begun: Vec<_> = setup.members.iter().map(|name| Dealing::begin(setup.clone(), name, r).unwrap()).collect();
    let first: BTreeMap<String, Vec<u8>> =
        setup.members.iter().cloned().zip(begun.iter().map(|(_, package)| package.clone())).collect();
    let without =
        |name: &String| first.iter().filter(|(n, _)| *n != name).map(|(n, p)| (n.clone(), p.clone())).collect();
    let second: Vec<_> = begun
        .into_iter()
        .zip(&setup.members)
        .map(|((dealing, _), name)| dealing.second(&without(name)).unwrap())
        .collect();
    let echoes: BTreeMap<String, [u8; 32]> =
        setup.members.iter().cloned().zip(second.iter().map(|(_, _, echo)| *echo)).collect();
    let mail: Vec<BTreeMap<String, Vec<u8>>> = setup
        .members
        .iter()
        .map(|to| {
            let from = setup.members.iter().zip(&second).filter(|(name, _)| *name != to);
            from.map(|(name, (_, shares, _))| (name.clone(), shares[to].clone())).collect()
        })
        .collect();
    second.into_iter().zip(mail).map(|((sharing, _, _), mail)| sharing.finish(&mail, &echoes).unwrap()).collect()
}

impl Shared {
    pub(crate) fn new(epoch: u64, members: usize, quorum: u16) -> Self {
        let mut r = rng(100 + epoch);
        let setup = setup(epoch, members, quorum);
        let dealt = deal(&setup, &mut r);
        assert!(dealt.windows(2).all(|two| two[0].shares == two[1].shares));
        let hub = Key::generate(&mut r);
        let proof = possession(&setup, &hub, &mut r).unwrap();
        let key = EpochKey::new(setup.clone(), &hub.public().to_bytes(), &proof, &dealt[0].shares).unwrap();
        let mut budgets = Budgets::new(epoch);
        setup.members.iter().for_each(|name| budgets.allow(name, Namespace::Address, 10_000));
        let mut names = setup.members.clone();
        names.push(HUB.to_owned());
        let keys: Vec<Key> = dealt.into_iter().map(|dealt| dealt.key).chain([hub]).collect();
        let secrets = keys.iter().map(|key| *key.to_bytes()).collect();
        let holders = names
            .iter()
            .zip(keys)
            .map(|(name, share)| Holder::new(key.clone(), name, share, budgets.clone()).unwrap())
            .collect();
        Self { key, holders, secrets, rng: r, rounds: BTreeMap::new() }
    }

    pub(crate) fn asker(&mut self, who: &str) -> Asker {
        let round = self.rounds.entry(who.to_owned()).or_default();
        *round += 1;
        Asker::new(self.key.clone(), who, *round)
    }

    /// Has elements evaluated by the hub and these members.
    pub(crate) fn outputs(
        &mut self,
        who: &str,
        elements: &[Element],
        quorum: &[usize],
    ) -> Result<Vec<(Element, Output)>> {
        let names: Vec<String> = quorum.iter().map(|seat| member(*seat)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut asked = self.asker(who).ask(elements.to_vec(), 3, &names, &mut self.rng)?;
        let hub = self.holders.len() - 1;
        for seat in quorum.iter().copied().chain([hub]) {
            let charged = self.holders[seat].charge(who, asked.request())?;
            let answer = self.holders[seat].answer(charged, &mut self.rng)?;
            let name = if seat == hub { HUB.to_owned() } else { member(seat) };
            asked.take(&name, &answer)?;
        }
        asked.finish()
    }
}
