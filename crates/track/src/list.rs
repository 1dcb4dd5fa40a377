//! List: campaigns, latest first, a page at a time.
//! In: filters, and where the last page ended. Out: a `Page`.
//! Invariant: a page costs what it prints, not what is stored: filters stand in front of an index in the order of the list.
//! Not here: one campaign at length (`show.rs`).

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use stillwatch_model::tracked::Status;
use stillwatch_model::{Capability, Listed, Micros, Severity};

use crate::campaign::{count, rank, severity};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::time::instant;

/// Which campaigns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Any of these; all when empty.
    pub status: Vec<Status>,
    /// Any of these; all when empty.
    pub severity: Vec<Severity>,
    /// Last seen at this instant or later.
    pub since: Option<Micros>,
    /// Last seen at this instant or earlier.
    pub until: Option<Micros>,
    /// With this ATLAS id.
    pub technique: Option<String>,
    /// Aiming at this.
    pub capability: Option<Capability>,
    /// Looked after by; an empty name for nobody.
    pub assignee: Option<String>,
    /// With this score or a higher one.
    pub min_score: Option<f64>,
    /// With this in its name, technique or id, whatever the case of its letters.
    pub text: Option<String>,
}

/// A page of campaigns.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The campaigns, latest first.
    pub campaigns: Vec<Listed>,
    /// Where it ended: the next page begins after it. `None` when there is nothing more.
    pub next: Option<String>,
}

/// What is bound to a statement.
enum Bound {
    Int(i64),
    Real(f64),
    Text(String),
}

/// SQL in the making.
#[derive(Default)]
struct Where {
    sql: String,
    bound: Vec<Bound>,
}

impl Where {
    fn bind(&mut self, value: Bound) -> String {
        self.bound.push(value);
        format!("${}", self.bound.len())
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    fn any(&mut self, column: &str, values: Vec<Bound>) {
        let places: Vec<String> = values.into_iter().map(|v| self.bind(v)).collect();
        match places.as_slice() {
            [] => {}
            [one] => self.and(&format!("{column} = {one}")),
            many => self.and(&format!("{column} IN ({})", many.join(", "))),
        }
    }
}

/// Lists campaigns that are not absorbed.
///
/// # Errors
/// When `after` is no end of a page, or the store can't be read.
pub async fn list(store: &Store, filter: &Filter, limit: u32, after: Option<&str>) -> Result<Page> {
    let limit = limit.clamp(1, 10_000);
    let mut w = Where::default();
    let wanted: Vec<(&str, String)> = [
        filter.technique.clone().map(|technique| ("technique", technique)),
        filter.capability.map(|capability| ("capability", capability.name().to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect();
    // A trait's own index is in the order of the list; beside other filters, each campaign is asked for its traits instead.
    let is_alone = filter.status.is_empty()
        && filter.severity.is_empty()
        && filter.assignee.is_none()
        && filter.min_score.is_none()
        && filter.text.is_none();
    let leads = wanted.first().filter(|_| is_alone && wanted.len() == 1);
    let (from, last_seen, id) = match leads {
        Some((kind, value)) => {
            let (kind, value) = (w.bind(Bound::Text((*kind).into())), w.bind(Bound::Text(value.clone())));
            (format!("traits t WHERE t.kind = {kind} AND t.value = {value}"), "t.last_seen", "t.campaign")
        }
        None => ("campaigns c WHERE c.absorbed IS NULL".to_owned(), "c.last_seen", "c.id"),
    };
    for (kind, value) in wanted.iter().filter(|_| leads.is_none()) {
        let (kind, value) = (w.bind(Bound::Text((*kind).into())), w.bind(Bound::Text(value.clone())));
        w.and(&format!(
            "EXISTS (SELECT 1 FROM traits x WHERE x.kind = {kind} AND x.value = {value} AND x.last_seen = c.last_seen \
             AND x.campaign = c.id)"
        ));
    }
    w.any("c.status", filter.status.iter().map(|s| Bound::Text(s.name().into())).collect());
    w.any("c.severity", filter.severity.iter().map(|s| Bound::Int(rank(*s))).collect());
    if let Some(since) = filter.since {
        let since = w.bind(Bound::Int(since));
        w.and(&format!("{last_seen} >= {since}"));
    }
    if let Some(until) = filter.until {
        let until = w.bind(Bound::Int(until));
        w.and(&format!("{last_seen} <= {until}"));
    }
    match filter.assignee.as_deref() {
        Some("") => w.and("c.assignee IS NULL"),
        Some(name) => {
            let name = w.bind(Bound::Text(name.into()));
            w.and(&format!("c.assignee = {name}"));
        }
        None => {}
    }
    if let Some(score) = filter.min_score {
        let score = w.bind(Bound::Real(score));
        w.and(&format!("c.score >= {score}"));
    }
    if let Some(text) = &filter.text {
        let pattern = w.bind(Bound::Text(format!("%{}%", escaped(&text.to_lowercase()))));
        w.and(&format!("LOWER(COALESCE(c.name, '') || ' ' || c.technique || ' ' || c.id) LIKE {pattern} ESCAPE '!'"));
    }
    if let Some(after) = after {
        let (seen, last) = end(after)?;
        let (seen, last) = (w.bind(Bound::Int(seen)), w.bind(Bound::Text(last)));
        w.and(&format!("({last_seen}, {id}) < ({seen}, {last})"));
    }
    // First the page's ids, from an index alone where it has all that is filtered by; then their rows.
    let sql = format!(
        "SELECT c.id, c.name, c.technique, c.status, c.assignee, c.score, c.severity, c.actionable, c.first_seen, \
         c.last_seen, c.created, c.modified, c.accounts, c.exchanges, c.techniques, c.capabilities, \
         (SELECT r.earlier FROM reappearances r WHERE r.campaign = c.id AND r.state <> 'refused' \
          ORDER BY r.score DESC, r.earlier LIMIT 1) \
         FROM (SELECT {id} AS id, {last_seen} AS seen FROM {from}{} ORDER BY {last_seen} DESC, {id} DESC LIMIT {}) AS page \
         JOIN campaigns c ON c.id = page.id ORDER BY page.seen DESC, page.id DESC",
        w.sql,
        limit + 1
    );
    let mut tx = store.read().await?;
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for bound in w.bound {
        query = match bound {
            Bound::Int(value) => query.bind(value),
            Bound::Real(value) => query.bind(value),
            Bound::Text(value) => query.bind(value),
        };
    }
    let mut rows = query.fetch_all(&mut *tx).await?;
    let is_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = match rows.last() {
        Some(row) if is_more => Some(format!("{}:{}", row.try_get::<i64, _>(9)?, row.try_get::<String, _>(0)?)),
        _ => None,
    };
    let one = |row: &AnyRow| Ok(Listed { reappears: row.try_get(16)?, ..listed(row)? });
    Ok(Page { campaigns: rows.iter().map(one).collect::<Result<_>>()?, next })
}

fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

fn end(after: &str) -> Result<(i64, String)> {
    after.split_once(':').and_then(|(seen, id)| Some((seen.parse().ok()?, id.to_owned()))).ok_or_else(|| {
        Error::refused(format!("`{after}` is not the end of a page"), "give what the page before it printed as `next`")
    })
}

pub(crate) fn listed(row: &AnyRow) -> Result<Listed> {
    let (techniques, capabilities): (String, String) = (row.try_get(14)?, row.try_get(15)?);
    Ok(Listed {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        technique: row.try_get(2)?,
        status: crate::lifecycle::status(&row.try_get::<String, _>(3)?)?,
        assignee: row.try_get(4)?,
        score: row.try_get(5)?,
        severity: severity(row.try_get(6)?),
        actionable: row.try_get::<i64, _>(7)? != 0,
        first_seen: instant(row.try_get(8)?),
        last_seen: instant(row.try_get(9)?),
        created: instant(row.try_get(10)?),
        modified: instant(row.try_get(11)?),
        accounts: count(row.try_get(12)?),
        exchanges: count(row.try_get(13)?),
        techniques: serde_json::from_str(&techniques)?,
        capabilities: serde_json::from_str(&capabilities)?,
        reappears: None,
    })
}
