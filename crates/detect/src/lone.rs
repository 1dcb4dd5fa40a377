//! Lone: accounts that look like harvesting but are linked to no other.
//! In: an account and its population. Out: its score as a suspect, told signal by signal.
//! Invariant: the same measurements as for groups, on a group of one, with a prior that only strong habits overcome.
//! Not here: campaigns (`campaign.rs`).

use std::collections::HashMap;

use stillwatch_model::{Family, Signal as Told};

use crate::account::Account;
use crate::calibrate::{contribution, prior, round};
use crate::group::Population;
use crate::scale::{percent, ramp, rise};
use crate::signals::{answers, declared, elicitation, focus, repeats, rhythm};
use crate::texts::keys;

const PRIOR: f64 = -6.0;
/// Exchanges below which an account by itself says too little.
const ENOUGH: u64 = 60;

/// What an account by itself looks like; `None` when it sent too little.
#[must_use]
pub fn tell(population: &Population<'_>, at: u32) -> Option<Vec<Told>> {
    let account = &population.accounts[at as usize];
    let c = &account.sketch.counts;
    if c.exchanges < ENOUGH {
        return None;
    }
    let group = population.alone(at);
    let mut told = Vec::new();
    let mut add = |name: &str, family, weight, value: f64, evidence: f64, because: String| {
        told.push(Told {
            name: name.into(),
            family,
            value: round(value),
            contribution: round(contribution(weight, evidence)),
            because,
        });
    };
    for (signal, weight) in [
        (elicitation::SIGNAL, (3.4, 0.8)),
        (repeats::SIGNAL, (0.0, 1.8)),
        (rhythm::SIGNAL, (1.4, 2.6)),
        (declared::SIGNAL, (0.0, 2.2)),
        (answers::SIGNAL, (0.6, 0.8)),
        (focus::SIGNAL, (0.6, 0.0)),
    ] {
        if let Some(reading) = (signal.measure)(&group) {
            add(signal.name, signal.family, weight, reading.value, reading.evidence, reading.because);
        }
    }
    let template = own_template(account);
    if let Some(share) = template {
        add(
            "own-template",
            Family::Content,
            (1.0, 0.4),
            share,
            ramp(share, 0.3, 0.9),
            format!("one template fills {} of its sampled exchanges, with different fillings", percent(share)),
        );
    }
    let volume = c.exchanges as f64;
    add(
        "volume",
        Family::Timing,
        (1.6, 0.0),
        volume,
        rise(volume.ln(), 100f64.ln(), 3000f64.ln()),
        format!("{} exchanges", c.exchanges),
    );
    let days = account.rhythm().map_or(1.0, |r| f64::from(r.days));
    add(
        "persistence",
        Family::Timing,
        (0.6, 0.6),
        days,
        ramp(days, 3.5, 6.0),
        format!("active on {days:.0} days of the week"),
    );
    let batched = account.share(c.batched);
    if batched > 0.0 {
        add(
            "batched",
            Family::Protocol,
            (0.0, 1.6),
            batched,
            -batched,
            format!("{} of exchanges came through the batch endpoint", percent(batched)),
        );
    }
    let cold = account.share(c.cold);
    if cold > 0.0 {
        add(
            "cold",
            Family::Protocol,
            (0.0, 1.4),
            cold,
            -cold,
            format!("{} of exchanges at temperature 0, as evaluations and jobs are run", percent(cold)),
        );
    }
    if let Some(verified) = account.verified {
        add(
            "verified",
            Family::Identity,
            (0.3, 0.8),
            f64::from(u8::from(verified)),
            if verified { -1.0 } else { 1.0 },
            if verified { "identity verified" } else { "identity not verified" }.into(),
        );
    }
    told.sort_by(|a, b| b.contribution.total_cmp(&a.contribution).then_with(|| a.name.cmp(&b.name)));
    told.push(prior(PRIOR, "an account by itself is seldom a harvester before anything is measured"));
    Some(told)
}

/// The share of samples that carry the account's most frequent text, when its uses differ.
fn own_template(account: &Account) -> Option<f64> {
    let samples = account.sketch.samples();
    if account.sketch.counts.prompts == 0 || samples.len() < 8 {
        return None;
    }
    let mut uses: HashMap<u64, u32> = HashMap::new();
    for sample in samples {
        for (_, key) in keys(sample) {
            *uses.entry(key).or_default() += 1;
        }
    }
    let most = uses.values().copied().max().unwrap_or(0);
    Some(f64::from(most) / samples.len() as f64)
}
