//! Hidden: an epoch with bins, where not even how many members have an element shows, if fewer than k have it.
//! In: three labs with overlapping sets. Out: what each learns; what is refused.
//! Invariant: exactly the elements of k members open, each for who has it; the hub has numbers and positions.
//! Not here: epochs with reports (`together.rs`), the search itself (`matching`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use stillwatch_matching::{Namespace, normalise, padded};
use stillwatch_node::matching::epoch::{
    Call, Checker, Known, Others, Reply, What, close, contribute, fetch, open, open_pool, publish, report, show,
};
use stillwatch_track::matches;

use super::group::{Between, Changed, Group, Node, address};
use super::seen::no_guess_can_be_tested_with;
use crate::lab::Tested;

/// 2^61 - 1.
const PRIME: u64 = (1 << 61) - 1;

fn refused(reply: &Reply, part: &str) {
    assert!(matches!(reply, Reply::Refused(why) if why.contains(part)), "{reply:?}: {part}");
}

fn fails<T>(done: Result<T, stillwatch_node::Error>, part: &str) {
    match done {
        Err(error) => assert!(error.to_string().contains(part), "{error}: {part}"),
        Ok(_) => assert_eq!(part, "", "it was done"),
    }
}

async fn reports(node: &Node, known: &Known) -> Tested {
    Ok(report(node.place()?, &node.others()?, &node.known(known).await?, &|_| ()).await?)
}

/// What a lab is shown, as elements in hexadecimal; nothing is told of who else has them.
async fn shown(node: &Node, known: &Known) -> Tested<BTreeSet<String>> {
    let all = show(node.place()?, &node.others()?, &node.known(known).await?).await?;
    assert!(all.iter().all(|one| one.reports.is_empty() && one.wrong.is_empty()));
    Ok(all.into_iter().map(|one| one.element).collect())
}

fn elements(of: Range<usize>) -> Tested<BTreeSet<String>> {
    let hex = |n| normalise(Namespace::Address, &address(n)).map(|element| hex::encode(element.as_bytes()));
    Ok(of.map(hex).collect::<Result<_, _>>()?)
}

fn numbers(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_what_k_members_have_opens_and_below_k_nothing_shows() -> Tested {
    // 100 to 120 are everyone's, 80 to 100 the first two's.
    let group = Group::new([0..120, 80..200, 100..120], 10_000).await?;
    let size = padded(120);
    for (threshold, open_for) in [(3, [100..120, 100..120, 100..120]), (2, [80..120, 80..120, 100..120])] {
        let known = group.epoch_with_bins(threshold, size).await?;
        for node in group.labs.iter().chain([&group.hub]) {
            assert_eq!(node.known(&known).await?.terms.bins, size);
        }
        group.contribute(&known, &[0, 1, 2]).await?;
        // Nothing with tags is with the hub: equal ones would show who has how much in common.
        let folder = group.hub.file(&known, "share")?;
        let there: Vec<_> = std::fs::read_dir(folder.parent().ok_or("a folder")?)?.collect::<Result<_, _>>()?;
        assert_eq!(there.iter().map(|one| one.file_name()).collect::<Vec<_>>(), ["share"]);
        let one = &group.labs[0];
        fails(contribute(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await, "contributed to");
        close(group.hub.place()?, &group.hub.others()?, &known).await?;
        let outputs = std::fs::read(one.file(&known, "outputs")?)?;
        for lab in &group.labs {
            reports(lab, &known).await?;
            assert!(reports(lab, &known).await.is_err());
            // Outputs are gone, and the table that shows what is filling.
            assert!(!lab.file(&known, "outputs")?.exists() && !lab.file(&known, "bins")?.exists());
        }
        let mut tables = Vec::new();
        for seat in 0..3 {
            tables.push(std::fs::read(group.hub.file(&known, &format!("bins-{seat}"))?)?);
        }
        // 20 tables of k bins an element: as large for 20 elements as for 120.
        assert!(tables.iter().all(|table| table.len() as u64 == 160 * u64::from(threshold) * size));
        let known = group.hub.known(&known).await?;
        let counts = open_pool(group.hub.place()?, &known).await?;
        assert_eq!((counts.of.len(), counts.opened, counts.shut, counts.wrong.len()), (3, 0, 0, 0));
        fails(open_pool(group.hub.place()?, &known).await, "was opened");
        let opened: BTreeMap<String, u64> = counts.bins.into_iter().collect();
        if threshold == 3 {
            // That 20 more are the first two's shows nowhere: no number is in two tables, nor twice in one.
            let all: Vec<u64> = tables.iter().flat_map(|table| numbers(table)).collect();
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
            assert!(opened.values().all(|bins| *bins == opened["lab-one"] && *bins >= 20), "{opened:?}");
        }
        no_guess_can_be_tested_with(&group, &outputs)?;
        for (lab, expected) in group.labs.iter().zip(open_for) {
            let expected = elements(expected)?;
            assert_eq!(shown(lab, &known).await?, expected, "{} {threshold}", lab.name);
            // Of the rest, nothing stays here; what opened can be shown again.
            assert!(!lab.file(&known, "set")?.exists() && !lab.file(&known, "owners")?.exists());
            assert_eq!(shown(lab, &known).await?, expected);
            let round: String = known.row.id.chars().take(32).collect();
            let common = matches::common(&lab.place()?.store, &round).await?;
            assert_eq!(common.len(), expected.len());
            let rounds = matches::rounds(&lab.place()?.store, 10).await?;
            assert!(rounds.iter().any(|one| one.id == round && one.member == "hub"));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_come_in_their_time_in_their_size_and_once() -> Tested {
    let group = Group::new([0..64, 0..64, 0..64], 10_000).await?;
    let plain = group.epoch(10_000).await?;
    let known = group.epoch_with_bins(2, 64).await?;
    let hub = group.hub.place()?;
    let (one, three) = (&group.labs[0], &group.labs[2]);
    let give = |of: &Known, what: What, offset: u64, piece: &[u8]| {
        let piece = piece.to_vec();
        Call::Give { epoch: of.id, what, offset, piece }
    };
    let ask = async |node: &Node, call: Call| -> Tested<Reply> { Ok(node.others()?.call("hub", &call).await?) };

    // A set that is too large isn't committed to; nothing with tags is taken, published, or looked up in.
    let commit = |size| Call::Commit { epoch: known.id, root: [1; 32], size };
    refused(&ask(three, commit(72)).await?, "more than the 64");
    assert_eq!(ask(three, commit(64)).await?, Reply::Done);
    refused(&ask(three, give(&known, What::Contribution, 0, &[1])).await?, "nothing is published");
    fails(publish(hub, &known).await, "nothing is published");
    fails(fetch(one.place()?, &one.others()?, &one.known(&known).await?).await, "nothing is published");
    let early = Checker::new(one.place()?, Box::new(one.others()?), Namespace::Address).await;
    // The newest epoch with a pool is the one before.
    fails(early, "no filter of this epoch");
    group.contribute(&known, &[0, 1]).await?;
    group.contribute(&plain, &[0, 1]).await?;

    // Before holders erased.
    refused(&ask(three, give(&known, What::Bins, 0, &[1])).await?, "isn't over");
    let early = report(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await;
    fails(early, "isn't over");
    for epoch in [&plain, &known] {
        close(hub, &group.hub.others()?, epoch).await?;
    }
    // Of the wrong kind for the epoch.
    refused(&ask(three, give(&known, What::Report, 0, &[1])).await?, "no report");
    refused(&ask(one, give(&plain, What::Bins, 0, &[1])).await?, "no bins");
    let hash = [0; 32];
    refused(&ask(three, Call::Given { epoch: known.id, what: What::Report, hash }).await?, "no report");
    refused(&ask(one, Call::Given { epoch: plain.id, what: What::Bins, hash }).await?, "no bins");

    // Longer and shorter than all are; numbers that are none.
    let all = known.bins()?.bytes();
    assert_eq!(all, 20 * 2 * 64 * 8);
    let whole = |bytes: &[u8]| Call::Given { epoch: known.id, what: What::Bins, hash: Sha256::digest(bytes).into() };
    let mut random = ChaCha20Rng::from_seed([3; 32]);
    let table: Vec<u8> = (0..all / 8).flat_map(|_| (random.next_u64() % PRIME).to_le_bytes()).collect();
    refused(&ask(three, give(&known, What::Bins, 0, &vec![0; all + 1])).await?, "longer than");
    for short in [&table[..all - 8], &[]] {
        ask(three, give(&known, What::Bins, 0, short)).await?;
        refused(&ask(three, whole(short)).await?, "were announced");
    }
    let mut odd = table.clone();
    odd[all - 8..].copy_from_slice(&PRIME.to_le_bytes());
    assert_eq!(ask(three, give(&known, What::Bins, 0, &odd)).await?, Reply::At(all as u64));
    refused(&ask(three, whole(&odd)).await?, "no number of the field");
    // Random numbers are taken, as nobody can tell; once.
    assert_eq!(ask(three, give(&known, What::Bins, 0, &table)).await?, Reply::At(all as u64));
    assert_eq!(ask(three, whole(&table)).await?, Reply::Done);
    refused(&ask(three, give(&known, What::Bins, 0, &[1])).await?, "your bins is here already");
    refused(&ask(three, whole(&table)).await?, "your bins is here already");
    reports(one, &known).await?;
    fails(open_pool(one.place()?, &one.known(&known).await?).await, "`hub` is the hub");
    reports(&group.labs[1], &known).await?;

    // They keep nothing shut, and open nothing for who gave them.
    let closed = group.hub.known(&known).await?;
    let counts = open_pool(hub, &closed).await?;
    let opened: BTreeMap<String, u64> = counts.bins.into_iter().collect();
    assert_eq!((opened["lab-three"], opened["lab-one"] == opened["lab-two"]), (0, true));
    // Tables are handed to nobody; what opened only to whom it is about.
    for what in [What::Bins, What::Report] {
        refused(&ask(one, Call::Fetch { epoch: known.id, what, offset: 0 }).await?, "nobody is handed that");
    }

    // A hub that makes up that everything of a member's opened.
    let bins = all as u64 / 8;
    let made_up: Vec<u8> = (0..bins).flat_map(u64::to_le_bytes).collect();
    let twice = [made_up[..8].to_vec(), made_up[..8].to_vec()].concat();
    let two = &group.labs[1];
    let made_up_too_many: Vec<u8> = (0..=bins).flat_map(u64::to_le_bytes).collect();
    for (lab, file, why) in [
        (one, &made_up_too_many, "something else than it was asked"),
        (one, &made_up, "holds no element of this member"),
        (two, &twice, "aren't in order"),
    ] {
        let change = |_: &str, call: Call| -> Changed {
            let (asked, file) = (call.clone(), file.clone());
            let change = move |reply| match (asked, reply) {
                (Call::Fetch { offset, .. }, _) => Reply::Piece(file[offset as usize..].to_vec()),
                (_, Reply::Stands(mut stands)) => {
                    for (_, _, bytes, hash) in stands.files.iter_mut().filter(|(_, what, _, _)| what == "opened") {
                        (*bytes, *hash) = (file.len() as u64, hex::encode(Sha256::digest(&file)));
                    }
                    Reply::Stands(stands)
                }
                (_, reply) => reply,
            };
            (call, Box::new(change))
        };
        let between = Between { kept: lab.others()?, change };
        fails(show(lab.place()?, &between, &lab.known(&known).await?).await, why);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_would_take_too_much_or_a_set_that_is_too_large_are_refused() -> Tested {
    let group = Group::new([0..65, 0..10, 0..10], 10_000).await?;
    let hub = group.hub.place()?;
    let mut new = Group::asked(10_000);
    // Not padded; more than there may be; more bytes than the hub holds.
    for (size, why) in [(65, "padded"), (1 << 23, "2^22"), (1 << 22, "2 GiB")] {
        new.terms.bins = size;
        fails(open(hub, &group.hub.others()?, &new, &|_| ()).await, why);
    }
    // A member looks itself.
    new.terms.bins = 64;
    let change = |_: &str, mut call: Call| -> Changed {
        if let Call::Begin { terms, .. } = &mut call {
            terms.bins = 1 << 22;
        }
        (call, Box::new(|reply| reply))
    };
    let between = Between { kept: group.hub.others()?, change };
    fails(open(hub, &between, &new, &|_| ()).await, "2 GiB");
    // Members that are told different sizes don't make the key.
    let change = |to: &str, mut call: Call| -> Changed {
        if let Call::Begin { terms, .. } = &mut call
            && to == "lab-two"
        {
            terms.bins = 0;
        }
        (call, Box::new(|reply| reply))
    };
    let between = Between { kept: group.hub.others()?, change };
    fails(open(hub, &between, &new, &|_| ()).await, "the hub told us other terms than you");
    let known = group.epoch_with_bins(2, 64).await?;
    let one = &group.labs[0];
    let done = contribute(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await;
    fails(done, "the set has 65 elements, and the epoch's bins are for 64");
    Ok(())
}
