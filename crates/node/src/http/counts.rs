//! Counts: the node's figures, as Prometheus reads them.
//! In: requests and objects. Out: `/metrics` as text (OpenMetrics 1.0).
//! Invariant: labels are routes, methods and statuses, of which there are few; never names, paths or ids.
//! Not here: who may see them (`guard.rs`).

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::gate::answers::Answers;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    way: &'static str,
    action: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    outcome: String,
}

/// All figures of one node.
pub struct Counts {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    came: Family<What, Counter>,
    sent: Counter,
    connections: Gauge,
    gate: [Gauge; FIGURES.len()],
    answered: Family<Answered, Counter>,
    strangers: Counter,
}

/// Figures of the gate; 0 where there is none.
const FIGURES: [(&str, &str); 8] = [
    ("gate_change", "Number of the last change of decisions that is served"),
    ("gate_decisions", "Decisions that are served"),
    ("gate_points", "Enforcement points that reported"),
    ("gate_points_late", "Enforcement points that fall behind or are silent: an alarm where it isn't 0"),
    ("gate_rules_stopped", "Rules that the cap stopped and that wait for a person"),
    ("gate_behind", "1 while decisions can't be read from the store, and those before are served"),
    ("gate_unwritten", "1 while decisions can't be kept, and nothing new is decided"),
    ("gate_rules_unread", "1 while the rules or facts can't be read, and those before are asked"),
];

/// Seconds by which requests are counted.
fn buckets() -> Histogram {
    Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0])
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counts")
    }
}

impl Default for Counts {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("stillwatch");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(buckets as fn() -> Histogram);
        let (came, sent, connections) = (Family::default(), Counter::default(), Gauge::default());
        registry.register("requests", "Requests by route, method and status", requests.clone());
        registry.register("request_seconds", "How long requests took", seconds.clone());
        registry.register("objects_received", "Objects that clients sent, by what became of them", came.clone());
        registry.register("objects_sent", "Objects on pages that clients read", sent.clone());
        registry.register("connections", "Connections that are open", connections.clone());
        let gate = FIGURES.map(|(name, help)| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        });
        let (answered, strangers) = (Family::default(), Counter::default());
        registry.register("gate_answers", "Answers to enforcement points, by how they asked", answered.clone());
        registry.register("gate_strangers", "Questions without a point's key, which got no answer", strangers.clone());
        Self { registry, requests, seconds, came, sent, connections, gate, answered, strangers }
    }
}

impl Counts {
    pub(crate) fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        let route = route.to_owned();
        self.seconds.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Request { route, method: method.to_owned(), status }).inc();
    }

    pub(crate) fn received(&self, outcome: &'static str, objects: usize) {
        self.came.get_or_create(&What { outcome: outcome.to_owned() }).inc_by(objects as u64);
    }

    pub(crate) fn sent(&self, objects: usize) {
        self.sent.inc_by(objects as u64);
    }

    pub(crate) fn connections(&self, by: i64) {
        self.connections.inc_by(by);
    }

    /// The gate's figures, in the order of their names here.
    pub(crate) fn gate(&self, figures: &[i64; FIGURES.len()]) {
        for (gauge, figure) in self.gate.iter().zip(figures) {
            gauge.set(*figure);
        }
    }

    /// How many answers the gate gave. It counts by itself, so that nobody who asks waits for these figures.
    pub(crate) fn answers(&self, answers: &Answers) {
        for (way, action, count) in answers.all() {
            self.answered.get_or_create(&Answered { way, action }).inner().store(count, Ordering::Relaxed);
        }
        self.strangers.inner().store(answers.strangers.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// The text that Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string doesn't fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
