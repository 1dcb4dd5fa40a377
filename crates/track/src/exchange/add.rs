//! Add: objects of one sender into one collection.
//! In: objects as they came, with versions and markings. Out: what became of each, in their order.
//! Invariant: one transaction; `date_added` is given under the writer's lock, after the last one; what is there is never changed.
//! Not here: reading objects from a request (the node), how versions stand (`place.rs`).

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use super::collections::Collection;
use super::place::{Stands, Version, stand};
use super::status::{self, Kept};
use super::version::{instant_key, key_of, stamp};
use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::{Dialect, Store};

/// Bytes handed to the database in one statement.
const BATCH: usize = 4 << 20;

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

/// A row to write.
struct New<'a> {
    date_added: Micros,
    instant: String,
    came: &'a Came<'a>,
    stands: Stands,
}

/// A row that is there, with the id and instant of one that came.
struct Twin {
    source: String,
    version: String,
    date_added: Micros,
    shown: bool,
    json: String,
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
    keep: &(dyn Fn(&Added) -> Option<Kept> + Sync),
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
    if let Some(kept) = keep(&added) {
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

/// Which of the ids are in the collection.
async fn known(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    collection: &Collection,
    ids: &str,
) -> Result<HashSet<String>> {
    let given = rows::given(dialect, &[("id", Kind::Text)]);
    let sql = format!(
        "SELECT r.id FROM {given} WHERE EXISTS \
         (SELECT 1 FROM collection_objects c WHERE c.collection = $2 AND c.id = r.id)"
    );
    let found = sqlx::query(AssertSqlSafe(sql)).bind(ids).bind(collection.number).fetch_all(&mut **tx).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Rows with the id and instant of one that came; for those without versions all with the id.
async fn twins(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    collection: &Collection,
    objects: &[Came<'_>],
    instants: &[Result<Option<String>, Outcome>],
    known: &HashSet<String>,
) -> Result<HashMap<(String, String), Vec<Twin>>> {
    let mut wanted: HashSet<(&str, &str)> = HashSet::new();
    for (came, instant) in objects.iter().zip(instants) {
        if let (true, Ok(instant)) = (known.contains(came.id), instant) {
            wanted.insert((came.id, instant.as_deref().unwrap_or_default()));
        }
    }
    let mut twins: HashMap<(String, String), Vec<Twin>> = HashMap::new();
    if wanted.is_empty() {
        return Ok(twins);
    }
    let wanted: Vec<_> =
        wanted.into_iter().map(|(id, instant)| (id, instant, if instant.is_empty() { "~" } else { instant })).collect();
    let given = rows::given(dialect, &[("id", Kind::Text), ("low", Kind::Text), ("high", Kind::Text)]);
    let sql = format!(
        "SELECT r.id, r.low, c.source, c.version, c.date_added, c.stands, c.json \
         FROM {given} CROSS JOIN collection_objects c \
         WHERE c.collection = $2 AND c.id = r.id AND c.instant >= r.low AND c.instant <= r.high"
    );
    let found =
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&wanted)?).bind(collection.number).fetch_all(&mut **tx).await?;
    for row in &found {
        let (version, date_added): (String, Micros) = (row.try_get(3)?, row.try_get(4)?);
        let version = if version.is_empty() { stamp(date_added) } else { version };
        twins.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push(Twin {
            source: row.try_get(2)?,
            version,
            date_added,
            shown: row.try_get::<i64, _>(5)? > 0,
            json: row.try_get(6)?,
        });
    }
    for of in twins.values_mut() {
        of.sort_by_key(|twin| twin.date_added);
    }
    Ok(twins)
}

/// The first and the newest version that is shown of each of the ids.
async fn edges(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    collection: &Collection,
    ids: &HashSet<String>,
) -> Result<HashMap<String, Vec<Version>>> {
    let mut edges: HashMap<String, Vec<Version>> = HashMap::new();
    if ids.is_empty() {
        return Ok(edges);
    }
    let given = rows::given(dialect, &[("id", Kind::Text)]);
    let edge = |order: &str| {
        format!(
            "(SELECT date_added FROM collection_objects c WHERE c.collection = $2 AND c.id = r.id AND c.stands > 0 \
             ORDER BY c.instant {order} LIMIT 1)"
        )
    };
    let sql = format!(
        "SELECT o.id, o.date_added, o.instant, o.stands FROM (SELECT {} AS at FROM {given} UNION SELECT {} FROM {given}) e \
         CROSS JOIN collection_objects o WHERE o.date_added = e.at",
        edge("ASC"),
        edge("DESC")
    );
    let ids: Vec<[&String; 1]> = ids.iter().map(|id| [id]).collect();
    let found =
        sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&ids)?).bind(collection.number).fetch_all(&mut **tx).await?;
    for row in &found {
        edges.entry(row.try_get(0)?).or_default().push(Version {
            date_added: row.try_get(1)?,
            instant: row.try_get(2)?,
            stood: Some(row.try_get(3)?),
        });
    }
    Ok(edges)
}

async fn insert(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    collection: &Collection,
    source: &str,
    new: &[New<'_>],
) -> Result<()> {
    let given = match dialect {
        Dialect::Sqlite => rows::given(
            dialect,
            &[
                ("date_added", Kind::Int),
                ("id", Kind::Text),
                ("version", Kind::Text),
                ("instant", Kind::Text),
                ("type", Kind::Text),
                ("tlp", Kind::Int),
                ("pap", Kind::Int),
                ("stands", Kind::Int),
                ("json", Kind::Text),
            ],
        ),
        // PostgreSQL reads arrays of text far faster than rows of JSON.
        Dialect::Postgres => "(SELECT date_added::bigint, id, version, instant, type, tlp::bigint, pap::bigint, stands::bigint, json \
             FROM unnest($1::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], \
             $11::text[]) AS u (date_added, id, version, instant, type, tlp, pap, stands, json)) AS r"
            .to_owned(),
    };
    let sql = format!(
        "INSERT INTO collection_objects \
         (date_added, collection, id, version, instant, type, source, tlp, pap, stands, json) \
         SELECT date_added, $2, id, version, instant, type, $3, tlp, pap, stands, json FROM {given} WHERE true"
    );
    let mut rest = new;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest
            .iter()
            .take_while(|row| {
                bytes += row.came.json.len() + 300;
                bytes <= BATCH
            })
            .count()
            .max(1);
        let (batch, later) = rest.split_at(fits);
        rest = later;
        let query = sqlx::query(AssertSqlSafe(sql.clone()));
        let query = match dialect {
            Dialect::Sqlite => {
                let all: Vec<_> = batch
                    .iter()
                    .map(|row| {
                        let came = row.came;
                        let version = came.version.unwrap_or_default();
                        let stands = row.stands as i64;
                        (
                            row.date_added,
                            came.id,
                            version,
                            &row.instant,
                            came.kind,
                            came.tlp,
                            came.pap,
                            stands,
                            came.json,
                        )
                    })
                    .collect();
                query.bind(rows::text(&all)?).bind(collection.number).bind(source)
            }
            Dialect::Postgres => {
                let number = |of: &dyn Fn(&New<'_>) -> i64| {
                    let texts: Vec<String> = batch.iter().map(|row| of(row).to_string()).collect();
                    rows::array(texts.iter().map(String::as_str))
                };
                query
                    .bind(number(&|row| row.date_added))
                    .bind(collection.number)
                    .bind(source)
                    .bind(rows::array(batch.iter().map(|row| row.came.id)))
                    .bind(rows::array(batch.iter().map(|row| row.came.version.unwrap_or_default())))
                    .bind(rows::array(batch.iter().map(|row| row.instant.as_str())))
                    .bind(rows::array(batch.iter().map(|row| row.came.kind)))
                    .bind(number(&|row| row.came.tlp.into()))
                    .bind(number(&|row| row.came.pap.into()))
                    .bind(number(&|row| row.stands as i64))
                    .bind(rows::array(batch.iter().map(|row| row.came.json)))
            }
        };
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Writes how rows stand now.
pub(super) async fn restand(
    tx: &mut Transaction<'static, Any>,
    dialect: Dialect,
    stands: &HashMap<Micros, Stands>,
) -> Result<()> {
    if stands.is_empty() {
        return Ok(());
    }
    let rows: Vec<(Micros, i64)> = stands.iter().map(|(at, stands)| (*at, *stands as i64)).collect();
    let given = rows::given(dialect, &[("at", Kind::Int), ("stands", Kind::Int)]);
    let sql = format!(
        "UPDATE collection_objects SET stands = (SELECT r.stands FROM {given} WHERE r.at = collection_objects.date_added) \
         WHERE date_added IN (SELECT r.at FROM {given})"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&rows)?).execute(&mut **tx).await?;
    Ok(())
}
