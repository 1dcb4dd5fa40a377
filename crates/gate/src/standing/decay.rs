//! Decay: how long what was told is worth something, by what it is about.
//! In: a TOML file, or nothing. Out: half-lives, and the two figures beside them.
//! Invariant: every kind has a half-life between an hour and ten years; what a file doesn't say is as shipped (`decay.toml`).
//! Not here: what follows (`standing.rs`).

use std::collections::BTreeMap;

use serde::Deserialize;
use stillwatch_model::IndicatorKind;

use crate::error::{GateError, Result};

/// The shipped table.
const SHIPPED: &str = include_str!("decay.toml");
/// Shortest half-life, days.
const SHORTEST: f64 = 1.0 / 24.0;
/// Longest half-life, days.
const LONGEST: f64 = 3650.0;

/// How received indicators go stale.
#[derive(Debug, Clone, PartialEq)]
pub struct Decay {
    /// Below this an indicator drives nothing.
    pub least: u8,
    /// What an indicator counts whose author says nothing of confidence.
    pub unsaid: u8,
    days: BTreeMap<IndicatorKind, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    least: Option<u8>,
    unsaid: Option<u8>,
    #[serde(default)]
    half_life_days: BTreeMap<IndicatorKind, f64>,
}

impl Default for Decay {
    fn default() -> Self {
        let bare = Decay { least: 25, unsaid: 50, days: BTreeMap::new() };
        // The shipped table is read by a test: it is whole.
        bare.clone().with("decay.toml", SHIPPED).unwrap_or(bare)
    }
}

impl Decay {
    /// The shipped table with what a file says in its place.
    ///
    /// # Errors
    /// The file and field that can't be read, or is out of bounds.
    pub fn read(name: &str, text: &str) -> Result<Self> {
        Decay::default().with(name, text)
    }

    fn with(mut self, name: &str, text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            GateError::new(error.message()).at(name, text, at).hint("`stillwatch intel decay` prints a whole table")
        })?;
        for (field, value) in [("least", file.least), ("unsaid", file.unsaid)] {
            if value.is_some_and(|value| value > 100) {
                return Err(GateError::new("more than 100").file(name).field(field).hint("0 to 100, as STIX has it"));
            }
        }
        for (kind, days) in file.half_life_days {
            if !(SHORTEST..=LONGEST).contains(&days) {
                let field = format!("half_life_days.{}", kind.name());
                let hint = "between 0.042 (an hour) and 3650 (ten years)";
                return Err(GateError::new("no half-life").file(name).field(field).hint(hint));
            }
            self.days.insert(kind, days);
        }
        self.least = file.least.unwrap_or(self.least);
        self.unsaid = file.unsaid.unwrap_or(self.unsaid);
        Ok(self)
    }

    /// Days after which half is left.
    #[must_use]
    pub fn half_life(&self, kind: IndicatorKind) -> f64 {
        self.days.get(&kind).copied().unwrap_or(7.0)
    }

    /// The share that is left after so many seconds, 0 to 1.
    #[must_use]
    pub fn left(&self, kind: IndicatorKind, seconds: i64) -> f64 {
        let days = seconds.max(0) as f64 / 86_400.0;
        (-days / self.half_life(kind)).exp2()
    }
}

/// The shipped table, as a file to begin with.
#[must_use]
pub fn shipped() -> &'static str {
    SHIPPED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_whole() {
        let decay = Decay::default();
        assert_eq!(decay.days.len(), IndicatorKind::ALL.len());
        assert!(decay.half_life(IndicatorKind::Proxy) < decay.half_life(IndicatorKind::Address));
        assert!((decay.left(IndicatorKind::Address, 7 * 86_400) - 0.5).abs() < 1e-12);
        assert!((decay.left(IndicatorKind::Address, -5) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told() -> Result<()> {
        let told = |text| Decay::read("mine.toml", text).map_err(|error| error.to_string());
        let mine = Decay::read("mine.toml", "least = 40\n[half_life_days]\nja4 = 10\n")?;
        assert_eq!((mine.least, mine.half_life(IndicatorKind::Ja4)), (40, 10.0));
        assert!((mine.half_life(IndicatorKind::Payment) - 180.0).abs() < 1e-12);
        for (text, part) in [
            ("least = 101", "`least`: more than 100"),
            ("[half_life_days]\nja4 = 0", "`half_life_days.ja4`"),
            ("[half_life_days]\nja4 = inf", "`half_life_days.ja4`"),
            ("[half_life_days]\ncolour = 3", "mine.toml:2"),
            ("half = 3", "mine.toml:1"),
        ] {
            let Err(said) = told(text) else { return Err(GateError::new(format!("{text} was read"))) };
            assert!(said.contains(part), "{said}");
        }
        Ok(())
    }
}
