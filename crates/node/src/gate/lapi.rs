//! LAPI: the bouncer side of CrowdSec's Local API, so that existing bouncers work unchanged.
//! In: `/v1/decisions`, `/v1/decisions/stream`, `/v1/heartbeat`, `/v1/usage-metrics`. Out: JSON as CrowdSec's.
//! Invariant: each answer begins where the last but one ended: one that got lost on the way is made good by the next.
//! Not here: the watcher side; which decisions (`stillwatch_gate::enforce::crowdsec`).

use std::io::{self, Write};
use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use stillwatch_gate::enforce::crowdsec::{Asked, Cursor, ErrorResponse, Filter, delta, write_everything};
use stillwatch_gate::points::Way;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::gate::key::Point;
use crate::gate::{Gate, Polled, Shared};

/// Bytes that are handed to the connection at once.
const CHUNK: usize = 64 << 10;

type Parameters = Query<Vec<(String, String)>>;

pub(crate) async fn decisions(_: Point, gate: Shared, Query(parameters): Parameters) -> Response {
    let given = |name: &str| parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let asked = Asked {
        ip: given("ip"),
        range: given("range"),
        scope: given("scope"),
        value: given("value"),
        remediation: given("type"),
    };
    let filter = Filter::of(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let table = gate.live.now();
    match asked.find(&table, gate.now()) {
        // `null`, not `[]`, where there is nothing: bouncers were written against a server that says so.
        Ok(found) => {
            Json(found.filter(|found| filter.wants_scenario(&found.scenario)).map(|found| [found])).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(ErrorResponse { message: error.to_string() })).into_response(),
    }
}

pub(crate) async fn stream(
    Point(point): Point,
    gate: Shared,
    method: Method,
    Query(parameters): Parameters,
) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    if method == Method::HEAD {
        return json.into_response();
    }
    let pairs = || parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let startup = pairs().any(|(name, value)| name == "startup" && value.eq_ignore_ascii_case("true"));
    let filter = Filter::of(pairs());
    let (table, now) = (gate.live.keep(), gate.now());
    let here = Cursor { number: table.number(), at: now };
    let polled = gate.cursors().get(point.as_ref()).copied();
    if let Some(polled) = polled.filter(|_| !startup) {
        // It asks again, so it had the answer before this one.
        gate.report(&point, Way::Poll, polled.last.number);
        let (work, since) = (Arc::clone(&gate.0), polled.before);
        let bytes = tokio::task::spawn_blocking({
            let (table, filter) = (Arc::clone(&table), filter.clone());
            move || work.delta(&table, since, &filter, now)
        });
        match bytes.await {
            Ok(Some(bytes)) => {
                gate.cursors().insert(point.to_string(), Polled { before: polled.last, last: here });
                return (json, bytes).into_response();
            }
            Ok(None) => {}
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    } else {
        gate.report(&point, Way::Poll, 0);
    }
    gate.cursors().insert(point.to_string(), Polled { before: here, last: here });
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let mut chunks = Chunks { sender, buffer: Vec::with_capacity(CHUNK) };
        // Who goes away in the middle will ask for everything again.
        let _ = write_everything(&table, &filter, !startup, now, &mut chunks).and_then(|()| chunks.flush());
    });
    (json, Body::from_stream(ReceiverStream::new(receiver))).into_response()
}

pub(crate) async fn heartbeat(Point(_): Point) -> StatusCode {
    StatusCode::OK
}

/// What newer bouncers count; it isn't kept.
pub(crate) async fn usage(Point(_): Point, _: Bytes) -> StatusCode {
    StatusCode::CREATED
}

impl Gate {
    fn delta(&self, table: &stillwatch_gate::Table, since: Cursor, filter: &Filter, now: i64) -> Option<Vec<u8>> {
        let feed = self.feed.read().unwrap_or_else(PoisonError::into_inner);
        let stream = delta(table, &feed, since, filter, now)?;
        serde_json::to_vec(&stream).ok()
    }
}

/// Writes into a connection, a chunk at a time.
struct Chunks {
    sender: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.sender.blocking_send(Ok(full.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
