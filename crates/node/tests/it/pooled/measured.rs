//! Measured: how long a question takes, of a pool of a million records and three holders on this machine.
//! In: a contribution of random records, which nobody can tell from one of elements. Out: figures on stderr.
//! Invariant: run by hand (`--run-ignored only`); nothing is asserted of time.
//! Not here: the cryptography alone (`matching`'s benches).

use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use stillwatch_matching::Namespace;
use stillwatch_matching::check::Table;
use stillwatch_matching::padded;
use stillwatch_node::matching::epoch::{Call, Checker, Others, Reply, What, publish};

use super::group::{Group, address};
use crate::lab::Tested;

/// Records, unless `RECORDS` says otherwise.
const MANY: u64 = 1_000_000;
/// Questions.
const ASKED: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn questions_of_a_large_pool() -> Tested {
    let group = Group::new([0..1_000, 0..10, 0..10], 10_000_000).await?;
    let known = group.epoch(10_000_000).await?;
    group.contribute(&known, &[0]).await?;
    // Random records.
    let many = std::env::var("RECORDS").map_or(Ok(MANY), |many| many.parse())?;
    let (each, size) = (Table::record(10), padded(many));
    let mut bytes = vec![0; size as usize * each];
    ChaCha20Rng::from_seed([1; 32]).fill_bytes(&mut bytes);
    let mut records: Vec<&[u8]> = bytes.chunks_exact(each).collect();
    records.sort_unstable();
    let bytes = records.concat();
    let (others, epoch, what) = (group.labs[1].others()?, known.id, What::Contribution);
    assert_eq!(others.call("hub", &Call::Commit { epoch, root: [1; 32], size }).await?, Reply::Done);
    for (n, piece) in bytes.chunks(130_000).enumerate() {
        let call = Call::Give { epoch, what, offset: n as u64 * 130_000, piece: piece.to_vec() };
        assert!(matches!(others.call("hub", &call).await?, Reply::At(_)));
    }
    let hash = Sha256::digest(&bytes).into();
    assert_eq!(others.call("hub", &Call::Given { epoch, what, hash }).await?, Reply::Done);
    let published = publish(group.hub.place()?, &group.hub.known(&known).await?).await?;
    let one = &group.labs[0];
    let mut checker = Checker::new(one.place()?, Box::new(one.others()?), Namespace::Address).await?;
    let mut took = Vec::with_capacity(ASKED);
    for n in 0..ASKED {
        let value = address(n);
        let begun = Instant::now();
        let found = checker.may_have(&value).await?;
        took.push(begun.elapsed().as_micros());
        assert_eq!(found.is_some(), n < 1_000);
    }
    took.sort_unstable();
    eprintln!(
        "{} records; {ASKED} questions: {} µs in half of them, {} µs in 99 of 100, {} µs at most",
        published.records,
        took[ASKED / 2],
        took[ASKED * 99 / 100],
        took[ASKED - 1]
    );
    Ok(())
}
