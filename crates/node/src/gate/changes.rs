//! Changes: `/v1/changes`, server-sent events (HTML Living Standard, section 9.2).
//! In: the feed; `Last-Event-ID` of a point that comes back. Out: an event a change, its number as the event's id.
//! Invariant: in order and without gaps; a point that was away too long gets `everything` and must load the full list.
//! Not here: polling (`lapi.rs`), calling points (`webhook.rs`).

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Serialize;
use stillwatch_gate::book::{Change, Done};
use stillwatch_gate::entry::Course;
use stillwatch_gate::{Action, Subject};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

use crate::gate::key::Point;
use crate::gate::{Gate, Shared};

/// Changes that are handed over at once.
const BATCH: usize = 1_024;

/// One change, as points are told it.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'a> {
    number: u64,
    done: Done,
    decision: u64,
    subject: &'a Subject,
    #[serde(flatten)]
    action: Action,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    decays: &'a [stillwatch_gate::rules::Step],
    code: &'a str,
    /// Seconds since 1970.
    since: i64,
    /// Seconds since 1970; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
}

pub(crate) fn told(change: &Change) -> Told<'_> {
    let Course { action, decays, code, .. } = &change.entry.course;
    Told {
        number: change.number,
        done: change.done,
        decision: change.entry.id,
        subject: &change.entry.subject,
        action: *action,
        decays,
        code,
        since: change.entry.since,
        expires: (change.entry.expires != i64::MAX).then_some(change.entry.expires),
    }
}

pub(crate) async fn listen(
    _: Point,
    gate: Shared,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let from = last.unwrap_or_else(|| gate.live.now().number());
    let (sender, receiver) = mpsc::channel(BATCH);
    tokio::spawn(send(Arc::clone(&gate.0), from, sender));
    Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// Hands on what is new until the point goes away. A slow point holds up itself alone.
async fn send(gate: Arc<Gate>, mut from: u64, sender: mpsc::Sender<Result<Event, Infallible>>) {
    let (mut newest, mut over) = (gate.newest.subscribe(), gate.over.subscribe());
    loop {
        newest.borrow_and_update();
        loop {
            let batch = gate.after(from, BATCH);
            let events = match &batch {
                Some(changes) if changes.is_empty() => break,
                Some(changes) => changes.iter().map(event).collect(),
                // What it lacks isn't kept: from now on, after it loaded everything.
                None => vec![Event::default().event("everything").id(gate.live.now().number().to_string()).data("{}")],
            };
            from =
                batch.and_then(|changes| changes.last().map(|c| c.number)).unwrap_or_else(|| gate.live.now().number());
            for event in events {
                if sender.send(Ok(event)).await.is_err() {
                    return;
                }
            }
        }
        tokio::select! {
            changed = newest.changed() => if changed.is_err() { return },
            _ = over.wait_for(|over| *over) => return,
            () = sender.closed() => return,
        }
    }
}

fn event(change: &Change) -> Event {
    let data = serde_json::to_string(&told(change)).unwrap_or_default();
    Event::default().event("change").id(change.number.to_string()).data(data)
}

impl Gate {
    /// At most so many changes after a number; `None`: some of them aren't kept any more.
    pub(crate) fn after(&self, number: u64, most: usize) -> Option<Vec<Change>> {
        let feed = self.feed.read().unwrap_or_else(PoisonError::into_inner);
        feed.since(number).map(|changes| changes.take(most).cloned().collect())
    }
}
