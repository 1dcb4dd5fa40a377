//! Together: an epoch from its key to its end, as it should go.
//! In: three labs with overlapping sets. Out: what each of them learns.
//! Invariant: exactly what others have, exactly what enough reported; the hub nothing below that.
//! Not here: those who cheat (`attacks.rs`).

use std::collections::{BTreeSet, HashMap, HashSet};

use sha2::{Digest, Sha256};
use stillwatch_matching::{Namespace, normalise};
use stillwatch_node::matching::epoch::{Checker, close, fetch, open_pool, publish, report, show, usage};
use stillwatch_track::matches::epochs::State;

use super::group::{Group, address};
use crate::lab::Tested;

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_from_its_key_to_its_end() -> Tested {
    // 100 to 120 are everyone's, 80 to 100 the first two's.
    let group = Group::new([0..120, 80..200, 100..120], 10_000).await?;
    let hub = group.hub.place()?;
    let known = group.epoch(10_000).await?;
    assert_eq!((known.row.state, known.row.number), (State::Active, 1));
    for node in group.labs.iter().chain([&group.hub]) {
        assert_eq!(node.known(&known).await?.row.state, State::Active);
        assert!(node.file(&known, "share")?.exists());
    }
    group.contribute(&known, &[0, 1, 2]).await?;
    let published = publish(hub, &known).await?;
    // 120 and 120 are padded to 120, 20 to 64.
    assert_eq!((published.of.len(), published.records), (3, 304));

    // What others have is found, with their labels; what nobody has isn't.
    let one = &group.labs[0];
    assert!(fetch(one.place()?, &one.others()?, &one.known(&known).await?).await?);
    let mut checker = Checker::new(one.place()?, Box::new(one.others()?), Namespace::Address).await?;
    for (n, members) in [(5, 1), (90, 2), (110, 3), (150, 1), (500, 0), (40_000, 0)] {
        let found = checker.may_have(&address(n)).await?;
        assert_eq!(found.as_ref().map_or(0, |found| found.labels.len()), members, "{n}");
        if let Some(found) = found {
            assert_eq!(found.labels[0].confidence, Some((n % 100) as u8));
            assert_eq!(found.spoilt, 0);
        }
    }
    assert!(checker.may_have("no address").await.is_err());
    checker.told().await?;

    // Nothing is reported before the end.
    let early = report(one.place()?, &one.others()?, &one.known(&known).await?, &|_| ()).await;
    assert!(early.is_err_and(|error| error.to_string().contains("isn't over")));
    let asked = usage(hub, &known).await?;
    assert_eq!(asked.iter().map(|(_, used, _)| *used).collect::<Vec<_>>(), [126, 64, 120]);

    let erased = close(hub, &group.hub.others()?, &known).await?;
    assert!(erased.iter().all(|(_, done)| done.is_ok()), "{erased:?}");
    for node in group.labs.iter().chain([&group.hub]) {
        assert_eq!(node.known(&known).await?.row.state, State::Closed);
        assert!(!node.file(&known, "share")?.exists());
    }
    assert!(checker.may_have(&address(5)).await.is_err_and(|error| error.to_string().contains("isn't active")));

    let outputs = std::fs::read(one.file(&known, "outputs")?)?;
    for lab in &group.labs {
        report(lab.place()?, &lab.others()?, &lab.known(&known).await?, &|_| ()).await?;
        let again = report(lab.place()?, &lab.others()?, &lab.known(&known).await?, &|_| ()).await;
        assert!(again.is_err());
    }
    assert!(!one.file(&known, "outputs")?.exists() && !one.file(&known, "set")?.exists());
    no_guess_can_be_tested_with(&group, &outputs)?;
    let known = group.hub.known(&known).await?;
    let counts = open_pool(hub, &known).await?;
    // The threshold is 2 here: 80 to 120 opened, the others' 160 elements and the padding stay shut.
    assert_eq!((counts.opened, counts.spoilt, counts.wrong.len()), (40, 0, 0));
    for (lab, expected) in group.labs.iter().zip([80..120, 80..120, 100..120]) {
        let shown = show(lab.place()?, &lab.others()?, &lab.known(&known).await?).await?;
        let told: BTreeSet<String> = shown.iter().map(|one| one.element.clone()).collect();
        let expected: BTreeSet<String> = expected
            .map(|n| normalise(Namespace::Address, &address(n)).map(|element| hex::encode(element.as_bytes())))
            .collect::<Result<_, _>>()?;
        assert_eq!(told, expected);
        let all = shown.iter().filter(|one| one.reports.len() == 3).count();
        assert_eq!(all, 20);
    }
    // The next epoch has another key: what was published under the old one is worth nothing.
    let next = group.epoch(10_000).await?;
    assert_eq!(next.row.number, 2);
    let one = &group.labs[0];
    let early = Checker::new(one.place()?, Box::new(one.others()?), Namespace::Address).await;
    assert!(early.is_err_and(|error| error.to_string().contains("no filter of this epoch")));
    std::fs::copy(group.hub.file(&known, "filter")?, group.hub.file(&next, "filter")?)?;
    let old = std::fs::read(group.hub.file(&known, "filter")?)?;
    assert!(stillwatch_matching::check::Filter::from_bytes(&next.key()?, &old).is_err());
    Ok(())
}

/// Looks through all that came to the hub, and all that it keeps.
fn no_guess_can_be_tested_with(group: &Group, outputs: &[u8]) -> Tested {
    let mut seen = Vec::new();
    let mut folders = vec![group.hub.folder.path().to_owned(), group.hub.open.lab.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path)?;
            if path.ends_with("transcript") {
                let text = String::from_utf8(bytes.clone())?;
                let said =
                    text.lines().filter_map(|line| line.split_once(' ').and_then(|(_, hex)| hex::decode(hex).ok()));
                said.for_each(|said| seen.extend_from_slice(&said));
            }
            seen.extend_from_slice(&bytes);
        }
    }
    assert!(seen.len() > 100_000, "{}", seen.len());
    assert_eq!(outputs.len(), 120 * 64);
    let windows: HashSet<&[u8]> = seen.windows(16).collect();
    assert!(outputs.chunks(16).all(|part| !windows.contains(part)));
    let mut by_length: HashMap<usize, HashSet<&[u8]>> = HashMap::new();
    for n in 0..200 {
        let element = normalise(Namespace::Address, &address(n))?;
        let guesses = [
            address(n).into_bytes(),
            element.as_bytes().to_vec(),
            Sha256::digest(element.as_bytes()).to_vec(),
            Sha256::digest(element.canonical()).to_vec(),
            hex::encode(Sha256::digest(element.as_bytes())).into_bytes(),
        ];
        for guess in guesses {
            let windows = by_length.entry(guess.len()).or_insert_with(|| seen.windows(guess.len()).collect());
            assert!(!windows.contains(guess.as_slice()), "{n}");
        }
    }
    Ok(())
}
