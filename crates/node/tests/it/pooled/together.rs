//! Together: an epoch from its key to its end, as it should go.
//! In: three labs with overlapping sets. Out: what each of them learns.
//! Invariant: exactly what others have, exactly what enough reported; the hub nothing below that.
//! Not here: those who cheat (`attacks.rs`).

use std::collections::BTreeSet;

use stillwatch_matching::{Namespace, normalise};
use stillwatch_node::matching::epoch::{Checker, close, fetch, open_pool, publish, report, show, usage};
use stillwatch_track::matches::epochs::State;

use super::group::{Group, address};
use super::seen::no_guess_can_be_tested_with;
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
