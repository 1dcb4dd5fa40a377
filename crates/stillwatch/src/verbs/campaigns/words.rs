//! Words: what may be typed for statuses, severities, capabilities, factors, likelihoods, verdicts and instants.
//! In: a word. Out: what it means.
//! Invariant: the words are those of JSON; help lists them all.
//! Not here: what they do.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use stillwatch_model::tracked::{Basis, Factor, Likelihood, Status};
use stillwatch_model::{Capability, Severity, Verdict};

/// A parser of the names of `all`; serde has the names.
fn named<T>(all: &[T]) -> impl TypedValueParser<Value = T> + use<T>
where
    T: Copy + Send + Sync + 'static + serde::Serialize,
{
    let name = |value: &T| serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned));
    let known: Vec<(String, T)> = all.iter().filter_map(|value| Some((name(value)?, *value))).collect();
    let names: Vec<String> = known.iter().map(|(name, _)| name.clone()).collect();
    PossibleValuesParser::new(names).try_map(move |typed| {
        known.iter().find(|(name, _)| *name == typed).map(|(_, value)| *value).ok_or("an unknown word")
    })
}

pub(super) fn status() -> impl TypedValueParser<Value = Status> {
    named(&Status::ALL)
}

pub(super) fn severity() -> impl TypedValueParser<Value = Severity> {
    named(&[Severity::Low, Severity::Medium, Severity::High, Severity::Critical])
}

pub(super) fn capability() -> impl TypedValueParser<Value = Capability> {
    named(&Capability::ALL)
}

pub(super) fn factor() -> impl TypedValueParser<Value = Factor> {
    named(&Factor::ALL)
}

pub(super) fn basis() -> impl TypedValueParser<Value = Basis> {
    named(&[Basis::Observed, Basis::Inferred])
}

pub(super) fn likelihood() -> impl TypedValueParser<Value = Likelihood> {
    named(&Likelihood::ALL)
}

pub(super) fn verdict() -> impl TypedValueParser<Value = Verdict> {
    named(&Verdict::ALL)
}

/// `2026-03-02`, from its first instant; `2026-03-02T04:00:00Z`; or `7d`, that many days ago.
pub(super) fn since(text: &str) -> Result<i64, String> {
    instant(text, false)
}

/// The same; a day is meant to its last instant.
pub(super) fn until(text: &str) -> Result<i64, String> {
    instant(text, true)
}

fn instant(text: &str, is_end: bool) -> Result<i64, String> {
    const DAY: i64 = 86_400_000_000;
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok()) {
        return Ok(crate::verbs::store::now() - i64::from(days) * DAY);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_microsecond());
    }
    if text.len() == 10
        && let Ok(Ok(midnight)) = text.parse::<civil::Date>().map(|day| day.to_zoned(TimeZone::UTC))
    {
        return Ok(midnight.timestamp().as_microsecond() + if is_end { DAY - 1 } else { 0 });
    }
    Err("give a day such as 2026-03-02, an instant such as 2026-03-02T04:00:00Z, or 7d for seven days ago".into())
}
