//! Webhook: changes, called out to a point that can't listen.
//! In: the gate, a way to send. Out: signed batches, again and again until they arrive.
//! Invariant: in order, one batch at a time; a point is told what it lacks, never half of it; the signature covers number and body.
//! Not here: the HTTP client and which addresses may be called (the node's settings): sending is handed in.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use stillwatch_gate::points::Way;

use crate::gate::Gate;
use crate::gate::changes::{Told, told};

/// Changes in one call.
const BATCH: usize = 1_000;
/// Longest wait before the next try.
const LONGEST: Duration = Duration::from_secs(30);

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Number of the last change in it.
    pub number: u64,
    /// Header `x-stillwatch-signature`: `sha256=` and HMAC-SHA-256 over the body, in hexadecimal.
    pub signature: String,
    /// JSON.
    pub body: Vec<u8>,
}

#[derive(Serialize)]
struct Body<'a> {
    /// Number before the first change: what the point should have.
    after: u64,
    changes: Vec<Told<'a>>,
    /// It lacks more than is kept and should load everything.
    everything: bool,
}

/// The next call to a point that has changes up to a number; `None`: it has all of them.
#[must_use]
pub fn next(gate: &Gate, key: &[u8], has: u64) -> Option<Call> {
    let kept = gate.after(has, BATCH);
    let everything = kept.is_none();
    let changes = kept.unwrap_or_default();
    if changes.is_empty() && !everything {
        return None;
    }
    let number = changes.last().map_or_else(|| gate.live().now().number(), |change| change.number);
    let body = Body { after: has, changes: changes.iter().map(told).collect(), everything };
    let body = serde_json::to_vec(&body).ok()?;
    Some(Call { number, signature: signature(key, &body), body })
}

/// Calls a point for as long as the gate lives. `send` says whether the point took the call (a 2xx).
pub async fn run<F>(gate: Arc<Gate>, point: String, key: Vec<u8>, mut has: u64, mut send: impl FnMut(Call) -> F)
where
    F: Future<Output = bool>,
{
    let mut newest = gate.newest.subscribe();
    // One that can never be called is an alarm too.
    gate.report(&point, Way::Push, has);
    let mut wait = Duration::from_millis(100);
    loop {
        newest.borrow_and_update();
        while let Some(call) = next(&gate, &key, has) {
            let number = call.number;
            if send(call).await {
                has = number;
                wait = Duration::from_millis(100);
                gate.report(&point, Way::Push, has);
            } else {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST);
            }
        }
        if newest.changed().await.is_err() {
            return;
        }
    }
}

fn signature(key: &[u8], body: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
