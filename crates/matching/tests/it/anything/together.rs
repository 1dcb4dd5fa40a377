//! Together: any bytes to holders of an epoch key, to whoever reads a filter or table, to a hub that opens.
//! In: bytes. Out: a panic, if a promise is broken.
//! Invariant: a refusal changes nothing; nothing opens that members didn't make.
//! Not here: two labs (`frames`).

use std::sync::OnceLock;

use stillwatch_matching::bins::{BinTerms, Bins, make, open};
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::check::{Contribution, Filter, Table};
use stillwatch_matching::epoch::{Dealing, EpochKey, Holder, Packages};
use stillwatch_matching::oprf::{Key, Output};
use stillwatch_matching::pool::{Opening, PoolTerms};
use stillwatch_matching::{Error, Namespace};

use super::{rng, setting, setup};

/// Any bytes as a request, package or proof.
pub(crate) fn epochs(bytes: &[u8]) {
    let (setting, mut r) = (setting(), rng());
    let key = Key::from_bytes(&setting.share).unwrap();
    let mut budgets = Budgets::new(1);
    budgets.allow("b.example", Namespace::Address, 100);
    let mut holder = Holder::new(setting.epoch.clone(), "a.example", key, budgets).unwrap();
    let state = holder.state().clone();
    if holder.charge("b.example", bytes).is_err() {
        assert_eq!(*holder.state(), state);
    }
    let (dealing, _) = Dealing::begin(setup(), "a.example", &mut r).unwrap();
    let _ = dealing.second(&Packages::from([("b.example".to_owned(), bytes.to_vec())]));
    assert!(EpochKey::new(setup(), &[1; 32], bytes, &[[2; 32], [3; 32]]).is_err());
}

/// Any bytes as a filter, table, contribution or reports.
pub(crate) fn pools(bytes: &[u8]) {
    let setting = setting();
    if let Ok(filter) = Filter::from_bytes(&setting.epoch, bytes) {
        (0..64u64).for_each(|tag| assert!(filter.has_tag(tag) || !filter.has_tag(tag)));
    }
    let _ = Contribution::from_bytes(bytes, 4);
    let _ = Table::from_bytes(&setting.epoch, 4, bytes);
    let terms = PoolTerms { epoch: setting.epoch.clone(), threshold: 2, element: 8, label: 0 };
    let mut opening = Opening::new(terms).unwrap();
    if opening.add("a.example", bytes.to_vec()).is_ok() {
        let _ = opening.add("b.example", bytes.to_vec());
        assert_eq!(opening.open().unwrap().groups, []);
    }
}

/// Any bytes as a member's tables of bins, as they are and repeated to the right length; and as the hub's answer.
pub(crate) fn bins(bytes: &[u8]) {
    let terms = BinTerms { epoch: setting().epoch.clone(), threshold: 2, pairs: 1, size: 64 };
    static ONCE: OnceLock<Bins> = OnceLock::new();
    let right = ONCE.get_or_init(|| make(&terms, "b.example", &[Output::new([3; 64])], &mut rng()).unwrap());
    let tables = |bytes: &[u8]| open(&terms, &[("a.example", bytes), ("b.example", right.bytes())]);
    assert!(
        matches!(tables(bytes), Err(Error::Given { member, .. }) if member == "a.example")
            || bytes.len() == terms.bytes()
    );
    let mut repeated: Vec<u8> = bytes.iter().chain(&[0; 8]).cycle().take(terms.bytes()).copied().collect();
    for number in repeated.chunks_exact_mut(8) {
        number[7] &= 0x1f;
    }
    let numbers = |bytes: &[u8]| bytes.as_chunks::<8>().0.to_vec();
    let equal = || numbers(&repeated).into_iter().zip(numbers(right.bytes())).enumerate().filter(|(_, (a, b))| a == b);
    match tables(&repeated) {
        Ok(opened) => assert!(opened.bins["a.example"].iter().copied().eq(equal().map(|(bin, _)| bin as u64))),
        Err(_) => assert!(numbers(&repeated).contains(&((1u64 << 61) - 1).to_le_bytes())),
    }
    let answer: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number) % 600).collect();
    if let Ok(mine) = right.mine(&answer) {
        assert!(mine.iter().all(|element| *element == 0));
    }
}
