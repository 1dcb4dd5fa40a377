//! Load: how long checks take at a rate that doesn't wait for answers.
//! In: a gate's address and key, checks a second, seconds, connections. Out: latencies, a line.
//! Invariant: a check's time begins when it was due, not when it could be sent: who falls behind is seen (no coordinated omission).
//! Not here: the gate (`serve.rs`).

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use envoy_types::pb::envoy::config::core::v3::address::Address as Kinds;
use envoy_types::pb::envoy::config::core::v3::{Address, SocketAddress};
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer, Request as Asks};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// What a client of a model's API sends, besides what says who it is.
const HEADERS: [(&str, &str); 9] = [
    (":authority", "api.lab.example"),
    (":method", "POST"),
    (":path", "/v1/messages"),
    (":scheme", "https"),
    ("accept", "application/json"),
    ("content-type", "application/json"),
    ("user-agent", "example-sdk/1.2.3 python/3.12"),
    ("x-forwarded-proto", "https"),
    ("x-request-id", "3f1c8f0e-7a0e-4d0e-9f53-6a1b2c3d4e5f"),
];

/// A check as Envoy makes it. For half of the accounts there is a decision (`serve.rs`), for no address.
fn check(n: u32) -> CheckRequest {
    let spread = (2 * n + 1).wrapping_mul(2_654_435_761);
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut headers: HashMap<String, String> = HEADERS.into_iter().map(own).collect();
    headers.insert("x-stillwatch-account".to_owned(), format!("acct-{:08x}", n % 1_000_000));
    let socket = SocketAddress { address: Ipv4Addr::from(spread).to_string(), ..Default::default() };
    CheckRequest {
        attributes: Some(AttributeContext {
            source: Some(Peer {
                address: Some(Address { address: Some(Kinds::SocketAddress(socket)) }),
                ..Default::default()
            }),
            request: Some(Asks {
                http: Some(HttpRequest { headers, path: "/v1/messages".to_owned(), ..Default::default() }),
                ..Default::default()
            }),
            ..Default::default()
        }),
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, key, rate, seconds, connections] = arguments.as_slice() else {
        println!("load ADDRESS KEY RATE SECONDS CONNECTIONS");
        return Ok(());
    };
    let (rate, seconds, connections): (u32, u32, usize) = (rate.parse()?, seconds.parse()?, connections.parse()?);
    let key: MetadataValue<_> = key.parse()?;
    let mut clients = Vec::new();
    for _ in 0..connections {
        let channel = Channel::from_shared(format!("http://{address}"))?.tcp_nodelay(true).connect().await?;
        clients.push(AuthorizationClient::new(channel));
    }
    let count = rate * seconds;
    // Microseconds, at least one; none where there was no answer.
    let took: Arc<[AtomicU32]> = (0..count).map(|_| AtomicU32::new(0)).collect();
    let denied = Arc::new(AtomicU64::new(0));
    let runtime = tokio::runtime::Handle::current();
    let (taken, counted) = (Arc::clone(&took), Arc::clone(&denied));
    // On a thread of its own: the runtime's timers know no less than a millisecond.
    let sends = std::thread::spawn(move || {
        let begun = Instant::now();
        for (n, client) in (0..count).zip(clients.iter().cycle()) {
            let due = begun + Duration::from_secs(1) * n / rate;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let (mut client, key, taken, denied) =
                (client.clone(), key.clone(), Arc::clone(&taken), Arc::clone(&counted));
            runtime.spawn(async move {
                let mut request = Request::new(check(n));
                request.metadata_mut().insert("x-api-key", key);
                let Ok(said) = client.check(request).await else { return };
                if said.into_inner().status.is_some_and(|status| status.code != 0) {
                    denied.fetch_add(1, Ordering::Relaxed);
                }
                if let Some(took) = taken.get(n as usize) {
                    took.store(u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX).max(1), Ordering::Relaxed);
                }
            });
        }
        begun.elapsed()
    });
    let sent = tokio::task::spawn_blocking(move || sends.join()).await?.map_err(|_| "sending panicked")?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    // The first tenth warms up.
    let mut all: Vec<u32> = took.iter().skip(took.len() / 10).map(|took| took.load(Ordering::Relaxed)).collect();
    let asked = all.len();
    all.retain(|took| *took > 0);
    all.sort_unstable();
    let at =
        |part: f64| all.get((all.len() as f64 * part) as usize).or(all.last()).map_or(0.0, |us| f64::from(*us) / 1e3);
    println!(
        "{:.0} a second over {connections} connections: p50 {:.2} ms, p90 {:.2}, p99 {:.2}, p99.9 {:.2}, slowest {:.1}; {} of {asked} without an answer, {} denied",
        f64::from(count) / sent.as_secs_f64(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(1.0),
        asked - all.len(),
        denied.load(Ordering::Relaxed),
    );
    Ok(())
}
