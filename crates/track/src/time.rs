//! Time: instants between text and microseconds.
//! In: RFC 3339 text. Out: microseconds since the epoch, and back.
//! Invariant: always UTC; no clock.
//! Not here: how people read instants (`report` crate).

use jiff::Timestamp;
use stillwatch_model::Micros;

use crate::error::{Error, Result};

/// A day.
pub(crate) const DAY: Micros = 86_400_000_000;
/// An hour.
pub(crate) const HOUR: Micros = 3_600_000_000;

/// Reads an instant; `field` names it where it can't be read.
pub(crate) fn micros(field: &str, text: &str) -> Result<Micros> {
    text.parse::<Timestamp>().map(Timestamp::as_microsecond).map_err(|e| {
        Error::refused(
            format!("`{field}` is no instant: `{}`: {e}", text.chars().take(60).collect::<String>()),
            "instants are RFC 3339, such as `2026-03-02T04:00:00Z`",
        )
    })
}

/// Writes an instant, `2026-03-02T04:00:00Z`, with a fraction where it has one.
#[must_use]
pub fn instant(at: Micros) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |t| t.to_string())
}

/// Writes a day, `2026-03-02`.
pub(crate) fn day(at: Micros) -> String {
    instant(at).chars().take(10).collect()
}
