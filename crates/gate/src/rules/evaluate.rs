//! Evaluate: every rule asked about one subject.
//! In: rules, facts, the time. Out: what is proposed, with the evidence that each condition found.
//! Invariant: pure; the allow-list wins before any rule is asked; the law on received intelligence is held here a second time.
//! Not here: reading rules (`read.rs`), the cap (`cap.rs`).

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::access::Seen;
use crate::action::Action;
use crate::facts::Facts;
use crate::rules::check::{OWN_SCORE, OWN_SIGNAL};
use crate::rules::{
    CampaignIs, Evidence, Judged, Listed, Mode, NotOffered, PooledIs, Proposal, ReceivedIs, Rule, Rules, When,
};
use crate::subject::Subject;

impl Rules {
    /// What all rules say of one subject.
    #[must_use]
    pub fn judge(&self, facts: &Facts, now: Timestamp) -> Judged {
        let mut judged = Judged { listed: self.listed(&facts.subject, now).cloned(), ..Judged::default() };
        if judged.listed.is_some() {
            return judged;
        }
        let seen = self.access.see(&facts.place);
        let mut enforced = Vec::new();
        for rule in &self.rules {
            let Some(evidence) = holds(&rule.when, facts, &seen, now) else { continue };
            let proposal = propose(rule, facts, evidence);
            match rule.mode {
                Mode::Enforce => enforced.push(proposal),
                Mode::Shadow => judged.shadow.push(proposal),
            }
        }
        let order = |p: &Proposal| (p.action == Action::Allow, p.action.rank());
        // Of equals the first in the file holds.
        let best = enforced.iter().enumerate().rev().max_by_key(|(_, p)| order(p)).map(|(at, _)| at);
        if let Some(at) = best {
            judged.holds = Some(enforced.remove(at));
            judged.outdone = enforced;
        }
        judged
    }

    /// The line of the allow-list that covers a subject.
    #[must_use]
    pub fn listed(&self, subject: &Subject, now: Timestamp) -> Option<&Listed> {
        let covers = |listed: &&Listed| {
            listed.until.is_none_or(|until| now < until)
                && match (&listed.subject, subject) {
                    (Subject::Network(wide), Subject::Network(net)) => wide.contains(net),
                    (one, other) => one == other,
                }
        };
        self.allow.iter().find(covers)
    }
}

fn propose(rule: &Rule, facts: &Facts, evidence: Vec<Evidence>) -> Proposal {
    let action = if may_go_beyond(&evidence) { rule.action } else { weaker(rule.action, Action::Challenge) };
    let weakened = action != rule.action;
    Proposal {
        subject: facts.subject.clone(),
        rule: rule.name.clone(),
        code: rule.code.clone(),
        action,
        decays: if weakened { Vec::new() } else { rule.decays.clone() },
        lifetime: rule.lifetime,
        reason: rule.because.clone(),
        evidence,
        accounts: facts.accounts,
        verified: facts.verified_hit(),
        verified_requests: facts.verified_requests,
    }
}

fn weaker(one: Action, other: Action) -> Action {
    if one.rank() <= other.rank() { one } else { other }
}

/// Whether evidence carries more than `challenge`: our own, terms of service, or an operator's written reason.
fn may_go_beyond(evidence: &[Evidence]) -> bool {
    evidence.iter().any(|one| match one {
        Evidence::Campaign { score, label, .. } => *score >= OWN_SCORE || label.concluded(),
        Evidence::Signal { contribution, .. } => *contribution >= OWN_SIGNAL,
        Evidence::NotOffered { .. } | Evidence::Alone { .. } => true,
        Evidence::Received { .. } | Evidence::Pooled { .. } | Evidence::Evasion { .. } => false,
    })
}

/// The evidence, when every condition that is given holds.
fn holds(when: &When, facts: &Facts, seen: &Seen, now: Timestamp) -> Option<Vec<Evidence>> {
    if !when.subject.is_empty() && !when.subject.contains(&facts.subject.kind()) {
        return None;
    }
    if when.verified.is_some_and(|wanted| wanted != (facts.verified == Some(true))) {
        return None;
    }
    let mut evidence = Vec::new();
    if let Some(wanted) = &when.campaign {
        evidence.push(campaign(wanted, facts)?);
    }
    for wanted in &when.signal {
        let fits = |s: &&crate::facts::OwnSignal| s.name == wanted.name && s.contribution >= wanted.at_least;
        let found = facts.signals.iter().find(fits)?;
        evidence.push(Evidence::Signal { name: found.name.clone(), contribution: found.contribution });
    }
    if let Some(wanted) = &when.received {
        evidence.extend(received(wanted, facts, now)?);
    }
    if let Some(wanted) = &when.pooled {
        evidence.extend(pooled(wanted, facts)?);
    }
    if !when.not_offered.is_empty() {
        let lists = when.not_offered.iter().filter_map(|list| match list {
            NotOffered::Region => seen.region.clone(),
            NotOffered::Owner => seen.owner.clone(),
        });
        let found: Vec<_> = lists.map(|entry| Evidence::NotOffered { entry }).collect();
        if found.is_empty() {
            return None;
        }
        evidence.extend(found);
    }
    if let Some(least) = when.evasion_at_least {
        if seen.evasion.len() < usize::from(least) {
            return None;
        }
        evidence.extend(seen.evasion.iter().map(|because| Evidence::Evasion { because: because.clone() }));
    }
    Some(evidence)
}

fn campaign(wanted: &CampaignIs, facts: &Facts) -> Option<Evidence> {
    let found = facts.campaign.as_ref()?;
    let labelled = if wanted.label.is_empty() { !found.label.cleared() } else { wanted.label.contains(&found.label) };
    let fits = labelled
        && (found.actionable || !wanted.actionable)
        && found.membership >= wanted.membership_at_least
        && wanted.score_at_least.is_none_or(|least| found.score >= least);
    fits.then(|| Evidence::Campaign {
        id: found.id.clone(),
        score: found.score,
        label: found.label,
        membership: found.membership,
    })
}

fn received(wanted: &ReceivedIs, facts: &Facts, now: Timestamp) -> Option<Vec<Evidence>> {
    let fits = |one: &&crate::facts::Received| {
        one.usable(now)
            && one.confidence >= wanted.confidence_at_least
            && one.sightings >= wanted.sightings_at_least
            && (wanted.tlp.is_empty() || wanted.tlp.contains(&one.tlp))
    };
    let found: Vec<_> = facts.received.iter().filter(fits).collect();
    let producers: BTreeSet<&str> = found.iter().map(|one| one.producer.as_str()).collect();
    if producers.len() < usize::try_from(wanted.producers_at_least.max(1)).unwrap_or(usize::MAX) {
        return None;
    }
    let evidence = found.into_iter().map(|one| Evidence::Received {
        indicator: one.indicator.clone(),
        producer: one.producer.clone(),
        confidence: one.confidence,
        tlp: one.tlp,
        sightings: one.sightings,
    });
    let alone = wanted.alone_because.iter().map(|because| Evidence::Alone { because: because.clone() });
    Some(evidence.chain(alone).collect())
}

fn pooled(wanted: &PooledIs, facts: &Facts) -> Option<Vec<Evidence>> {
    let found = facts.pooled?;
    let fits =
        found.members >= wanted.members_at_least.max(1) && found.confidence.unwrap_or(0) >= wanted.confidence_at_least;
    let evidence = Evidence::Pooled { members: found.members, confidence: found.confidence };
    let alone = wanted.alone_because.iter().map(|because| Evidence::Alone { because: because.clone() });
    fits.then(|| std::iter::once(evidence).chain(alone).collect())
}
