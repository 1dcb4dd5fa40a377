//! Trends: what came to a hub week by week, over the collections that the asker may read.
//! In: a client, an interval. Out: cells to which at least three members contributed; others aren't there.
//! Invariant: weeks are whole and over; what is told of a week never changes; neither zeros nor totals are told.
//! Not here: counting (`track::trends`).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::routing::get;
use axum::{Extension, Router};
use jiff::Timestamp;
use serde_json::{Value, json};
use stillwatch_model::Micros;
use stillwatch_track::instant;
use stillwatch_track::trends::{self, Cell, FLOOR, Of, WEEK, week_of};

use crate::config::Part;
use crate::http::Node;
use crate::http::answer::{Answer, Refusal};
use crate::http::guard::{Did, Who};

/// Weeks that are told where the asker doesn't say.
const USUAL: i64 = 12;
/// Weeks that may be asked for at once.
const MOST: i64 = 520;

/// `GET /api/v1/trends?from=…&to=…`, at a hub.
pub(super) fn routes() -> Router<Arc<Node>> {
    Router::new().route("/api/v1/trends", get(told))
}

async fn told(
    State(node): State<Arc<Node>>,
    Extension(Who(client)): Extension<Who>,
    RawQuery(query): RawQuery,
) -> Result<Answer, Refusal> {
    if node.config.role != Part::Hub {
        return Err(Refusal::unknown("resource"));
    }
    if !client.role.sees_trends() {
        return Err(Refusal::forbidden("Trends are for the roles `member`, `auditor` and `admin`"));
    }
    let now = week_of(Timestamp::now().as_microsecond());
    let (from, to) = interval(query.as_deref().unwrap_or_default(), now)?;
    let book = node.book();
    let mine: Vec<i64> = book.collections().filter(|c| client.may(c).read).map(|c| c.number).collect();
    let mut cells = trends::trends(&node.store, &mine, from, to).await?;
    // What nobody can read is told to those who may contribute, and of it nothing but effects.
    let given = book.collections().filter(|c| !c.can_read && client.may(c).write).map(|c| c.number);
    let given: Vec<i64> = given.collect();
    let effects = trends::trends(&node.store, &given, from, to).await?;
    cells.extend(effects.into_iter().filter(|cell| cell.of == Of::Effect));
    let did = Did { objects: cells.len(), ..Did::default() };
    Ok(Answer::json(text(&cells, from, to)).did(did))
}

/// Whole weeks that hold what was asked for, up to the one that isn't over yet.
fn interval(query: &str, now: Micros) -> Result<(Micros, Micros), Refusal> {
    let (mut from, mut to) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match name.as_ref() {
            "from" => &mut from,
            "to" => &mut to,
            _ => continue,
        };
        if place.replace(micros(&name, &value)?).is_some() {
            return Err(Refusal::malformed(format!("`{name}` stands there twice")));
        }
    }
    // The week of the last microsecond before `to` is the last.
    let to = to.map_or(now, |to| week_of(to.saturating_sub(1)).saturating_add(WEEK)).min(now);
    let from = from.map_or(to.saturating_sub(USUAL * WEEK), week_of);
    if to.saturating_sub(from) > MOST * WEEK {
        return Err(Refusal::malformed(format!("At most {MOST} weeks are told at once; ask for fewer")));
    }
    Ok((from, to.max(from)))
}

fn micros(name: &str, text: &str) -> Result<Micros, Refusal> {
    let day = || format!("{text}T00:00:00Z").parse::<Timestamp>().ok();
    let at = text.parse::<Timestamp>().ok().or_else(day).map(Timestamp::as_microsecond);
    at.ok_or_else(|| {
        Refusal::malformed(format!(
            "`{name}` should be a day or an instant, such as 2026-03-02 or 2026-03-02T04:00:00Z"
        ))
    })
}

fn text(cells: &[Cell], from: Micros, to: Micros) -> String {
    let mut weeks: BTreeMap<Micros, [Vec<Value>; 3]> = BTreeMap::new();
    for cell in cells {
        let [types, techniques, effects] = weeks.entry(cell.week).or_default();
        match cell.of {
            Of::Effect => effects.push(json!({"campaign": cell.name, "volume_change_percent": cell.objects})),
            Of::Type => types.push(json!({"type": cell.name, "objects": cell.objects})),
            Of::Technique => techniques.push(json!({"technique": cell.name, "relationships": cell.objects})),
        }
    }
    let weeks: Vec<Value> = weeks
        .into_iter()
        .map(|(week, [types, techniques, effects])| {
            json!({"week": instant(week), "types": types, "techniques": techniques, "effects": effects})
        })
        .collect();
    json!({"from": instant(from), "to": instant(to), "contributors_at_least": FLOOR, "weeks": weeks}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_whole_weeks_that_are_over() {
        let at = |text: &str| micros("x", text).unwrap_or_default();
        let now = at("2026-11-23");
        for (query, from, to) in [
            ("from=2026-11-04&to=2026-11-10", "2026-11-02", "2026-11-16"),
            ("from=2026-11-02T00:00:00Z&to=2026-11-09", "2026-11-02", "2026-11-09"),
            ("from=2026-11-08T23:59:59.999999Z&to=2026-11-09T00:00:00.000001Z", "2026-11-02", "2026-11-16"),
            ("from=2026-11-04&to=2030-01-01", "2026-11-02", "2026-11-23"),
            ("from=2030-01-01", "2029-12-31", "2029-12-31"),
            ("", "2026-08-31", "2026-11-23"),
            ("other=1", "2026-08-31", "2026-11-23"),
        ] {
            assert_eq!(interval(query, now), Ok((at(from), at(to))), "{query}");
        }
        for wrong in
            ["from=", "from=yesterday", "from=2026-13-01", "to=1", "from=2026-11-04&from=2026-11-05", "from=1900-01-01"]
        {
            assert!(interval(wrong, now).is_err_and(|e| e.status == 400), "{wrong}");
        }
    }
}
