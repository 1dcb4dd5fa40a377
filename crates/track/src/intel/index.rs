//! Index: what arrivals make of indicators and of what is said of them.
//! In: rows of one page of the journal. Out: nothing but that they are written and the cursor moved.
//! Invariant: one transaction; where the cursor was moved by another meanwhile nothing is written; an older version never replaces a newer.
//! Not here: making rows of objects (`node::intel`).

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::Micros;

use super::journal::{Arrivals, CURSOR};
use super::{Remark, Told};
use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::{Dialect, Store};

/// Rows of one statement.
const MOST: usize = 2000;

/// What a page of arrivals says, put together in the journal's order.
#[derive(Debug, Default)]
pub struct Batch {
    told: BTreeMap<(String, String), (Told, Values)>,
    remarks: BTreeMap<(String, String), Vec<Remark>>,
    gone: HashMap<(String, String, String), Micros>,
}

/// What an indicator is met by: what, value.
type Values = Vec<(&'static str, String)>;

impl Batch {
    /// An indicator, with values of which each alone meets it.
    pub fn told(&mut self, told: Told, values: Values) {
        self.gone.remove(&(told.id.clone(), told.peer.clone(), told.version.clone()));
        match self.told.entry((told.id.clone(), told.peer.clone())) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert((told, values));
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                let first = place.get().0.first_received.min(told.first_received);
                let last = place.get().0.last_received.max(told.last_received);
                if told.instant >= place.get().0.instant {
                    place.insert((told, values));
                }
                let held = &mut place.get_mut().0;
                (held.first_received, held.last_received) = (first, last);
            }
        }
    }

    /// What one object says of indicators: a remark for each.
    pub fn remarks(&mut self, remarks: Vec<Remark>) {
        let Some(first) = remarks.first() else { return };
        self.gone.remove(&(first.id.clone(), first.peer.clone(), first.version.clone()));
        let key = (first.id.clone(), first.peer.clone());
        let is_newer = |held: &Vec<Remark>| held.first().is_none_or(|held| held.instant <= first.instant);
        if self.remarks.get(&key).is_none_or(is_newer) {
            self.remarks.insert(key, remarks);
        }
    }

    /// A peer has an object no longer.
    pub fn gone(&mut self, id: &str, peer: &str, version: &str, at: Micros) {
        self.gone.insert((id.to_owned(), peer.to_owned(), version.to_owned()), at);
    }
}

/// Keeps what arrivals say and moves the cursor behind them; false, and nothing written, where another did so meanwhile.
///
/// # Errors
/// When the store can't be written.
pub async fn keep(store: &Store, arrivals: &Arrivals, batch: &Batch) -> Result<bool> {
    let mut tx = store.write().await?;
    let row = sqlx::query("SELECT place FROM cursors WHERE name = $1").bind(CURSOR).fetch_optional(&mut *tx).await?;
    let at: i64 = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    if at != arrivals.from {
        return Ok(false);
    }
    let told: Vec<&(Told, Values)> = batch.told.values().collect();
    for some in told.chunks(MOST) {
        indicators(&mut tx, store.dialect(), some).await?;
    }
    let objects: Vec<&Vec<Remark>> = batch.remarks.values().collect();
    for some in objects.chunks(MOST) {
        said(&mut tx, store.dialect(), some).await?;
    }
    let gone: Vec<Value> = batch.gone.iter().map(|((id, peer, version), at)| json!([id, peer, version, at])).collect();
    let columns = [("id", Kind::Text), ("peer", Kind::Text), ("version", Kind::Text), ("gone", Kind::Int)];
    for some in gone.chunks(MOST) {
        for table in ["indicators", "remarks"] {
            let given = rows::given(store.dialect(), &columns);
            let same = format!("r.id = {table}.id AND r.peer = {table}.peer AND r.version = {table}.version");
            let sql = format!(
                "UPDATE {table} SET gone = (SELECT MAX(r.gone) FROM {given} WHERE {same}) \
                 WHERE EXISTS (SELECT 1 FROM {given} WHERE {same})"
            );
            sqlx::query(AssertSqlSafe(sql)).bind(rows::text(some)?).execute(&mut *tx).await?;
        }
    }
    sqlx::query(
        "INSERT INTO cursors (name, place) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET place = excluded.place",
    )
    .bind(CURSOR)
    .bind(arrivals.upto)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Columns of an indicator of which the newest version's stand.
const NEWEST: [(&str, Kind); 16] = [
    ("version", Kind::Text),
    ("instant", Kind::Int),
    ("created", Kind::Int),
    ("producer", Kind::Text),
    ("name", Kind::Text),
    ("pattern", Kind::Text),
    ("pattern_type", Kind::Text),
    ("kind", Kind::Text),
    ("confidence", Kind::Int),
    ("tlp", Kind::Text),
    ("pap", Kind::Text),
    ("unread", Kind::Int),
    ("valid_from", Kind::Int),
    ("valid_until", Kind::Int),
    ("revoked", Kind::Int),
    ("gone", Kind::Int),
];

async fn indicators(tx: &mut Transaction<'static, Any>, dialect: Dialect, all: &[&(Told, Values)]) -> Result<()> {
    let mut columns = vec![("id", Kind::Text), ("peer", Kind::Text)];
    columns.extend(NEWEST);
    columns.extend([("first_received", Kind::Int), ("last_received", Kind::Int)]);
    let newest: Vec<String> = NEWEST
        .iter()
        .map(|(name, _)| {
            format!(
                "{name} = CASE WHEN excluded.instant >= indicators.instant THEN excluded.{name} ELSE indicators.{name} END"
            )
        })
        .collect();
    let received = |name: &str, sign: &str| {
        format!(
            "{name} = CASE WHEN excluded.{name} {sign} indicators.{name} THEN excluded.{name} ELSE indicators.{name} END"
        )
    };
    let sql = format!(
        "{} ON CONFLICT (id, peer) DO UPDATE SET {}, {}, {}",
        rows::insert(dialect, "indicators", &columns),
        newest.join(", "),
        received("first_received", "<"),
        received("last_received", ">")
    );
    let row = |(told, _): &&(Told, Values)| {
        json!([
            told.id,
            told.peer,
            told.version,
            told.instant,
            told.created,
            told.producer,
            told.name,
            told.pattern,
            told.pattern_type,
            told.kind,
            told.confidence,
            told.tlp,
            told.pap,
            i64::from(told.unread),
            told.valid_from,
            told.valid_until,
            i64::from(told.revoked),
            told.gone,
            told.first_received,
            told.last_received
        ])
    };
    let rows: Vec<Value> = all.iter().map(row).collect();
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&rows)?).execute(&mut **tx).await?;
    values(tx, dialect, all).await
}

/// Values of the versions that stand: those of versions that do no longer go.
async fn values(tx: &mut Transaction<'static, Any>, dialect: Dialect, all: &[&(Told, Values)]) -> Result<()> {
    let stands = "EXISTS (SELECT 1 FROM indicators i WHERE i.id = r.id AND i.peer = r.peer AND i.version = r.version)";
    let given = rows::given(dialect, &[("id", Kind::Text), ("peer", Kind::Text), ("version", Kind::Text)]);
    let heads: Vec<Value> = all.iter().map(|(told, _)| json!([told.id, told.peer, told.version])).collect();
    let sql = format!(
        "DELETE FROM indicator_values WHERE (indicator, peer) IN (SELECT r.id, r.peer FROM {given} WHERE {stands})"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&heads)?).execute(&mut **tx).await?;
    let columns = [
        ("id", Kind::Text),
        ("peer", Kind::Text),
        ("version", Kind::Text),
        ("what", Kind::Text),
        ("value", Kind::Text),
    ];
    let sql = format!(
        "INSERT INTO indicator_values (what, value, indicator, peer) \
         SELECT r.what, r.value, r.id, r.peer FROM {} WHERE {stands} ON CONFLICT DO NOTHING",
        rows::given(dialect, &columns)
    );
    let each: Vec<Value> = all
        .iter()
        .flat_map(|(told, values)| {
            values.iter().map(|(what, value)| json!([told.id, told.peer, told.version, what, value]))
        })
        .collect();
    for some in each.chunks(MOST) {
        sqlx::query(AssertSqlSafe(sql.clone())).bind(rows::text(some)?).execute(&mut **tx).await?;
    }
    Ok(())
}

async fn said(tx: &mut Transaction<'static, Any>, dialect: Dialect, all: &[&Vec<Remark>]) -> Result<()> {
    let heads: Vec<Value> =
        all.iter().filter_map(|object| object.first()).map(|one| json!([one.id, one.peer, one.instant])).collect();
    let given = rows::given(dialect, &[("id", Kind::Text), ("peer", Kind::Text), ("instant", Kind::Int)]);
    // What the older version was about, the newer may not be about any longer.
    let sql = format!(
        "DELETE FROM remarks WHERE EXISTS (SELECT 1 FROM {given} \
         WHERE r.id = remarks.id AND r.peer = remarks.peer AND r.instant >= remarks.instant) \
         AND (id, peer) IN (SELECT r.id, r.peer FROM {given})"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&heads)?).execute(&mut **tx).await?;
    let columns = [
        ("id", Kind::Text),
        ("peer", Kind::Text),
        ("about", Kind::Text),
        ("what", Kind::Text),
        ("version", Kind::Text),
        ("instant", Kind::Int),
        ("producer", Kind::Text),
        ("word", Kind::Text),
        ("count", Kind::Int),
        ("first_seen", Kind::Int),
        ("last_seen", Kind::Int),
        ("tlp", Kind::Text),
        ("pap", Kind::Text),
        ("revoked", Kind::Int),
        ("gone", Kind::Int),
        ("received", Kind::Int),
    ];
    let names: Vec<&str> = columns.iter().map(|column| column.0).collect();
    let sql = format!(
        "INSERT INTO remarks ({}) SELECT {} FROM {} WHERE NOT EXISTS \
         (SELECT 1 FROM remarks m WHERE m.id = r.id AND m.peer = r.peer AND m.instant > r.instant) ON CONFLICT DO NOTHING",
        names.join(", "),
        names.iter().map(|name| format!("r.{name}")).collect::<Vec<_>>().join(", "),
        rows::given(dialect, &columns)
    );
    let row = |one: &Remark| {
        json!([
            one.id,
            one.peer,
            one.about,
            one.what,
            one.version,
            one.instant,
            one.producer,
            one.word,
            one.count,
            one.first_seen,
            one.last_seen,
            one.tlp,
            one.pap,
            i64::from(one.revoked),
            one.gone,
            one.received
        ])
    };
    let each: Vec<Value> = all.iter().flat_map(|object| object.iter().map(row)).collect();
    for some in each.chunks(MOST) {
        sqlx::query(AssertSqlSafe(sql.clone())).bind(rows::text(some)?).execute(&mut **tx).await?;
    }
    Ok(())
}
