//! Wanted: received indicators, made ready to be looked for.
//! In: what `stix` read of bundles, warning lists, the clock's now. Out: `Wanted`s, and why others aren't looked for.
//! Invariant: an indicator is looked for in full or refused with the reason; what was taken back or is over is refused too.
//! Not here: reading bundles; looking (`exchanges.rs`, `sketches.rs`).

use stillwatch_model::TextSketch;
use stillwatch_model::hunted::{Refused, Warned};
use stillwatch_pattern::{Compiled, Limits, Pattern, by_meaning};
use stillwatch_stix::campaign::{Received, ReceivedIndicator};

use super::warning::Lists;

/// An indicator to look for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// STIX id.
    pub(crate) id: String,
    /// Its name, or the pattern's beginning.
    pub(crate) name: String,
    /// What it indicates.
    pub(crate) indicates: Vec<String>,
    /// How sure its author is, 0 to 1; 1 where it isn't said.
    pub(crate) confidence: f64,
    /// How it is looked for.
    pub(crate) look: Look,
}

/// How an indicator is looked for.
#[derive(Debug)]
pub(crate) enum Look {
    /// A STIX pattern.
    Pattern {
        /// As read.
        pattern: Box<Pattern>,
        /// Ready to be evaluated.
        compiled: Box<Compiled>,
    },
    /// A sketch of a text.
    Text {
        /// What is fixed in it.
        sketch: TextSketch,
        /// Least share of the fixed slots that must agree.
        minimum: f64,
    },
}

/// What is looked for, and what isn't.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) warned: Vec<Warned>,
}

/// Length of a pattern that stands for a name, characters.
const NAME: usize = 60;

/// Makes indicators ready. `now` is RFC 3339 UTC; `expired` looks for those that are over too.
pub(crate) fn sort(received: &Received, lists: &Lists, now: jiff::Timestamp, expired: bool) -> Sorted {
    let mut sorted = Sorted::default();
    for indicator in &received.indicators {
        match look(indicator, lists, now, expired) {
            Ok(look) => sorted.wanted.push(Wanted {
                id: indicator.id.clone(),
                name: if indicator.name.is_empty() {
                    indicator.pattern.chars().take(NAME).collect()
                } else {
                    indicator.name.clone()
                },
                confidence: f64::from(indicator.confidence.unwrap_or(100).min(100)) / 100.0,
                indicates: indicator.indicates.iter().cloned().collect(),
                look,
            }),
            Err(Not::Refused(because, hint)) => {
                sorted.refused.push(Refused { indicator: indicator.id.clone(), because, hint });
            }
            Err(Not::Warned(what, list)) => {
                sorted.warned.push(Warned { indicator: indicator.id.clone(), what, list });
            }
        }
    }
    sorted
}

/// Why an indicator isn't looked for.
enum Not {
    Refused(String, String),
    Warned(String, String),
}

fn look(indicator: &ReceivedIndicator, lists: &Lists, now: jiff::Timestamp, expired: bool) -> Result<Look, Not> {
    let refused = |because: String, hint: &str| Err(Not::Refused(because, hint.to_owned()));
    if indicator.revoked {
        return refused("its author has taken it back".into(), "nothing is to be done");
    }
    let until = indicator.valid_until.as_ref().and_then(|until| until.parse::<jiff::Timestamp>().ok());
    if let Some(until) = until.filter(|until| *until <= now && !expired) {
        return refused(format!("it was valid until {until:.0}"), "look for it all the same with `--expired`");
    }
    if indicator.standing.disputed() && !expired {
        return refused(
            "it is disputed: some agree and some disagree".into(),
            "look for it all the same with `--expired`",
        );
    }
    if let Some(text) = &indicator.text {
        if text.sketch.fixed() == 0 {
            return refused("nothing is fixed in its text sketch".into(), "ask its author for the sketch");
        }
        return Ok(Look::Text { sketch: text.sketch.clone(), minimum: text.minimum_agreement });
    }
    if indicator.pattern_type != "stix" {
        let because = format!("its pattern is of type `{}`", indicator.pattern_type);
        return refused(because, "patterns of type `stix` and text sketches can be looked for");
    }
    let limits = Limits::default();
    let pattern = Pattern::parse(&indicator.pattern, &limits)
        .map_err(|e| Not::Refused(e.to_string(), e.hint.unwrap_or_else(|| "ask its author".into())))?;
    let pattern = by_meaning(&pattern);
    if let Some((what, list)) = lists.warn(&pattern) {
        return Err(Not::Warned(what, list));
    }
    let compiled = pattern.compile(&limits).map_err(|e| Not::Refused(e.because, e.hint))?;
    Ok(Look::Pattern { pattern: Box::new(pattern), compiled: Box::new(compiled) })
}
