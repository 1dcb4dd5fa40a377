//! Serve: a gate with a million decisions for Envoy, for load generators (`docs/performance.md`).
//! In: an address; how many decisions. Out: answers under the key `bench`, until it is stopped.
//! Invariant: the decisions of `gate_serve`; keys, clock and connections as the node has them (SHA-256, a steady clock, HTTP/2's bounds).
//! Not here: measuring (`load.rs`).

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use stillwatch_envoy::{Asked, router};
use stillwatch_gate::decide::decide;
use stillwatch_gate::entry::Course;
use stillwatch_gate::{Action, Entry, Live, Steady, Subject, Table};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let count: u32 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let now = Timestamp::now().as_second();
    let live = Live::new(Table::build((0..count).map(|n| entry(n, now)), 0));
    let known = HashSet::from([Sha256::digest(b"bench")]);
    let (begun, steady) = (Instant::now(), Mutex::new(Steady::begin(now, 0, 0)));
    let asked = Asked {
        knows: Arc::new(move |headers| {
            headers.get("x-api-key").is_some_and(|key| known.contains(&Sha256::digest(key.as_bytes())))
        }),
        decide: Arc::new(move |request| {
            let counted = i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX);
            let mut steady = steady.lock().unwrap_or_else(PoisonError::into_inner);
            let now = steady.read(Timestamp::now().as_second(), counted).now;
            drop(steady);
            decide(&live.now(), request, now)
        }),
    };
    let app = router(asked);
    let listener = TcpListener::bind(&address).await?;
    eprintln!("{count} decisions, listening on {address}");
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).max_concurrent_streams(1_024).max_header_list_size(16 << 10);
        tokio::spawn(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app.clone())));
    }
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
