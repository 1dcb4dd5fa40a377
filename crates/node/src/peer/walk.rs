//! Walk: a collection of a peer, page by page, from where it was left.
//! In: a peer, a feed. Out: what came, in the store; where to go on.
//! Invariant: after every page objects and cursor are written together: cut anywhere, it goes on there; a peer that fails, floods or
//! goes in circles is left alone for a while, or until a person has looked.
//! Not here: one request (`ask.rs`), what is taken (`judge.rs`).

use std::time::Instant;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use stillwatch_model::Micros;
use stillwatch_track::Store;
use stillwatch_track::exchange::stamp;
use stillwatch_track::peers::{self, Cursor, Feed, Peer, Taken};

use super::ask::{Asker, Failure, Reply};
use super::take::take;
use super::{back_off, envelope};
use crate::Result;
use crate::seal::Identity;

/// Objects asked for at a time.
const PAGE: &str = "1000";
/// Pages in one walk; it goes on the next time.
const PAGES: usize = 100_000;
/// Where a Stillwatch node hears what was taken.
const ACKNOWLEDGE: &str = "/api/v1/acknowledgements";

/// What a walk needs of who walks.
pub struct With<'a> {
    /// The time; asked for every page.
    pub clock: fn() -> Micros,
    /// Opens what is sealed to this node.
    pub identity: Option<&'a Identity>,
    /// Hears of each page that was taken.
    pub told: &'a (dyn Fn(&Feed, &Taken) + Sync),
}

impl std::fmt::Debug for With<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("With").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// At the collection's end.
    Whole,
    /// Not at its end: the peer failed before, and is asked again then; or it took long enough, and goes on the next time.
    Later(Micros),
    /// A person has to look first.
    Held(String),
    /// The peer failed; it is asked again then.
    Failed(String, Micros),
}

/// A walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// The peer.
    pub peer: String,
    /// Its collection.
    pub collection: String,
    /// What came.
    pub taken: Taken,
    /// Pages that were read.
    pub pages: usize,
    /// How it ended.
    pub way: Way,
}

/// Walks through a feed.
///
/// # Errors
/// When the store can't be read or written. A peer that fails is no error here: [`Way`] says so.
pub async fn walk(store: &Store, peer: &Peer, asker: &Asker, mut feed: Feed, with: &With<'_>) -> Result<Walked> {
    let With { clock, told, .. } = *with;
    let (mut taken, mut pages) = (Taken::default(), 0);
    let (whose, collection) = (feed.peer.clone(), feed.collection.clone());
    let done = |taken, pages, way| Ok(Walked { peer: whose, collection, taken, pages, way });
    if let Some(because) = &feed.held {
        return done(taken, pages, Way::Held(because.clone()));
    }
    if feed.retry > clock() {
        return done(taken, pages, Way::Later(feed.retry));
    }
    let path = format!("collections/{}/objects/", feed.collection);
    let mut before: Option<[u8; 32]> = None;
    let begun = Instant::now();
    while pages < PAGES && begun.elapsed() < asker.walk {
        let now = clock();
        if feed.hour == now.div_euclid(3_600_000_000) && feed.taken >= peer.hourly {
            let because =
                format!("it sent {} objects in an hour; {} are taken, the rest waits there", feed.taken, peer.hourly);
            peers::hold(store, &feed.peer, &feed.collection, &because).await?;
            return done(taken, pages, Way::Held(because));
        }
        let failed = match page(asker, &path, &feed.cursor).await {
            Ok(reply) => match one(store, peer, asker, &mut feed, &reply, (now, with.identity)).await? {
                Ok((true, _)) if before == Some(digest(&reply)) => {
                    Failure::broken("it goes in circles: a page comes again")
                }
                Ok((more, came)) => {
                    before = Some(digest(&reply));
                    pages += 1;
                    taken = taken.and(came);
                    told(&feed, &taken);
                    if more {
                        continue;
                    }
                    peers::seen(store, &feed, now).await?;
                    return done(taken, pages, Way::Whole);
                }
                Err(failure) => failure,
            },
            // A server forgot what it gave out: on from what was seen last, a little back where times aren't unique.
            Err(failure) if !feed.cursor.next.is_empty() && matches!(failure.status, Some(400 | 404 | 410 | 422)) => {
                let cursor = onward(&feed.cursor, false, None, "", peer.overlap.max(1_000_000))
                    .unwrap_or_else(|_| feed.cursor.clone());
                peers::moved(store, &feed, &cursor).await?;
                feed.cursor = cursor;
                continue;
            }
            Err(failure) => failure,
        };
        let retry = back_off::again(now, feed.failures.saturating_add(1), failed.after);
        peers::failed(store, &feed, &failed.because, retry).await?;
        return done(taken, pages, Way::Failed(failed.because, retry));
    }
    done(taken, pages, Way::Later(clock()))
}

/// By which a page that comes again is known; `next` tells nothing, for servers exist where it stays the same.
fn digest(reply: &Reply) -> [u8; 32] {
    Sha256::digest(&reply.bytes).into()
}

async fn page(asker: &Asker, path: &str, cursor: &Cursor) -> Result<Reply, Failure> {
    let mut query = vec![("match[version]", "all"), ("limit", PAGE)];
    if !cursor.added_after.is_empty() {
        query.push(("added_after", &cursor.added_after));
    }
    if !cursor.next.is_empty() {
        query.push(("next", &cursor.next));
    }
    asker.get(path, &query).await
}

/// Takes one page; returns whether there are more.
async fn one(
    store: &Store,
    peer: &Peer,
    asker: &Asker,
    feed: &mut Feed,
    reply: &Reply,
    (now, identity): (Micros, Option<&Identity>),
) -> Result<Result<(bool, Taken), Failure>> {
    let (envelope, came) = match envelope::read(&reply.bytes) {
        Ok(read) => read,
        Err(failure) => return Ok(Err(failure)),
    };
    let last = reply.header("x-taxii-date-added-last").unwrap_or_default().trim().to_owned();
    let cursor = match onward(&feed.cursor, envelope.more, envelope.next, &last, peer.overlap) {
        Ok(cursor) => cursor,
        Err(failure) => return Ok(Err(failure)),
    };
    let (taken, hashes) = take(store, feed, came, cursor, &last, (now, identity)).await?;
    if peer.acknowledges && !hashes.is_empty() {
        let body = serde_json::json!({ "objects": hashes }).to_string();
        // It is in the store: that the other side isn't told is no reason to take it again.
        if let Err(failure) = asker.post(ACKNOWLEDGE, "application/json", body).await {
            tracing::warn!(peer = feed.peer, because = %failure, "the peer wasn't told what was taken");
        }
    }
    Ok(Ok((envelope.more, taken)))
}

/// Where the walk goes on.
fn onward(before: &Cursor, more: bool, next: Option<String>, last: &str, overlap: Micros) -> Result<Cursor, Failure> {
    let latest = if instant(last) >= instant(&before.last) { last } else { &before.last }.to_owned();
    match (more, next.filter(|next| !next.is_empty())) {
        (false, _) => {
            // What appears late with a `date_added` that is over is found by reading a little again.
            let from = instant(&latest).map(|at| stamp(at.saturating_sub(overlap)));
            let added_after = match from {
                Some(from) if instant(&from) >= instant(&before.added_after) => from,
                _ => before.added_after.clone(),
            };
            Ok(Cursor { added_after, next: String::new(), last: latest })
        }
        (true, Some(next)) => Ok(Cursor { next, last: latest, added_after: before.added_after.clone() }),
        // `next` may be missing: then the last `date_added` leads on (TAXII 2.1, section 3.5).
        (true, None) if instant(last) > instant(&before.added_after) => {
            Ok(Cursor { added_after: last.to_owned(), next: String::new(), last: latest })
        }
        (true, None) => Err(Failure::broken("it says that there is more, and not how to get it")),
    }
}

fn instant(text: &str) -> Option<Micros> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}
