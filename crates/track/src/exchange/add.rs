//! Add: objects of one sender into one collection.
//! In: objects as they came, with versions and markings. Out: what became of each, in their order.
//! Invariant: one transaction; `date_added` is given under the writer's lock, after the last one; what is there is never changed.
//! Not here: reading objects from a request (the node), how versions stand (`place.rs`), rows (`there.rs`, `write.rs`).

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use sqlx::Row;
use stillwatch_model::Micros;

use super::collections::Collection;
use super::place::{Stands, Version, stand};
use super::status::{self, Kept};
use super::there::{Twin, edges, known, twins};
use super::version::{instant_key, key_of, stamp};
use super::write::{New, insert, restand};
use crate::error::Result;
use crate::rows;
use crate::store::Store;

/// An object that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came<'a> {
    /// Its STIX id.
    pub id: &'a str,
    /// Its `modified`, else its `created`, as written (TAXII 2.1, section 3.4.1); `None` where it has neither.
    pub version: Option<&'a str>,
    /// Its `type`.
    pub kind: &'a str,
    /// How strictly it says who may know, 0 for everybody.
    pub tlp: u8,
    /// How strictly it says what may be done with it, 0 for anything.
    pub pap: u8,
    /// The object, exactly as written.
    pub json: &'a str,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now, with this version (its own text, or when it was added).
    Added(String),
    /// The same was there already, with this version.
    There(String),
    /// Another object without versions is there under this id, from the same sender, and stays.
    FirstStays(String),
    /// The same sender sent something else under this id and version; that stays, and this wasn't taken.
    Contradicts,
    /// Its version is no timestamp; it wasn't taken.
    NoTimestamp,
    /// It holds the character U+0000, which no database keeps in text; it wasn't taken.
    OddText,
}

/// What became of all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// In the order in which the objects came.
    pub outcomes: Vec<Outcome>,
    /// The `date_added` of the first and the last that is new.
    pub between: Option<(Micros, Micros)>,
}

/// Adds objects of a sender; `clock` is asked once, when the writer's lock is held. What `keep` makes of the outcomes is kept in the
/// same transaction, for `status` to tell.
///
/// # Errors
/// When the store can't be written; nothing is added then.
pub async fn add(
    store: &Store,
    collection: &Collection,
    source: &str,
    objects: &[Came<'_>],
    clock: fn() -> Micros,
    keep: &(dyn Fn(&Added) -> Result<Option<Kept>> + Sync),
) -> Result<Added> {
    let dialect = store.dialect();
    // What needs no lock is done before it is held.
    let given: Vec<Result<Option<String>, Outcome>> = objects.iter().map(read).collect();
    let ids: HashSet<&str> = objects.iter().map(|o| o.id).collect();
    let ids = rows::text(&ids.iter().map(|id| [id]).collect::<Vec<_>>())?;

    let mut tx = store.write().await?;
    let last: Option<i64> = sqlx::query("SELECT last FROM exchange_clock")
        .fetch_optional(&mut *tx)
        .await?
        .map(|row| row.try_get(0))
        .transpose()?;
    let mut next = clock().max(last.map_or(0, |last| last + 1));
    let from = next;

    let known = known(&mut tx, dialect, collection, &ids).await?;
    let mut twins = twins(&mut tx, dialect, collection, objects, &given, &known).await?;
    let mut versions = edges(&mut tx, dialect, collection, &known).await?;

    let mut new: Vec<New<'_>> = Vec::with_capacity(objects.len());
    let mut outcomes = Vec::with_capacity(objects.len());
    for (came, given) in objects.iter().zip(given) {
        let given = match given {
            Ok(given) => given,
            Err(outcome) => {
                outcomes.push(outcome);
                continue;
            }
        };
        let versioned = given.is_some();
        let place = twins.entry((came.id.to_owned(), given.clone().unwrap_or_default())).or_default();
        if let Some(own) = place.iter().find(|twin| twin.source == source) {
            outcomes.push(match (same(&own.json, came.json), versioned) {
                (true, _) => Outcome::There(own.version.clone()),
                (false, false) => Outcome::FirstStays(own.version.clone()),
                (false, true) => Outcome::Contradicts,
            });
            continue;
        }
        let date_added = next;
        next += 1;
        let fits = came.tlp <= collection.most_tlp && came.pap <= collection.most_pap;
        let shown = fits && !place.iter().any(|twin| twin.shown);
        let instant = given.unwrap_or_else(|| key_of(date_added));
        let version = came.version.map_or_else(|| stamp(date_added), str::to_owned);
        place.push(Twin {
            source: source.to_owned(),
            version: version.clone(),
            date_added,
            shown,
            json: came.json.to_owned(),
        });
        if shown {
            let of = versions.entry(came.id.to_owned()).or_default();
            of.push(Version { date_added, instant: instant.clone(), stood: None });
        }
        new.push(New { date_added, instant, came, stands: Stands::Hidden });
        outcomes.push(Outcome::Added(version));
    }

    let mut stands: HashMap<Micros, Stands> = versions.values().flat_map(|of| stand(of)).collect();
    for row in &mut new {
        row.stands = stands.remove(&row.date_added).unwrap_or(Stands::Hidden);
    }
    insert(&mut tx, dialect, collection, source, &new).await?;
    restand(&mut tx, dialect, &stands).await?;

    let between = new.first().zip(new.last()).map(|(first, last)| (first.date_added, last.date_added));
    if let Some((_, last)) = between {
        sqlx::query(
            "INSERT INTO exchange_clock (place, last, changes) VALUES (1, $1, 0) \
             ON CONFLICT (place) DO UPDATE SET last = excluded.last",
        )
        .bind(last)
        .execute(&mut *tx)
        .await?;
    }
    let added = Added { outcomes, between };
    if let Some(kept) = keep(&added)? {
        status::put(&mut tx, &kept, from).await?;
    }
    tx.commit().await?;
    Ok(added)
}

/// The key of an object's version, `None` where it has none.
fn read(came: &Came<'_>) -> Result<Option<String>, Outcome> {
    if [came.id, came.kind, came.json].iter().any(|text| text.contains('\0')) {
        return Err(Outcome::OddText);
    }
    came.version.map(|version| instant_key(version).ok_or(Outcome::NoTimestamp)).transpose()
}

/// Whether two texts say the same.
fn same(there: &str, came: &str) -> bool {
    let read = |text| serde_json::from_str::<Value>(text).ok();
    there == came || read(there).is_some_and(|there| Some(there) == read(came))
}
