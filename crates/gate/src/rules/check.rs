//! Check: what a rule may not say.
//! In: one rule. Out: nothing, or what is wrong and what to write.
//! Invariant: no rule without a ground; grounds decide how hard it may hit.
//! Not here: the same law at the time of asking (`evaluate.rs`).

use jiff::SignedDuration;

use crate::action::Action;
use crate::error::GateError;
use crate::rules::read::Place;
use crate::rules::{CampaignIs, Rule, When};
use crate::subject::Kind;

/// From this score on, a campaign is evidence of its own (findings call it actionable from here on).
pub(crate) const OWN_SCORE: f64 = 0.5;
/// From this contribution on (log-odds), a signal is evidence of its own.
pub(crate) const OWN_SIGNAL: f64 = 1.0;
pub(crate) fn rule(rule: &Rule) -> Result<(), (Place, GateError)> {
    words(rule).map_err(|error| (Place::Rule, error))?;
    figures(&rule.when).map_err(|error| (Place::When, error))?;
    grounds(rule).map_err(|error| (Place::When, error))?;
    lifetime(rule).map_err(|error| (Place::Then, error))
}

fn words(rule: &Rule) -> Result<(), GateError> {
    let plain = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    for (field, text) in [("rule.name", &rule.name), ("rule.code", &rule.code)] {
        if !plain(text) {
            let wrong = format!("`{}` should be 1 to 64 lower-case letters, digits and hyphens", text.escape_debug());
            return Err(GateError::new(wrong).field(field));
        }
    }
    if rule.because.trim().is_empty() {
        return Err(GateError::new("a rule says why there is one").field("rule.because"));
    }
    Ok(())
}

fn figures(when: &When) -> Result<(), GateError> {
    let share = |field: &str, value: f64| {
        let wrong = || GateError::new(format!("{value} is not between 0 and 1")).field(field);
        (0.0..=1.0).contains(&value).then_some(()).ok_or_else(wrong)
    };
    if let Some(campaign) = &when.campaign {
        share("rule.when.campaign.score_at_least", campaign.score_at_least.unwrap_or(0.0))?;
        share("rule.when.campaign.membership_at_least", campaign.membership_at_least)?;
    }
    if when.signal.iter().any(|signal| !signal.at_least.is_finite()) {
        return Err(GateError::new("a signal's contribution is a number").field("rule.when.signal.at_least"));
    }
    let received = when.received.as_ref().map_or(0, |received| received.confidence_at_least);
    let pooled = when.pooled.as_ref().map_or(0, |pooled| pooled.confidence_at_least);
    for (ground, confidence) in [("received", received), ("pooled", pooled)] {
        if confidence > 100 {
            return Err(GateError::new(format!("STIX confidence is 0 to 100, not {confidence}"))
                .field(format!("rule.when.{ground}.confidence_at_least")));
        }
    }
    Ok(())
}

fn grounds(rule: &Rule) -> Result<(), GateError> {
    let when = &rule.when;
    let (received, pooled, evasion) = (when.received.as_ref(), when.pooled.as_ref(), when.evasion_at_least);
    let own = when.campaign.as_ref().is_some_and(own_campaign)
        || when.signal.iter().any(|signal| signal.at_least >= OWN_SIGNAL);
    let named = when.campaign.is_some() || !when.signal.is_empty();
    if rule.action == Action::Allow {
        return Ok(());
    }
    if evasion == Some(0) {
        return Err(GateError::new("`evasion_at_least = 0` is always true").field("rule.when.evasion_at_least"));
    }
    if !named && received.is_none() && pooled.is_none() && evasion.is_none() && when.not_offered.is_empty() {
        return Err(GateError::new(format!("rule `{}` names no ground: it would hit everybody", rule.name))
            .field("rule.when")
            .hint("name a `campaign`, a `signal`, `received`, `pooled`, `not_offered` or `evasion_at_least`"));
    }
    if !rule.action.beyond_challenge() || own || !when.not_offered.is_empty() {
        return Ok(());
    }
    let alone = [received.map(|received| &received.alone_because), pooled.map(|pooled| &pooled.alone_because)];
    if alone.into_iter().flatten().flatten().any(|because| !because.trim().is_empty()) {
        return Ok(());
    }
    let what = rule.action.name();
    if received.is_some() || pooled.is_some() {
        let (said, field) = if received.is_some() {
            ("received intelligence", "rule.when.received")
        } else {
            ("what other members have too", "rule.when.pooled")
        };
        return Err(GateError::new(format!("{said} alone may not {what}"))
            .field(field)
            .hint("add evidence of your own (`campaign` with `score_at_least = 0.5` or a concluded label, or a `signal` of at least 1.0), weaken the action to `challenge`, or say why in `alone_because`"));
    }
    if evasion.is_some() {
        return Err(GateError::new(format!(
            "disagreeing billing, network and timing are a reason to verify, not to {what}"
        ))
        .field("rule.when.evasion_at_least")
        .hint("weaken the action to `challenge`, or add evidence of your own"));
    }
    Err(GateError::new(format!("the evidence is too weak to {what}")).field("rule.when").hint(
        "a campaign counts from `score_at_least = 0.5` or with a concluded label (`confirmed`, `disrupted`, `returned`), a signal from `at_least = 1.0`",
    ))
}

fn own_campaign(campaign: &CampaignIs) -> bool {
    let labelled = !campaign.label.is_empty() && campaign.label.iter().all(|label| label.concluded());
    labelled || campaign.score_at_least.is_some_and(|score| score >= OWN_SCORE)
}

fn lifetime(rule: &Rule) -> Result<(), GateError> {
    let network = rule.when.subject.is_empty() || rule.when.subject.contains(&Kind::Network);
    let days = if network { Kind::Network } else { Kind::Account }.longest_days();
    if rule.lifetime < SignedDuration::from_secs(1) || rule.lifetime > SignedDuration::from_hours(24 * days) {
        return Err(GateError::new(format!("a decision of this rule lives between a second and {days} days"))
            .field("rule.then.for")
            .hint(
                "where networks aren't meant, write `subject = [\"account\"]`: accounts may be decided on for a year",
            ));
    }
    let mut before = (0, rule.action);
    for step in &rule.decays {
        if step.after_seconds <= before.0 || i64::from(step.after_seconds) >= rule.lifetime.as_secs() {
            return Err(GateError::new("`after` should rise from step to step, and end before the lifetime")
                .field("rule.then.decays.after"));
        }
        if step.action.rank() >= before.1.rank() || step.action == Action::Allow {
            return Err(GateError::new("each step should be weaker than the one before, and none is `allow`")
                .field("rule.then.decays.action"));
        }
        before = (step.after_seconds, step.action);
    }
    Ok(())
}
