//! Serve: a gate with a million decisions on a port, for load generators and comparisons (`docs/performance.md`).
//! In: an address; how many decisions. Out: answers under the key `bench`, until it is stopped.
//! Invariant: the same decisions each time: half of them addresses, the rest accounts.
//! Not here: measuring.

use std::net::Ipv4Addr;

use sha2::Digest as _;
use stillwatch_gate::entry::Course;
use stillwatch_gate::{Action, Entry, Feed, Live, Subject, Table};
use stillwatch_node::gate::{Gate, hashed, router, system_clock};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8089".to_owned());
    let count: u32 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let now = jiff::Timestamp::now().as_second();
    let table = Table::build((0..count).map(|n| entry(n, now)), 0);
    let (beside, keys) = table.size();
    eprintln!("{count} decisions, {} bytes beside the keys, {} of keys", beside, keys);
    let keys = hashed([(hex::encode(sha2::Sha256::digest(b"bench")), "bench".to_owned())]);
    let gate = Gate::new(Live::new(table), Feed::after(0, 1 << 18), keys, system_clock(), 0);
    let listener = tokio::net::TcpListener::bind(&address).await?;
    eprintln!("listening on {address}");
    Ok(axum::serve(listener, router(gate)).await?)
}

fn entry(n: u32, now: i64) -> Entry {
    let spread = n.wrapping_mul(2_654_435_761);
    let subject = if n.is_multiple_of(2) {
        Subject::address(Ipv4Addr::from(spread).into())
    } else {
        Subject::Account(format!("acct-{n:08x}"))
    };
    let action = if n.is_multiple_of(3) { Action::Challenge } else { Action::Block };
    let course = Course { action, decays: Vec::new(), code: "policy".to_owned(), source: format!("rule-{}", n % 20) };
    Entry { id: u64::from(n) + 1, subject, course, since: now, expires: now + 86_400 }
}
