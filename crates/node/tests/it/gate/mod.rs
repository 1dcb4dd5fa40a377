//! Gate: decisions over HTTP.
//! In: a gate with a few decisions. Out: answers, as text.
//! Invariant: time is handed in, but for tests with others' programs.
//! Not here: what wins (`stillwatch-gate`).

#![expect(clippy::unwrap_used, reason = "a fixture that can't be made should stop its test")]

mod bouncers;
mod envoy;
mod listeners;
mod proxies;
mod routes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use stillwatch_gate::book::Change;
use stillwatch_gate::{Action, Book, Feed, Kind, Live, Subject, Table};
use stillwatch_node::gate::{Clock, Gate, hashed, router, system_clock};
use tower::ServiceExt as _;

type Tested = Result<(), Box<dyn std::error::Error>>;

const NOW: i64 = 1_780_315_200;
const KEY: &str = "key-of-the-edge";

/// A gate, the book behind it, and a clock that only the test moves.
struct Fixture {
    gate: Arc<Gate>,
    book: Book,
    time: Arc<AtomicI64>,
    clock: Clock,
}

impl Fixture {
    fn new() -> Self {
        let time = Arc::new(AtomicI64::new(0));
        let counted = Arc::clone(&time);
        let clock: Clock = Arc::new(move || {
            let counted = counted.load(Ordering::Relaxed);
            (NOW + counted, counted)
        });
        Self::with(clock, time)
    }

    /// With the system's clock, for others' programs.
    fn real() -> Self {
        Self::with(system_clock(), Arc::default())
    }

    fn with(clock: Clock, time: Arc<AtomicI64>) -> Self {
        use sha2::Digest as _;
        let hash = hex::encode(sha2::Sha256::digest(KEY.as_bytes()));
        let keys = hashed([(hash, "edge".to_owned())]);
        let gate = Gate::new(Live::new(Table::default()), Feed::after(0, 1_000), keys, Arc::clone(&clock), 0);
        Fixture { gate, book: Book::default(), time, clock }
    }

    fn pass(&self, seconds: i64) {
        self.time.fetch_add(seconds, Ordering::Relaxed);
    }

    fn decide(&mut self, kind: Kind, value: &str, action: Action) -> Change {
        let at = Timestamp::from_second((self.clock)().0).unwrap();
        let subject = Subject::new(kind, value).unwrap();
        let hour = SignedDuration::from_hours(1);
        let change = self.book.decide("ana", subject, action, hour, "a test", at).unwrap();
        self.gate.change(std::slice::from_ref(&change));
        change
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, String, String) {
        let mut request = Request::builder().method(method).uri(path).header("x-api-key", KEY);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router(Arc::clone(&self.gate)).oneshot(request.body(Body::from(body.to_owned())).unwrap()).await;
        let response = response.unwrap();
        let told = response.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-stillwatch"));
        let told: Vec<String> = told.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        (status, told.join("\n"), String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> String {
        self.ask("GET", path, &[], "").await.2
    }

    /// Serves on a port of this machine for as long as the test lives.
    async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(Arc::clone(&self.gate));
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }
}

/// Says that a program isn't there; a failure where it has to be.
fn skipped(what: &str) {
    assert!(std::env::var_os("STILLWATCH_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "needs {what}");
    eprintln!("skipped: needs {what}");
}
