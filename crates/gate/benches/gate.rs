//! Gate: look-ups at a million decisions, building, changing, writing out.
//! In: seeded decisions: half addresses, a tenth networks, the rest accounts, clients and fingerprints. Out: divan's table, memory a decision.
//! Invariant: no I/O but the memory line; the same work each time.
//! Not here: requests over the network (`node`), CrowdSec's own server.

#![expect(clippy::expect_used, reason = "a bench that can't be set up should stop")]

use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::Timestamp;
use stillwatch_gate::book::{Change, Done};
use stillwatch_gate::decide::decide;
use stillwatch_gate::enforce::crowdsec::{Cursor, Filter, delta, everything};
use stillwatch_gate::entry::Course;
use stillwatch_gate::table::row::Key;
use stillwatch_gate::{Action, Entry, Feed, Kind, Request, Subject, Table};

const NOW: i64 = 1_780_315_200;
const MILLION: u64 = 1_000_000;

fn main() {
    let (beside, keys) = TABLE.size();
    println!(
        "memory of {MILLION} decisions: {} bytes each beside the keys, {} of keys",
        beside as u64 / MILLION,
        keys as u64 / MILLION
    );
    divan::main();
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::build((1..=MILLION).map(entry), 0));
/// Addresses only: what a bouncer streams.
static ADDRESSES: LazyLock<Table> =
    LazyLock::new(|| Table::build((1..=MILLION).map(|id| Entry { subject: address(id), ..entry(id) }), 0));

fn mixed(n: u64) -> u64 {
    (n ^ (n >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn address(id: u64) -> Subject {
    let [a, b, c, d, ..] = mixed(id).to_le_bytes();
    Subject::address([a, b, c, d].into())
}

fn entry(id: u64) -> Entry {
    let [a, b, c, d, ..] = mixed(id).to_le_bytes();
    let subject = match id % 10 {
        0..=4 => address(id),
        5 => Subject::new(Kind::Network, &format!("{a}.{b}.{c}.0/24")).expect("a network"),
        6..=7 => Subject::Account(account(id)),
        8 => Subject::Client(format!("key-{id:08x}")),
        _ => Subject::Ja4(format!("t13d1516h2_{id:012x}_{d:012x}")),
    };
    let action = [Action::Block, Action::Challenge, Action::Throttle { requests_per_minute: 30 }][(id % 3) as usize];
    let course = Course { action, decays: Vec::new(), code: "policy".to_owned(), source: format!("rule-{}", id % 20) };
    Entry { id, subject, course, since: NOW - 60, expires: NOW + 3_600 + (id % 86_400) as i64 }
}

fn account(id: u64) -> String {
    format!("acct-{:012x}", mixed(id) >> 16)
}

/// Requests, a third of which are decided on.
fn requests() -> Vec<Request> {
    let one = |n: u64| {
        let hit = n.is_multiple_of(3);
        let id = mixed(n) % MILLION / 10 * 10 + if hit { 6 } else { 0 };
        let Subject::Network(net) = address(n * 7 + 1) else { return Request::default() };
        Request {
            account: Some(account(if hit { id } else { id + 77 * MILLION })),
            client: Some(format!("key-{n:08x}")),
            ja4: Some("t13d1516h2_8daaf6152771_b186095e22b6".to_owned()),
            ip: Some(net.addr()),
        }
    };
    (0..10_000).map(one).collect()
}

#[divan::bench]
fn decided(bencher: Bencher<'_, '_>) {
    let requests = requests();
    LazyLock::force(&TABLE);
    bencher
        .counter(ItemsCount::new(requests.len()))
        .bench(|| requests.iter().filter(|request| decide(&TABLE, black_box(request), NOW).decision.is_some()).count());
}

#[divan::bench]
fn looked_up_an_address(bencher: Bencher<'_, '_>) {
    let addresses: Vec<_> = requests().into_iter().filter_map(|request| request.ip).collect();
    LazyLock::force(&TABLE);
    bencher
        .counter(ItemsCount::new(addresses.len()))
        .bench(|| addresses.iter().filter(|ip| TABLE.find(Key::address(**black_box(ip)), NOW).is_some()).count());
}

#[divan::bench(sample_count = 3)]
fn built(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(MILLION))
        .with_inputs(|| (1..=MILLION).map(entry).collect::<Vec<_>>())
        .bench_values(|entries| Table::build(entries, 0));
}

fn changes(count: u64) -> Vec<Change> {
    let at = Timestamp::from_second(NOW).expect("a time");
    (1..=count).map(|number| Change { number, at, entry: entry(2 * MILLION + number), done: Done::Made }).collect()
}

/// A batch of a tenth of a second at 10,000 changes a second, on a table that has as many recent ones already as the argument says.
#[divan::bench(args = [0, 10_000, 100_000])]
fn changed_a_thousand(bencher: Bencher<'_, '_>, before: u64) {
    let all = changes(before + 1_000);
    let (earlier, batch) = all.split_at(before as usize);
    let table = TABLE.after(earlier);
    bencher.counter(ItemsCount::new(1_000_usize)).bench(|| table.after(black_box(batch)));
}

/// When too many have changed, the base is built anew.
#[divan::bench(sample_count = 3)]
fn built_anew(bencher: Bencher<'_, '_>) {
    let all = changes(70_000);
    let live = || stillwatch_gate::Live::new(TABLE.after(&all));
    bencher.counter(ItemsCount::new(MILLION)).with_inputs(live).bench_values(|live| live.settle(NOW));
}

#[divan::bench(sample_count = 5)]
fn streamed_in_full(bencher: Bencher<'_, '_>) {
    LazyLock::force(&ADDRESSES);
    bencher
        .counter(ItemsCount::new(MILLION))
        .bench(|| serde_json::to_vec(&everything(&ADDRESSES, &Filter::default(), false, NOW)).map(|bytes| bytes.len()));
}

/// A poll ten seconds after the last one, 1,000 changes between.
#[divan::bench]
fn streamed_what_is_new(bencher: Bencher<'_, '_>) {
    let batch = changes(1_000);
    let mut feed = Feed::after(0, 10_000);
    feed.push(&batch);
    let table = ADDRESSES.after(&batch);
    let cursor = Cursor { number: 0, at: NOW - 10 };
    bencher.bench(|| {
        let stream = delta(&table, &feed, cursor, &Filter::default(), NOW);
        serde_json::to_vec(&stream).map(|bytes| bytes.len())
    });
}
