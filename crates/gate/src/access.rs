//! Access: where and to whom the service isn't offered, and where a place doesn't add up.
//! In: `access.toml` (lists with source and date), where an account says it is, comes from, and when it is awake.
//! Out: what is not offered, by which line of which list; disagreements.
//! Invariant: only declared billing or registration says 'not offered'; a network address or a rhythm never does, it only disagrees.
//! Not here: nationality or language: there is no field for them. What follows (`rules.rs`).

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{GateError, Result};
use crate::rules::read::{MAX_BYTES, parse};

/// Hours that a rhythm may lie beside its place's clock before it disagrees: people work late and travel.
const TOLERANCE_HOURS: f64 = 4.0;

/// Where an account is, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Country of billing or registration, ISO 3166-1 alpha-2: what the customer declared.
    #[serde(default)]
    pub billing: Option<String>,
    /// Country of the network addresses, where most requests come from.
    #[serde(default)]
    pub network: Option<String>,
    /// UTC offset, in hours, that the account's day suggests.
    #[serde(default)]
    pub clock: Option<f64>,
    /// Class of the owner as declared or verified: a name of `[[owner]]`.
    #[serde(default)]
    pub owner: Option<String>,
}

/// The lists, as `access.toml` says them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Regions where the service isn't offered.
    #[serde(default)]
    pub region: Vec<Entry>,
    /// Ownership classes to which it isn't offered.
    #[serde(default)]
    pub owner: Vec<Entry>,
    /// UTC offsets of places, in hours: what a rhythm is held against.
    #[serde(default)]
    pub clocks: BTreeMap<String, Vec<f64>>,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The region's code or the class's name.
    pub name: String,
    /// Where it is written that the service isn't offered there.
    pub source: String,
    /// As of when.
    #[schemars(with = "String")]
    pub date: Date,
}

/// What access rules see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// The service isn't offered there.
    pub region: Option<Entry>,
    /// The service isn't offered to this class of owner.
    pub owner: Option<Entry>,
    /// What disagrees, a sentence each.
    pub evasion: Vec<String>,
}

impl Access {
    /// Reads `access.toml`.
    ///
    /// # Errors
    /// File, line and field of what is wrong.
    pub fn read(file: &str, text: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(GateError::new(format!("the file has more than {MAX_BYTES} bytes")).file(file));
        }
        let access: Access = parse(file, text)?;
        for (kind, entries) in [("region", &access.region), ("owner", &access.owner)] {
            for entry in entries {
                if entry.source.trim().is_empty() || entry.name.trim().is_empty() {
                    return Err(GateError::new("an entry needs a name and a source")
                        .file(file)
                        .field(format!("{kind}.{}", entry.name))
                        .hint("name the terms, the law or the notice, and its date"));
                }
            }
        }
        Ok(access)
    }

    /// What the lists say of a place.
    #[must_use]
    pub fn see(&self, place: &Place) -> Seen {
        let listed = |list: &[Entry], name: Option<&String>| {
            let name = name?;
            list.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)).cloned()
        };
        let mut evasion = Vec::new();
        if let (Some(billing), Some(network)) = (&place.billing, &place.network)
            && !billing.eq_ignore_ascii_case(network)
        {
            evasion.push(format!("billed in {billing}, most requests from {network}"));
        }
        if listed(&self.region, place.billing.as_ref()).is_none()
            && let Some(entry) = listed(&self.region, place.network.as_ref())
        {
            evasion.push(format!("most requests come from {}, where the service isn't offered", entry.name));
        }
        for (what, country) in [("billed in", &place.billing), ("requests from", &place.network)] {
            if let (Some(country), Some(clock)) = (country, place.clock)
                && let Some(hours) = self.clocks.get(country).and_then(|offsets| beside(offsets, clock))
                && hours > TOLERANCE_HOURS
            {
                evasion.push(format!("{what} {country}, but its day lies {hours:.0} hours beside the clock there"));
            }
        }
        Seen {
            region: listed(&self.region, place.billing.as_ref()),
            owner: listed(&self.owner, place.owner.as_ref()),
            evasion,
        }
    }
}

/// Hours between a clock and the nearest of a place's clocks, around the day.
fn beside(offsets: &[f64], clock: f64) -> Option<f64> {
    let apart = |offset: &f64| {
        let hours = (offset - clock).abs().rem_euclid(24.0);
        hours.min(24.0 - hours)
    };
    offsets.iter().map(apart).min_by(f64::total_cmp)
}
