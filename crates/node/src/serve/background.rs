//! Background: what a node does besides answering: fetching and handing over, receipts and trends, tidying what matches left,
//! erasing shares of epochs that are over.
//! In: a node, until it ends. Out: what came and went; what its ledger is owed is taken over; trends are counted.
//! Invariant: nobody's request waits for it; when it ends, everything that was read has its receipt, or that is told.
//! Not here: what a receipt is (`receipts.rs`), what is counted (`track::trends`).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stillwatch_track::peers::Taken;
use stillwatch_track::{By, trends};
use tokio::runtime::Handle;
use tokio::sync::oneshot::Receiver;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Part;
use crate::http::Node;
use crate::matching::{epoch, pair};
use crate::peer::{Us, Watched, Way, With, round};
use crate::seal::Identity;

/// Works until it is told that all requests are answered.
pub(super) async fn run(node: Arc<Node>, ended: Receiver<()>) {
    let tidying = tokio::spawn(tidy(Arc::clone(&node)));
    let erasing = tokio::spawn(erase(Arc::clone(&node)));
    work(node, ended).await;
    tidying.abort();
    erasing.abort();
}

/// Erases shares of epochs whose time is over, whether their hub calls or not.
async fn erase(node: Arc<Node>) {
    let Some(place) = &node.matching else { return };
    let mut beat = interval(Duration::from_secs(5));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        match epoch::beat(place).await {
            Ok(0) => {}
            Ok(epochs) => tracing::info!(epochs, "erased shares of epochs that are over"),
            Err(error) => tracing::error!(%error, hint = error.hint(), "cannot erase shares of epochs that are over"),
        }
    }
}

async fn work(node: Arc<Node>, mut ended: Receiver<()>) {
    if node.config.role != Part::Hub {
        // On a thread of its own: a round reads and judges much, and isn't to keep requests waiting.
        let handle = Handle::current();
        let rounds = tokio::task::spawn_blocking(move || {
            handle.block_on(async {
                tokio::select! {
                    _ = &mut ended => {}
                    () = federate(&node) => {}
                }
            });
        });
        if let Err(error) = rounds.await {
            tracing::error!(%error, "rounds of fetching and handing over ended");
        }
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

/// Goes round the peers, again and again. It may be broken off anywhere: the next round goes on there.
async fn federate(node: &Node) {
    let seconds = node.config.federation.every_seconds;
    if seconds == 0 {
        return std::future::pending().await;
    }
    let identity = match node.config.sealing_key.as_deref().map(Identity::read).transpose() {
        Ok(identity) => identity,
        Err(error) => {
            tracing::error!(%error, "what is sealed to this node stays closed");
            None
        }
    };
    let now = || Timestamp::now().as_microsecond();
    let with = With { clock: now, identity: identity.as_ref(), told: &|_, _| () };
    let (name, hourly) = (node.config.name.as_str(), node.config.federation.hourly);
    let us = Us { name, record: node.record.as_ref(), hourly, with: &with };
    let mut beat = interval(Duration::from_secs(seconds));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let by = By { author: name.to_owned(), at: now() };
        match round(&node.store, &us, None, &by).await {
            Ok(round) => {
                for one in round.walked.iter().filter(|one| one.taken != Taken::default() || one.way != Way::Whole) {
                    tracing::info!(peer = one.peer, collection = one.collection, new = one.taken.new,
                        held = one.taken.held, way = ?one.way, "followed");
                }
                for one in &round.pushed {
                    tracing::info!(
                        release = one.release,
                        recipient = one.recipient,
                        objects = one.objects,
                        because = one.because,
                        "handed over"
                    );
                }
                for (peer, because) in &round.failed {
                    tracing::warn!(peer, because, "a peer can't be asked");
                }
                for (peer, seen) in round.ledgers.iter().filter(|(_, seen)| matches!(seen, Watched::Lies(_))) {
                    tracing::error!(peer, ?seen, "a peer's ledger isn't to be trusted: what comes from it is held");
                }
            }
            Err(error) => tracing::error!(%error, hint = error.hint(), "cannot go round the peers"),
        }
    }
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

/// Looks at once, and then every hour, what matches left on the disk.
async fn tidy(node: Arc<Node>) {
    let Some(place) = &node.matching else { return };
    let mut beat = interval(Duration::from_secs(3_600));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let by = By { author: place.name.clone(), at: Timestamp::now().as_microsecond() };
        match pair::tidy(place, &by).await {
            Ok((0, 0)) => {}
            Ok((gone, kept)) => tracing::info!(gone, kept, "tidied what matches left"),
            Err(error) => tracing::warn!(%error, hint = error.hint(), "cannot tidy what matches left"),
        }
    }
}
