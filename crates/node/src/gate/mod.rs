//! Gate: decisions over the network: questions of proxies, bouncers' polls, changes as they happen.
//! In: a table in use, a feed, a check of keys, clocks. Out: a router.
//! Invariant: nothing is answered without a key that is known; a look-up takes no lock that a writer holds.
//! Not here: what is decided (`stillwatch-gate`), keeping decisions (`track`), connections and TLS (`serve`).

pub(crate) mod answers;
mod ask;
mod changes;
pub mod envoy;
mod forward;
mod key;
mod lapi;
pub mod webhook;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stillwatch_gate::book::Change;
use stillwatch_gate::decide::decide;
use stillwatch_gate::enforce::crowdsec::Cursor;
use stillwatch_gate::points::{Late, Points, Way};
use stillwatch_gate::{Answer, Feed, Live, Request, Steady, Table};
use tokio::sync::watch;

use answers::Answers;
pub use key::{Keys, hashed};

/// Readings of the system's clock and of one that only counts on, in seconds.
pub type Clock = Arc<dyn Fn() -> (i64, i64) + Send + Sync>;

/// Longest body that is read, in bytes.
const MAX_BODY: usize = 64 << 10;

/// What answers enforcement points.
pub struct Gate {
    live: Live,
    feed: RwLock<Feed>,
    points: Mutex<Points>,
    cursors: Mutex<HashMap<String, Polled>>,
    keys: Keys,
    clock: Clock,
    steady: Mutex<Steady>,
    newest: watch::Sender<u64>,
    /// Whether those who listen are to go.
    over: watch::Sender<bool>,
    settling: AtomicBool,
    answers: Answers,
}

/// Where a bouncer that polls stands. Kept over restarts, it needn't be told everything again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polled {
    /// What it had before the last answer: the next answer begins here, so that one that got lost does no harm.
    pub before: Cursor,
    /// What it has if the last answer arrived.
    pub last: Cursor,
}

/// What a point reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Applied {
    /// Number of the last change that it applied.
    applied: u64,
}

#[derive(Serialize)]
struct Standing<'a> {
    newest: u64,
    points: &'a std::collections::BTreeMap<String, stillwatch_gate::points::Point>,
    late: Vec<Late>,
    /// Seconds by which the system's clock was moved and isn't followed.
    clock_moved: i64,
}

impl Gate {
    /// A gate over a table. `feed` may hold the changes before it, so that bouncers who were away briefly needn't be told everything;
    /// `floor`: the latest time in what was kept, in seconds since 1970.
    #[must_use]
    pub fn new(live: Live, feed: Feed, keys: Keys, clock: Clock, floor: i64) -> Arc<Self> {
        let (wall, counted) = clock();
        let newest = watch::Sender::new(live.now().number());
        Arc::new(Gate {
            live,
            feed: RwLock::new(feed),
            points: Mutex::default(),
            cursors: Mutex::default(),
            keys,
            clock,
            steady: Mutex::new(Steady::begin(wall, counted, floor)),
            newest,
            over: watch::Sender::new(false),
            settling: AtomicBool::new(false),
            answers: Answers::default(),
        })
    }

    /// Brings changes into the table, then tells those who listen. Call it after the changes were kept, in order.
    pub fn change(self: &Arc<Self>, changes: &[Change]) {
        if self.live.change(changes) {
            self.settle();
        }
        self.feed.write().unwrap_or_else(PoisonError::into_inner).push(changes);
        self.newest.send_replace(self.live.now().number());
    }

    /// Puts another table in place of all before, and its changes: those who follow are told to ask for everything.
    pub fn replace(self: &Arc<Self>, table: Table, feed: Feed) {
        self.live.replace(table);
        *self.feed.write().unwrap_or_else(PoisonError::into_inner) = feed;
        self.newest.send_replace(self.live.now().number());
    }

    /// Ends the answers that never end by themselves.
    pub fn end(&self) {
        self.over.send_replace(true);
    }

    /// The answer to a request, now; it is counted.
    #[must_use]
    pub(crate) fn answer(&self, way: answers::Way, request: &Request) -> Answer {
        let answer = decide(&self.live.now(), request, self.now());
        self.answers.count(way, answer.action);
        answer
    }

    /// Whose question it is; `None`, which is counted: nobody's whose key is known.
    fn point(&self, headers: &HeaderMap) -> Option<Arc<str>> {
        let point = key::point(headers, &self.keys);
        if point.is_none() {
            self.answers.strangers.fetch_add(1, Ordering::Relaxed);
        }
        point
    }

    /// How many questions were answered.
    pub(crate) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The table in use.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Points that fall behind: worth an alarm.
    #[must_use]
    pub fn late(&self) -> Vec<Late> {
        let feed = self.feed.read().unwrap_or_else(PoisonError::into_inner);
        self.points().late(&feed, self.time())
    }

    /// How many points ever reported.
    #[must_use]
    pub fn reported(&self) -> usize {
        self.points().known().len()
    }

    /// Where bouncers stand, to be kept.
    #[must_use]
    pub fn polled(&self) -> HashMap<String, Polled> {
        self.cursors().clone()
    }

    /// Where bouncers stood when that was kept.
    pub fn restore(&self, polled: HashMap<String, Polled>) {
        *self.cursors() = polled;
    }

    /// Builds the large part of the table anew on a thread of its own, one at a time.
    fn settle(self: &Arc<Self>) {
        if !self.settling.swap(true, Ordering::AcqRel) {
            let gate = Arc::clone(self);
            std::thread::spawn(move || {
                gate.live.settle(gate.now());
                gate.settling.store(false, Ordering::Release);
            });
        }
    }

    /// The time that decisions are looked up at, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.read_clock().0
    }

    /// Seconds by which the system's clock was moved and isn't followed.
    #[must_use]
    pub fn clock_moved(&self) -> i64 {
        self.read_clock().1
    }

    /// A person says that the system's clock, which leapt ahead, is right; false where it stands behind the time that was told.
    pub fn accept_clock(&self) -> bool {
        let (wall, counted) = (self.clock)();
        self.steady.lock().unwrap_or_else(PoisonError::into_inner).accept(wall, counted)
    }

    fn read_clock(&self) -> (i64, i64) {
        let (wall, counted) = (self.clock)();
        let reading = self.steady.lock().unwrap_or_else(PoisonError::into_inner).read(wall, counted);
        (reading.now, reading.moved)
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_second(self.now()).unwrap_or_default()
    }

    fn report(&self, point: &str, way: Way, applied: u64) {
        let now = self.time();
        self.points().report(point, way, applied, now);
    }

    fn points(&self) -> MutexGuard<'_, Points> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cursors(&self) -> MutexGuard<'_, HashMap<String, Polled>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("table", &self.live.now().number()).finish_non_exhaustive()
    }
}

/// The system's clocks.
#[must_use]
pub fn system_clock() -> Clock {
    let begun = std::time::Instant::now();
    Arc::new(move || (Timestamp::now().as_second(), i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX)))
}

/// Everything that enforcement points ask.
pub fn router(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/v1/decide", get(ask::query).post(ask::body))
        .route("/v1/forward", any(forward::ask))
        .route("/v1/changes", get(changes::listen))
        .route("/v1/points", get(standing).post(applied))
        .route("/v1/decisions", get(lapi::decisions))
        .route("/v1/decisions/stream", get(lapi::stream))
        .route("/v1/heartbeat", get(lapi::heartbeat))
        .route("/v1/usage-metrics", post(lapi::usage))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(gate)
}

/// Who reports, and how far it is.
async fn applied(key::Point(point): key::Point, gate: Shared, axum::Json(said): axum::Json<Applied>) -> Response {
    // Nobody has what isn't there yet.
    let newest = gate.live.now().number();
    gate.report(&point, Way::Push, said.applied.min(newest));
    StatusCode::NO_CONTENT.into_response()
}

/// How far all points are.
async fn standing(_: key::Point, gate: Shared) -> Response {
    let (late, newest, clock_moved) = (gate.late(), gate.live.now().number(), gate.read_clock().1);
    axum::Json(Standing { newest, points: gate.points().known(), late, clock_moved }).into_response()
}

/// What handlers are handed.
type Shared = axum::extract::State<Arc<Gate>>;
