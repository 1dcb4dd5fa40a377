//! Background: what a hub does besides answering: receipts every second, trends of weeks that are over.
//! In: a node, until it ends. Out: what its ledger is owed is taken over; trends are counted.
//! Invariant: nobody's request waits for it; when it ends, everything that was read has its receipt, or that is told.
//! Not here: what a receipt is (`receipts.rs`), what is counted (`track::trends`).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stillwatch_track::trends;
use tokio::sync::oneshot::Receiver;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Part;
use crate::http::Node;

/// Works until it is told that all requests are answered.
pub(super) async fn run(node: Arc<Node>, mut ended: Receiver<()>) {
    if node.config.role != Part::Hub {
        return;
    }
    let counting = tokio::spawn(count(Arc::clone(&node)));
    let mut beat = interval(Duration::from_secs(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // A receipt that is under way is never broken off.
        let is_last = tokio::select! {
            _ = &mut ended => true,
            _ = beat.tick() => false,
        };
        if let Err(error) = node.receipts.settle(&node.store).await {
            tracing::error!(%error, hint = error.hint(), is_last, "cannot write receipts");
        }
        if is_last {
            break;
        }
    }
    counting.abort();
}

/// Looks every minute whether a week is over.
async fn count(node: Arc<Node>) {
    let mut beat = interval(Duration::from_secs(60));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        match trends::settle(&node.store, Timestamp::now().as_microsecond()).await {
            Ok(0) => {}
            Ok(weeks) => tracing::info!(weeks, "counted trends"),
            Err(error) => tracing::warn!(%error, "cannot count trends"),
        }
    }
}
