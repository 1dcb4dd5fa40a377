//! Ruled: what rules learn of the pool.
//! In: a published pool, addresses. Out: how many other members have each.
//! Invariant: one's own report counts for nothing; what was asked once an epoch isn't asked again; networks aren't asked about.
//! Not here: what rules do with it (`deciding.rs`).

use std::collections::HashMap;

use stillwatch_gate::Subject;
use stillwatch_gate::facts::Pooled;
use stillwatch_node::decisions::ask_pool;
use stillwatch_node::matching::epoch::{publish, usage};

use super::group::{Group, address};
use crate::lab::Tested;

fn network(text: &str) -> Tested<Subject> {
    Ok(Subject::Network(text.parse()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_learn_how_many_others_have_an_address() -> Tested {
    // 100 to 120 are everyone's, 80 to 100 the first two's.
    let group = Group::new([0..120, 80..200, 100..120], 10_000).await?;
    let known = group.epoch(10_000).await?;
    group.contribute(&known, &[0, 1, 2]).await?;
    publish(group.hub.place()?, &known).await?;
    let asks = ask_pool(group.labs[0].place()?);
    let of = |n: usize| network(&format!("{}/32", address(n)));
    let subjects = || -> Tested<Vec<Subject>> {
        Ok(vec![of(5)?, of(90)?, of(110)?, of(150)?, of(900)?, network("11.0.0.0/24")?, network("10.0.0.1/32")?])
    };
    let used = || async { usage(group.hub.place()?, &known).await.map_err(Box::<dyn std::error::Error>::from) };
    let before = used().await?;
    let found = asks(subjects()?).await?;
    let members = |found: &HashMap<Subject, Pooled>, n: usize| -> Tested<Option<u32>> {
        Ok(found.get(&of(n)?).map(|pooled| pooled.members))
    };
    // Its own, the second's too, everyone's, only the second's, nobody's.
    for (n, expected) in [(5, None), (90, Some(1)), (110, Some(2)), (150, Some(1)), (900, None)] {
        assert_eq!(members(&found, n)?, expected, "{n}");
    }
    assert_eq!(found.len(), 3);
    assert_eq!(found[&of(150)?].confidence, Some(50));
    let after = used().await?;
    assert_eq!(after[0].1 - before[0].1, 5, "five addresses were asked about, and no network");
    assert_eq!(asks(subjects()?).await?, found);
    assert_eq!(used().await?[0].1, after[0].1, "nothing is asked twice");
    Ok(())
}
