//! When: instants as people read them, always UTC.
//! In: RFC 3339 text or microseconds since the epoch. Out: `2026-03-02 04:00`, `2 Mar`, ticks of an axis.
//! Invariant: no time zone but UTC, no clock.
//! Not here: bars and lines (`sparkline.rs`, `html/picture`).

use jiff::{Timestamp, tz::TimeZone};
use stillwatch_model::Micros;

use crate::text;

/// Microseconds in a second.
pub(crate) const SECOND: Micros = 1_000_000;
const HOUR: Micros = 3600 * SECOND;
const DAY: Micros = 24 * HOUR;
/// 1970-01-05, a Monday: weekly ticks fall on Mondays.
const MONDAY: Micros = 4 * DAY;

/// To the minute: `2026-03-02 04:00`. Text that is no instant is printed as it is, made safe.
pub(crate) fn minute(rfc3339: &str) -> String {
    match micros(rfc3339) {
        Some(instant) => minute_of(instant),
        None => text::clean(rfc3339),
    }
}

/// To the day: `2026-03-02`.
pub(crate) fn day(rfc3339: &str) -> String {
    match micros(rfc3339) {
        Some(instant) => formatted(instant, "%Y-%m-%d"),
        None => text::clean(rfc3339),
    }
}

/// To the minute: `2026-03-02 04:00`.
pub(crate) fn minute_of(instant: Micros) -> String {
    formatted(instant, "%Y-%m-%d %H:%M")
}

/// RFC 3339 text as microseconds, where it is an instant.
pub(crate) fn micros(rfc3339: &str) -> Option<Micros> {
    rfc3339.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

/// A length of time in the largest unit that fits: `6 h`, `30 min`, `2 days`.
pub(crate) fn length(seconds: u64) -> String {
    let in_units = |unit: u64| {
        if seconds.is_multiple_of(unit) {
            (seconds / unit).to_string()
        } else {
            format!("{:.1}", seconds as f64 / unit as f64)
        }
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", in_units(60)),
        3600..86_400 => format!("{} h", in_units(3600)),
        86_400 => "1 day".to_owned(),
        _ => format!("{} days", in_units(86_400)),
    }
}

/// At most `most` round instants in `from..=to`, each with a label.
pub(crate) fn ticks(from: Micros, to: Micros, most: usize) -> Vec<(Micros, String)> {
    let span = to.saturating_sub(from);
    if span <= 0 {
        return Vec::new();
    }
    let fits = |step: &Micros| span / step < most as Micros;
    const MINUTES: Micros = 60 * SECOND;
    let steps = [
        MINUTES,
        5 * MINUTES,
        15 * MINUTES,
        30 * MINUTES,
        HOUR,
        3 * HOUR,
        6 * HOUR,
        12 * HOUR,
        DAY,
        2 * DAY,
        7 * DAY,
        14 * DAY,
    ];
    match steps.into_iter().find(fits) {
        Some(step) => even_ticks(from, to, step),
        None => month_ticks(from, to, most),
    }
}

fn even_ticks(from: Micros, to: Micros, step: Micros) -> Vec<(Micros, String)> {
    let origin = if step >= 7 * DAY { MONDAY } else { 0 };
    let first = origin + (from - origin).div_euclid(step) * step;
    let mut year_said = false;
    std::iter::successors(Some(first), |tick| tick.checked_add(step))
        .skip_while(|tick| *tick < from)
        .take_while(|tick| *tick <= to)
        .map(|tick| {
            let format = if tick.rem_euclid(DAY) != 0 {
                "%H:%M"
            } else if year_said {
                "%-d %b"
            } else {
                year_said = true;
                "%-d %b %Y"
            };
            (tick, formatted(tick, format))
        })
        .collect()
}

fn month_ticks(from: Micros, to: Micros, most: usize) -> Vec<(Micros, String)> {
    let months = ((to - from) / (30 * DAY)).max(1) as usize;
    let every = [1_usize, 3, 6].into_iter().find(|every| months / every < most).unwrap_or(12);
    let Ok(start) = Timestamp::from_microsecond(from) else { return Vec::new() };
    let mut year = start.to_zoned(TimeZone::UTC).year();
    let mut month = 1_i8;
    let mut out = Vec::new();
    loop {
        let Ok(date) = jiff::civil::Date::new(year, month, 1) else { break };
        let Ok(midnight) = date.to_zoned(TimeZone::UTC) else { break };
        let tick = midnight.timestamp().as_microsecond();
        if tick > to {
            break;
        }
        if tick >= from {
            out.push((tick, formatted(tick, "%b %Y")));
        }
        month += every as i8;
        if month > 12 {
            month = 1;
            year += 1;
        }
    }
    // Many years: thin evenly instead of overlapping labels.
    let thin = out.len().div_ceil(most.max(1)).max(1);
    out.into_iter().step_by(thin).collect()
}

fn formatted(instant: Micros, format: &str) -> String {
    match Timestamp::from_microsecond(instant) {
        Ok(timestamp) => timestamp.strftime(format).to_string(),
        Err(_) => instant.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_utc_to_the_minute() {
        assert_eq!(minute("2026-03-02T05:00:31+01:00"), "2026-03-02 04:00");
        assert_eq!(minute("soon"), "soon");
    }

    #[test]
    fn weekly_ticks_are_mondays_and_say_the_year_once() {
        let from = micros("2026-03-03T00:00:00Z").unwrap_or_default();
        let labels: Vec<String> = ticks(from, from + 40 * DAY, 8).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["9 Mar 2026", "16 Mar", "23 Mar", "30 Mar", "6 Apr"]);
    }

    #[test]
    fn a_day_has_hours() {
        let from = micros("2026-03-03T22:00:00Z").unwrap_or_default();
        let labels: Vec<String> = ticks(from, from + DAY, 8).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["4 Mar 2026", "06:00", "12:00", "18:00"]);
    }

    #[test]
    fn years_have_few_ticks() {
        let from = micros("2020-03-03T22:00:00Z").unwrap_or_default();
        let labels = ticks(from, from + 4000 * DAY, 8);
        assert!((2..=8).contains(&labels.len()), "{labels:?}");
    }

    #[test]
    fn lengths_are_in_their_own_unit() {
        assert_eq!([600, 5400, 86_400, 172_800].map(length), ["10 min", "1.5 h", "1 day", "2 days"]);
    }
}
