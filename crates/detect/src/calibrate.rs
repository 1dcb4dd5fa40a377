//! Calibrate: from evidence to a probability.
//! In: readings. Out: contributions in log-odds, and scores.
//! Invariant: a score is the logistic function of the prior and the sum of the contributions, nothing else.
//! Not here: what is measured (`signals/`).

use stillwatch_model::{Family, Signal as Told};

use crate::group::Group;
use crate::signals;

/// Log-odds that a group of linked accounts is a campaign before anything is measured.
pub const PRIOR: f64 = -4.1;
/// What a family must add to the log-odds to have fired.
pub const FIRED: f64 = 0.7;

/// The logistic function.
#[must_use]
pub fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Log-odds of a reading: full evidence for adds `weight.0`, full evidence against takes `weight.1`.
#[must_use]
pub fn contribution(weight: (f64, f64), evidence: f64) -> f64 {
    evidence * if evidence > 0.0 { weight.0 } else { weight.1 }
}

/// Measures a group by every signal. The prior is the first entry, so that the sum is the whole score.
#[must_use]
pub fn tell(group: &Group<'_>) -> Vec<Told> {
    let mut told: Vec<Told> = signals::ALL
        .iter()
        .filter_map(|signal| {
            let reading = (signal.measure)(group)?;
            Some(Told {
                name: signal.name.into(),
                family: signal.family,
                value: round(reading.value),
                contribution: round(contribution(signal.weight, reading.evidence)),
                because: reading.because,
            })
        })
        .collect();
    told.sort_by(|a, b| b.contribution.total_cmp(&a.contribution).then_with(|| a.name.cmp(&b.name)));
    told.push(prior(PRIOR, "linked accounts are seldom a campaign before anything is measured"));
    told
}

/// The prior, told as a signal, so that a score is the sum of what is printed.
#[must_use]
pub fn prior(log_odds: f64, because: &str) -> Told {
    Told { name: "prior".into(), family: Family::Content, value: 0.0, contribution: log_odds, because: because.into() }
}

/// The score of what was told.
#[must_use]
pub fn score(told: &[Told]) -> f64 {
    round(logistic(told.iter().map(|s| s.contribution).sum()))
}

/// The families that fired, in order.
#[must_use]
pub fn families(told: &[Told]) -> Vec<Family> {
    let mut families: Vec<Family> = told.iter().filter(|s| s.name != "prior").map(|s| s.family).collect();
    families.sort_unstable();
    families.dedup();
    families.retain(|&f| {
        told.iter().filter(|s| s.family == f && s.name != "prior").map(|s| s.contribution).sum::<f64>() >= FIRED
    });
    families
}

/// Four decimals: enough to explain, and the same on every machine.
#[must_use]
pub fn round(x: f64) -> f64 {
    if x.is_finite() { (x * 1e4).round() / 1e4 } else { 0.0 }
}
