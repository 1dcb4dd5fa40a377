//! Effect: by how much the volume of a campaign changed at its teller.
//! In: a campaign, a change in per cent, who tells. Out: an object.
//! Invariant: tens of per cent; neither volumes nor what was done, and no property for words.
//! Not here: whether it may leave (`share`), the mean of several (`track::trends`).

use serde_json::json;

use crate::campaign::Producer;
use crate::extension::{self, CAMPAIGN_EFFECT};
use crate::id;
use crate::marking::Tlp;

/// Type of such an object.
pub const EFFECT: &str = "campaign-effect";
/// The least and the most that is told, in per cent.
pub const BOUNDS: (i64, i64) = (-100, 1000);

/// A change in per cent, as it is told: in tens, halves away from zero, within [`BOUNDS`].
#[must_use]
pub fn tens(percent: f64) -> i64 {
    // No change of a volume is less than all of it; where there was none before, none is told.
    let tens = if percent.is_finite() { (percent / 10.0).round() as i64 * 10 } else { BOUNDS.1 };
    tens.clamp(BOUNDS.0, BOUNDS.1)
}

/// The producer's volume of a campaign changed by so many per cent. One a campaign and producer: a later one is another version.
#[must_use]
pub fn effect(by: &Producer, campaign: &str, percent: f64, at: &str, tlp: Tlp) -> String {
    let id = id::domain(EFFECT, &json!({"campaign": campaign, "by": by.id()}));
    extension::defining(&by.id(), EFFECT, &id, CAMPAIGN_EFFECT, (at, tlp))
        .with("campaign_ref", json!(campaign))
        .with("volume_change_percent", json!(tens(percent)))
        .text()
}

/// What travels with it: its definition, and who published that.
#[must_use]
pub fn defined() -> Vec<String> {
    extension::defined(CAMPAIGN_EFFECT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Rules, validate};

    #[test]
    fn what_is_made_has_no_fault_and_says_tens() {
        let by = Producer { name: "Lab One".to_owned(), ..Producer::default() };
        let campaign = "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
        for (percent, told) in [(-83.4, -80), (-85.0, -90), (4.9, 0), (-100.0, -100), (1e9, 1000), (f64::NAN, 1000)] {
            let text = effect(&by, campaign, percent, "2026-11-25T10:00:00Z", Tlp::Amber);
            assert!(text.contains(&format!("\"volume_change_percent\":{told}")), "{text}");
            assert_eq!(validate(text.as_bytes(), &Rules::default()), []);
            let odd = text.replace(&format!("\"volume_change_percent\":{told}"), "\"volume_change_percent\":-83");
            assert!(!validate(odd.as_bytes(), &Rules::default()).is_empty(), "an exact figure is none of the form");
        }
    }
}
