//! Span: a length of time, as people write it.
//! In: text. Out: seconds.
//! Invariant: a day has 24 hours; months and years, which have no length, are none.
//! Not here: how long a decision may last (`subject.rs`, `rules/check.rs`).

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// A span such as `30m`, `7d`, `2w` or, as Go writes it, `3h59m58s`; `None`: it is none. It may be zero or negative.
#[must_use]
pub fn span(text: &str) -> Option<SignedDuration> {
    text.parse::<Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}
