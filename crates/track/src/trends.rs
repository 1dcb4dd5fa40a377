//! Trends: how many objects of which kind came to a hub in a week, where enough contributed.
//! In: weeks that are over. Out: cells of a collection, a week and a type or technique, to which at least `FLOOR` members contributed.
//! Invariant: a week is counted once and never again, so that removing, joining and asking twice change nothing; a cell that too few
//! contributed to is never written, nor any sum that holds it; cells of one kind never overlap.
//! Not here: who may ask for which collection (the node), objects that are sealed (nobody here can read them).

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::TryStreamExt;
use serde::Deserialize;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::Micros;
use uuid::Uuid;

use crate::error::Result;
use crate::rows::{self, Kind};
use crate::store::Store;
use crate::time::DAY;

/// Members that must have contributed to a cell.
pub const FLOOR: usize = 3;
/// A week.
pub const WEEK: Micros = 7 * DAY;
/// The first Monday of all, 1970-01-05, in UTC.
const MONDAY: Micros = 4 * DAY;
/// How long after its end a week is counted: what was being written then is there.
const AFTER: Micros = 5 * 60 * 1_000_000;
/// Attack patterns of one week that are looked at.
const MOST_PATTERNS: usize = 50_000;

/// What a cell counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// Objects of a type.
    Type,
    /// Relationships from indicators and campaigns to a technique.
    Technique,
    /// How a campaign's volume changed: not how many, but the mean of what members say, in tens of per cent.
    Effect,
}

impl Of {
    fn name(self) -> &'static str {
        match self {
            Of::Type => "type",
            Of::Technique => "technique",
            Of::Effect => "effect",
        }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The first microsecond of its week.
    pub week: Micros,
    /// What it counts.
    pub of: Of,
    /// The type, or the technique's or campaign's id.
    pub name: String,
    /// How many; of an effect, per cent.
    pub objects: i64,
}

/// The first microsecond of an instant's week: Monday, UTC.
#[must_use]
pub fn week_of(at: Micros) -> Micros {
    at.saturating_sub(MONDAY).div_euclid(WEEK) * WEEK + MONDAY
}

/// Counts every week that is over by now and wasn't counted; returns how many these were.
///
/// # Errors
/// When the store can't be read or written; the rest is counted the next time.
pub async fn settle(store: &Store, now: Micros) -> Result<usize> {
    let end = week_of(now.saturating_sub(AFTER));
    let last: Option<i64> =
        sqlx::query("SELECT MAX(week) FROM trend_weeks").fetch_one(store.pool()).await?.try_get(0)?;
    let mut from = last.map_or(i64::MIN, |last| last + WEEK);
    let mut counted = 0;
    loop {
        let row = sqlx::query("SELECT MIN(date_added) FROM collection_objects WHERE date_added >= $1").bind(from);
        let next: Option<i64> = row.fetch_one(store.pool()).await?.try_get(0)?;
        let Some(week) = next.map(week_of).filter(|week| *week < end) else { return Ok(counted) };
        let cells = count(store, week).await?;
        counted += usize::from(keep(store, week, &cells, now).await?);
        from = week + WEEK;
    }
}

/// What a week's cell is: collection, what, name.
type Cells = BTreeMap<(i64, Of, String), i64>;

/// Members' objects of a week that are shown. `date_added` is the table's own key; of sums and joined texts no other index is read.
const RANGE: &str = "FROM collection_objects WHERE date_added >= $1 AND date_added < $2 AND stands + 0 > 0 \
                     AND source || '' IN (SELECT name FROM clients WHERE role = 'member')";

async fn count(store: &Store, week: Micros) -> Result<Cells> {
    let mut cells = Cells::new();
    // What ties others together is counted as techniques, and nowhere else: cells of different kinds say nothing of each other.
    let sql = format!(
        "SELECT collection + 0, type || '', COUNT(DISTINCT id) {RANGE} \
         AND type || '' NOT IN ('relationship', 'campaign-effect', 'marking-definition', 'extension-definition', 'language-content') \
         GROUP BY collection + 0, type || '' HAVING COUNT(DISTINCT source) >= {FLOOR}"
    );
    for row in sqlx::query(AssertSqlSafe(sql)).bind(week).bind(week + WEEK).fetch_all(store.pool()).await? {
        cells.insert((row.try_get(0)?, Of::Type, row.try_get(1)?), row.try_get(2)?);
    }
    for ((collection, campaign), said) in effects(store, week).await? {
        if said.len() >= FLOOR {
            cells.insert((collection, Of::Effect, campaign), mean(said.values()));
        }
    }
    let mut seen: BTreeMap<(i64, String), Contributed> = BTreeMap::new();
    for ((collection, pattern), one) in ties(store, week).await? {
        // Techniques are read from attack patterns in the same collection.
        seen.entry((collection, pattern)).or_default().add(one);
    }
    let mut techniques: BTreeMap<(i64, String), Contributed> = BTreeMap::new();
    for (collection, ids) in by_collection(&seen) {
        let named = named(store, collection, &ids).await?;
        for (pattern, technique) in named {
            if let Some(one) = seen.remove(&(collection, pattern)) {
                techniques.entry((collection, technique)).or_default().add(one);
            }
        }
    }
    for ((collection, technique), one) in techniques {
        if one.sources.len() >= FLOOR {
            cells.insert((collection, Of::Technique, technique), i64::try_from(one.ids.len()).unwrap_or(i64::MAX));
        }
    }
    Ok(cells)
}

/// Who contributed what to a cell.
#[derive(Debug, Default)]
struct Contributed {
    sources: HashSet<String>,
    ids: HashSet<u128>,
}

impl Contributed {
    fn add(&mut self, other: Contributed) {
        self.sources.extend(other.sources);
        self.ids.extend(other.ids);
    }
}

#[derive(Deserialize)]
struct Relationship {
    source_ref: String,
    target_ref: String,
}

/// Relationships of a week from indicators and campaigns, by the attack pattern that they lead to.
async fn ties(store: &Store, week: Micros) -> Result<HashMap<(i64, String), Contributed>> {
    let mut ties: HashMap<(i64, String), Contributed> = HashMap::new();
    let sql = format!("SELECT collection, source, id, json {RANGE} AND type || '' = 'relationship'");
    let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(week).bind(week + WEEK).fetch(store.pool());
    while let Some(row) = rows.try_next().await? {
        let (id, json): (String, String) = (row.try_get(2)?, row.try_get(3)?);
        let Ok(tie) = serde_json::from_str::<Relationship>(&json) else { continue };
        let from = ["indicator--", "campaign--"].iter().any(|kind| tie.source_ref.starts_with(kind));
        let uuid = id.split_once("--").and_then(|(_, uuid)| Uuid::parse_str(uuid).ok());
        let (true, true, Some(uuid)) = (from, tie.target_ref.starts_with("attack-pattern--"), uuid) else { continue };
        let place = (row.try_get(0)?, tie.target_ref);
        if ties.len() >= MOST_PATTERNS && !ties.contains_key(&place) {
            continue;
        }
        let one = ties.entry(place).or_default();
        one.ids.insert(uuid.as_u128());
        one.sources.insert(row.try_get(1)?);
    }
    Ok(ties)
}

#[derive(Deserialize)]
struct Effect {
    campaign_ref: String,
    volume_change_percent: i64,
}

/// What members say in a week of how campaigns fared, the last of each: by collection and campaign, who and how much. Only of collections
/// that nobody can read: elsewhere each would be told by itself.
async fn effects(store: &Store, week: Micros) -> Result<BTreeMap<(i64, String), BTreeMap<String, i64>>> {
    let mut effects: BTreeMap<(i64, String), BTreeMap<String, i64>> = BTreeMap::new();
    let sql = format!(
        "SELECT collection, source, json {RANGE} AND type || '' = 'campaign-effect' \
         AND collection + 0 IN (SELECT number FROM collections WHERE can_read = 0) ORDER BY date_added"
    );
    let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(week).bind(week + WEEK).fetch(store.pool());
    while let Some(row) = rows.try_next().await? {
        let json: String = row.try_get(2)?;
        let Ok(said) = serde_json::from_str::<Effect>(&json) else { continue };
        let uuid = said.campaign_ref.strip_prefix("campaign--").and_then(|uuid| Uuid::parse_str(uuid).ok());
        let Some(uuid) = uuid else { continue };
        let place = (row.try_get(0)?, format!("campaign--{uuid}"));
        if effects.len() >= MOST_PATTERNS && !effects.contains_key(&place) {
            continue;
        }
        effects.entry(place).or_default().insert(row.try_get(1)?, said.volume_change_percent.clamp(-100, 1000));
    }
    Ok(effects)
}

/// The mean, in tens: a median of three would be one member's figure.
fn mean<'a>(said: impl ExactSizeIterator<Item = &'a i64>) -> i64 {
    let count = said.len().max(1) as f64;
    (said.sum::<i64>() as f64 / count / 10.0).round() as i64 * 10
}

fn by_collection(seen: &BTreeMap<(i64, String), Contributed>) -> BTreeMap<i64, Vec<String>> {
    let mut all: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (collection, id) in seen.keys() {
        all.entry(*collection).or_default().push(id.clone());
    }
    all
}

#[derive(Deserialize)]
struct Pattern {
    #[serde(default)]
    external_references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    source_name: String,
    #[serde(default)]
    external_id: String,
}

/// The ATLAS technique of each of these attack patterns, by the newest version that is shown.
async fn named(store: &Store, collection: i64, ids: &[String]) -> Result<Vec<(String, String)>> {
    let given = rows::given(store.dialect(), &[("id", Kind::Text)]);
    let sql = format!(
        "SELECT c.id, c.json FROM {given} CROSS JOIN collection_objects c \
         WHERE c.collection = $2 AND c.id = r.id AND c.stands IN (3, 4)"
    );
    let mut all = Vec::new();
    for some in ids.chunks(1_000) {
        let some: Vec<[&String; 1]> = some.iter().map(|id| [id]).collect();
        let rows = sqlx::query(AssertSqlSafe(sql.clone())).bind(rows::text(&some)?).bind(collection);
        for row in rows.fetch_all(store.pool()).await? {
            let json: String = row.try_get(1)?;
            let Ok(pattern) = serde_json::from_str::<Pattern>(&json) else { continue };
            let atlas = pattern.external_references.into_iter().filter(|r| r.source_name == "mitre-atlas");
            if let Some(one) = atlas.map(|r| r.external_id).find(|id| is_technique(id)) {
                all.push((row.try_get(0)?, one));
            }
        }
    }
    Ok(all)
}

/// The form of an ATLAS technique's id, `AML.T0024.002`: nothing else that a member writes is told.
fn is_technique(text: &str) -> bool {
    text.strip_prefix("AML.T").is_some_and(|rest| {
        let (main, sub) = rest.split_once('.').unwrap_or((rest, "000"));
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        digits(main, 4) && digits(sub, 3)
    })
}

/// Writes a week's cells; `false` where somebody was faster.
async fn keep(store: &Store, week: Micros, cells: &Cells, now: Micros) -> Result<bool> {
    let mut tx = store.write().await?;
    if sqlx::query("SELECT 1 FROM trend_weeks WHERE week = $1").bind(week).fetch_optional(&mut *tx).await?.is_some() {
        return Ok(false);
    }
    sqlx::query("INSERT INTO trend_weeks (week, settled) VALUES ($1, $2)")
        .bind(week)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    for ((collection, of, name), objects) in cells {
        sqlx::query("INSERT INTO trends (week, collection, what, name, objects) VALUES ($1, $2, $3, $4, $5)")
            .bind(week)
            .bind(*collection)
            .bind(of.name())
            .bind(name)
            .bind(*objects)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Cells of whole weeks, from one Monday up to another, summed over collections: each that goes into a sum is told by itself to
/// whoever may read its collection, so that a difference of sums is one of them. Effects are told a collection each.
///
/// # Errors
/// When the store can't be read.
pub async fn trends(store: &Store, collections: &[i64], from: Micros, to: Micros) -> Result<Vec<Cell>> {
    let given = rows::given(store.dialect(), &[("number", Kind::Int)]);
    let sql = format!(
        "SELECT week, what, name, CAST(SUM(objects) AS BIGINT) FROM trends WHERE week >= $2 AND week < $3 \
         AND collection IN (SELECT r.number FROM {given}) \
         GROUP BY week, what, name, CASE WHEN what = 'effect' THEN collection ELSE 0 END ORDER BY week, what, name"
    );
    let numbers: Vec<[i64; 1]> = collections.iter().map(|number| [*number]).collect();
    let query = sqlx::query(AssertSqlSafe(sql)).bind(rows::text(&numbers)?).bind(week_of(from)).bind(to);
    let mut cells = Vec::new();
    for row in query.fetch_all(store.pool()).await? {
        let what: String = row.try_get(1)?;
        let of = [Of::Technique, Of::Effect].into_iter().find(|of| of.name() == what).unwrap_or(Of::Type);
        cells.push(Cell { week: row.try_get(0)?, of, name: row.try_get(2)?, objects: row.try_get(3)? });
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday() {
        for (at, week) in [
            ("2026-11-25T12:00:00Z", "2026-11-23T00:00:00Z"),
            ("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z"),
            ("2026-11-22T23:59:59.999999Z", "2026-11-16T00:00:00Z"),
            ("1969-12-31T00:00:00Z", "1969-12-29T00:00:00Z"),
        ] {
            let read = |text: &str| text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_microsecond);
            assert_eq!(read(at).map(week_of).ok(), read(week).ok(), "{at}");
        }
    }
}
