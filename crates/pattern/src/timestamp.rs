//! Timestamp: instants as STIX writes them (STIX 2.1, 2.16).
//! In: `2024-01-15T12:30:45.123Z`. Out: microseconds since 1970, and back.
//! Invariant: UTC only, upper-case `T` and `Z`; digits past the sixth are cut off, as `stix2-matcher` does.
//! Not here: other people's time formats (`engine`).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Microseconds since 1970-01-01T00:00:00Z; none when it is no STIX timestamp or no day of the calendar.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let body = text.strip_suffix('Z')?;
    let (whole, fraction) = match body.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (body, None),
    };
    let bytes = whole.as_bytes();
    let shape = b"0000-00-00T00:00:00";
    let fits = |(byte, like): (&u8, &u8)| if *like == b'0' { byte.is_ascii_digit() } else { byte == like };
    if bytes.len() != shape.len() || !bytes.iter().zip(shape).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| whole[from..to].parse::<i16>().ok();
    let small = |from: usize| number(from, from + 2).and_then(|n| i8::try_from(n).ok());
    let date = DateTime::new(number(0, 4)?, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, 0).ok()?;
    let micros = match fraction {
        None => 0,
        Some(digits) if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) => return None,
        Some(digits) => {
            digits.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |n, c| n * 10 + i64::from(c - b'0'))
        }
    };
    Some(TimeZone::UTC.to_timestamp(date).ok()?.as_microsecond() + micros)
}

/// As STIX writes it: no fraction, or three or six digits.
#[must_use]
pub fn print(micros: i64) -> String {
    let Ok(at) = Timestamp::from_microsecond(micros) else { return micros.to_string() };
    match micros.rem_euclid(1_000_000) {
        0 => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        n if n % 1_000 == 0 => at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        _ => at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
    }
}
