//! Inbox: what members handed over to this node, taken as what came from them.
//! In: this node's own collections. Out: objects in the store with their sender; where to go on.
//! Invariant: it is judged as if it had been fetched; taking it again changes nothing.
//! Not here: what this node publishes itself; what a hub relays, which it doesn't read.

use stillwatch_model::Micros;
use stillwatch_stix::{Limits, Object};
use stillwatch_track::Store;
use stillwatch_track::exchange::{collections, stamp};
use stillwatch_track::peers::{self, Cursor, Taken, inbox_feeds, put_by};

use super::envelope::Came;
use super::take::take;
use super::walk::{Walked, Way, With};
use crate::Result;

/// Objects taken at a time.
const SOME: u32 = 1_000;

/// Whose inbox it is.
#[derive(Debug, Clone, Copy)]
pub struct Inbox<'a> {
    /// This node's name.
    pub name: &'a str,
    /// Objects that are taken from one client in an hour; more wait until a person has looked.
    pub hourly: u64,
}

/// Takes everything that others put into this node's collections.
///
/// # Errors
/// When the store can't be read or written.
pub async fn inbox(store: &Store, inbox: &Inbox<'_>, with: &With<'_>) -> Result<Vec<Walked>> {
    let Inbox { name, hourly } = *inbox;
    let With { clock, identity, .. } = *with;
    let mut all = Vec::new();
    for collection in collections(store).await? {
        let called = collection.alias.as_deref().unwrap_or(&collection.id);
        let called = format!("{}/{called}", collection.root);
        for mut feed in inbox_feeds(store, &collection, &called, name).await? {
            let sender = feed.peer.clone();
            let (mut taken, mut pages) = (Taken::default(), 0);
            let way = loop {
                if let Some(because) = &feed.held {
                    break Way::Held(because.clone());
                }
                let now = clock();
                if feed.hour == now.div_euclid(3_600_000_000) && feed.taken >= hourly {
                    let because = format!("it sent {} objects in an hour; {hourly} are taken", feed.taken);
                    peers::hold(store, &feed.peer, &feed.collection, &because).await?;
                    break Way::Held(because);
                }
                let after = micros(&feed.cursor.added_after);
                let put = put_by(store, &collection, &sender, after, SOME).await?;
                let Some(last) = put.last().map(|put| stamp(put.date_added)) else { break Way::Whole };
                let objects: Vec<Came<'_>> = put.iter().filter_map(|put| came(&put.json)).collect();
                let cursor = Cursor { added_after: last.clone(), next: String::new(), last: last.clone() };
                let (some, _) = take(store, &mut feed, objects, cursor, &last, (now, identity)).await?;
                taken = taken.and(some);
                pages += 1;
            };
            if pages > 0 {
                peers::seen(store, &feed, clock()).await?;
            }
            all.push(Walked { peer: sender, collection: called.clone(), taken, pages, way });
        }
    }
    Ok(all)
}

/// What is in a collection was read as an object when it came.
fn came(json: &str) -> Option<Came<'_>> {
    Some((json, Ok(Object::read(json, Limits::default().depth).ok()?)))
}

fn micros(text: &str) -> Micros {
    text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_microsecond)
}
