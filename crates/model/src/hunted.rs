//! Hunted: what `hunt --format json` prints: received indicators held against own traffic.
//! In: the engine's result. Out: serde types, stable order, no prompt text.
//! Invariant: an indicator is in exactly one of `matches`, `refused`, `warned`, or was looked for in vain.
//! Not here: how it is looked for (`engine`), sightings made of it (`stix`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the output schema; raised when a field changes meaning.
pub const HUNTED_VERSION: u32 = 1;

/// What one hunt found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hunted {
    /// Version of this schema.
    pub schema: u32,
    /// When this was computed, RFC 3339 UTC.
    pub generated: String,
    /// Exchanges looked at; those behind the sketches, when sketches were.
    pub exchanges: u64,
    /// Accounts looked at.
    pub accounts: u64,
    /// Whether sketches were looked at in place of logs.
    pub sketches: bool,
    /// Indicators looked for.
    pub wanted: u64,
    /// Indicators that were found, strongest first.
    pub matches: Vec<Match>,
    /// Indicators that can't be looked for, each with the reason.
    pub refused: Vec<Refused>,
    /// Indicators that a warning list keeps from matching.
    pub warned: Vec<Warned>,
    /// What may have been missed, a sentence each.
    pub missed: Vec<String>,
}

/// An indicator that was found in own traffic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Match {
    /// STIX id of the indicator, or of the campaign whose shape it is.
    pub indicator: String,
    /// Its name.
    pub name: String,
    /// What was compared: `pattern`, `text` or `shape`.
    pub kind: MatchKind,
    /// 1 for a pattern that holds, the share of fixed slots that agree for a text, times its author's confidence; at most a half for a shape.
    pub strength: f64,
    /// Exchanges that match; estimated from samples, when sketches were looked at.
    pub exchanges: u64,
    /// Accounts with such an exchange.
    pub accounts: u64,
    /// Some of them, most such exchanges first.
    pub among: Vec<String>,
    /// First such exchange, RFC 3339 UTC.
    pub first_seen: Option<String>,
    /// Last such exchange, RFC 3339 UTC.
    pub last_seen: Option<String>,
    /// What the indicator indicates, STIX ids.
    pub indicates: Vec<String>,
    /// One sentence with the figure.
    pub because: String,
}

/// What was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchKind {
    /// A STIX pattern.
    #[default]
    Pattern,
    /// A sketch of a text.
    Text,
    /// The shape of a campaign.
    Shape,
}

/// An indicator that can't be looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// STIX id.
    pub indicator: String,
    /// Why.
    pub because: String,
    /// What to do.
    pub hint: String,
}

/// An indicator that a warning list keeps from matching.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warned {
    /// STIX id.
    pub indicator: String,
    /// Which address or range.
    pub what: String,
    /// The list that it is on.
    pub list: String,
}

/// The published JSON Schema of [`Hunted`].
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Hunted).to_value()
}

#[cfg(test)]
mod tests {
    /// The published schema is the one that the types make. After a change: `STILLWATCH_UPDATE=1 cargo test -p stillwatch-model`.
    #[test]
    fn published_schema_is_current() -> Result<(), Box<dyn std::error::Error>> {
        crate::published::is_current("hunted.schema.json", &super::schema())
    }
}
