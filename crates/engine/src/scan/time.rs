//! Time: reads an instant from whatever a log writes for one.
//! In: RFC 3339 text, or an epoch number in seconds, milli-, micro- or nanoseconds. Out: microseconds since 1970.
//! Invariant: no clock, no local time zone; text without a zone is UTC.
//! Not here: whether an instant is plausible (`line.rs`, `check.rs`).

use jiff::{Timestamp, civil::DateTime, fmt::temporal::DateTimeParser, tz::TimeZone};
use stillwatch_model::Micros;

/// Reads text: RFC 3339 (also with a space for the `T`, or without zone), or an epoch number.
pub(crate) fn from_text(text: &str) -> Option<Micros> {
    let text = text.trim();
    if let Some(micros) = rfc3339(text.as_bytes()) {
        return Some(micros);
    }
    if let Ok(number) = text.parse::<i64>() {
        return from_integer(number);
    }
    if let Ok(number) = text.parse::<f64>() {
        return from_float(number);
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(stamp.as_microsecond());
    }
    static PARSER: DateTimeParser = DateTimeParser::new();
    let civil: DateTime = PARSER.parse_datetime(text.trim_end_matches(" UTC")).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok().map(|stamp| stamp.as_microsecond())
}

/// Reads an epoch number, whose unit shows in its size.
pub(crate) fn from_integer(number: i64) -> Option<Micros> {
    match number.unsigned_abs() {
        0..100_000_000_000 => number.checked_mul(1_000_000),
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000),
        100_000_000_000_000..100_000_000_000_000_000 => Some(number),
        _ => Some(number / 1_000),
    }
}

/// Reads an epoch number with a fraction.
pub(crate) fn from_float(number: f64) -> Option<Micros> {
    let scaled = match number.abs() {
        size if size < 1e11 => number * 1e6,
        size if size < 1e14 => number * 1e3,
        size if size < 1e17 => number,
        size if size < 1e20 => number / 1e3,
        _ => return None,
    };
    Some(scaled.round() as i64)
}

/// Writes an instant in RFC 3339.
pub(crate) fn to_text(micros: Micros) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| format!("{micros} µs since 1970"), |stamp| stamp.to_string())
}

/// The common form, `2026-03-02T10:11:12[.123456789](Z|+01:00)`, without a detour; `None` sends others the long way.
fn rfc3339(text: &[u8]) -> Option<Micros> {
    let (date, rest) = text.split_at_checked(19)?;
    let shape = date[4] == b'-'
        && date[7] == b'-'
        && matches!(date[10], b'T' | b't' | b' ')
        && date[13] == b':'
        && date[16] == b':';
    if !shape {
        return None;
    }
    let year = digits(&date[0..4])?;
    let (month, day) = (digits(&date[5..7])?, digits(&date[8..10])?);
    let (hour, minute, second) = (digits(&date[11..13])?, digits(&date[14..16])?, digits(&date[17..19])?);
    let valid = (1..=12).contains(&month)
        && (1..=month_days(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }
    let (fraction, zone) = fraction(rest)?;
    let offset = match zone {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = digits(&[*h1, *h2])? * 60 + digits(&[*m1, *m2])?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    Some(seconds * 1_000_000 + fraction)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// Splits off `.123456789` and gives it in microseconds.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.' | b',', tail @ ..] = rest else { return Some((0, rest)) };
    let length = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let kept = length.min(6);
    let micros = digits(&tail[..kept])? * 10_i64.pow(6 - kept as u32);
    Some((micros, &tail[length..]))
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Micros = 1_772_452_800_000_000; // 2026-03-02T12:00:00Z

    #[test]
    fn every_spelling_of_one_instant_reads_the_same() {
        for text in [
            "2026-03-02T12:00:00Z",
            "2026-03-02t12:00:00z",
            "2026-03-02 12:00:00",
            "2026-03-02 12:00:00 UTC",
            "2026-03-02T12:00:00.000000000+00:00",
            "2026-03-02T13:30:00+01:30",
            "2026-03-02T04:00:00-08:00",
            "2026-03-02T12:00",
            "1772452800",
            "1772452800000",
            "1772452800000000",
            "1772452800000000000",
            "1772452800.0",
            "1.7724528e9",
        ] {
            assert_eq!(from_text(text), Some(NOON), "{text}");
        }
        assert_eq!(from_text("2026-03-02T12:00:00.25Z"), Some(NOON + 250_000));
        assert_eq!(from_text("2026-03-02T12:00:00.1234567Z"), Some(NOON + 123_456));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "yesterday", "2026-02-30T12:00:00Z", "2026-13-02T12:00:00Z", "2026-03-02T25:00:00Z", "NaN", "{}"]
        {
            assert_eq!(from_text(text), None, "{text}");
        }
    }

    #[test]
    fn the_calendar_is_that_of_jiff() {
        for year in 1900..2101 {
            for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31)] {
                let text = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
                let expected = text.parse::<Timestamp>().map(|stamp| stamp.as_microsecond()).ok();
                assert_eq!(rfc3339(text.as_bytes()), expected, "{text}");
            }
        }
    }
}
