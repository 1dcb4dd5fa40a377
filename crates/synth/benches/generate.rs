//! Generate: how fast a world and its exchanges are made.
//! In: the default plan, scaled. Out: exchanges and bytes a second.
//! Invariant: the exchange buffer is reused, as the engine does.
//! Not here: writing Parquet or JSON (`engine/benches`).

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use stillwatch_model::Exchange;
use stillwatch_synth::{Plan, accounts};

fn main() {
    divan::main();
}

#[divan::bench(args = [200_000], sample_count = 5, sample_size = 1)]
fn fill(bencher: Bencher<'_, '_>, exchanges: u64) {
    let world = accounts(&Plan { exchanges: Some(exchanges), ..Plan::default() });
    let mut out = Exchange::default();
    let (mut count, mut bytes) = (0u64, 0usize);
    let mut all = world.exchanges();
    while all.fill(&mut out) {
        count += 1;
        bytes += out.prompt.as_ref().map_or(0, String::len);
        bytes += out.messages.as_ref().map_or(0, |m| m.iter().map(|m| m.content.len()).sum());
    }
    bencher.counter(ItemsCount::new(count)).counter(BytesCount::new(bytes)).bench_local(|| {
        let mut all = world.exchanges();
        while all.fill(&mut out) {
            black_box(&out);
        }
    });
}

#[divan::bench(args = [2_000, 100_000], sample_count = 3, sample_size = 1)]
fn world(honest: u32) {
    black_box(accounts(&Plan { honest_accounts: honest, ..Plan::default() }));
}
