//! Simulate: who would have been hit, had these rules been in force.
//! In: rules, facts of accounts and networks. Out: figures a rule, verified accounts among them, whether the cap would have stopped it.
//! Invariant: pure; changes nothing; shadow rules are counted as if they were in force, and marked.
//! Not here: reading facts from logs (the command line).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::facts::Facts;
use crate::rules::cap::Meter;
use crate::rules::{Mode, Proposal, Rules};
use crate::subject::Subject;

/// Most subjects that are named a rule.
const NAMED: usize = 20;

/// What a simulation found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Simulated {
    /// Subjects that were looked at.
    pub subjects: u64,
    /// Subjects that the allow-list let through.
    pub listed: u64,
    /// By action, subjects that the rules in force would have hit.
    pub holds: BTreeMap<&'static str, u64>,
    /// Each rule, in the order of the file; also those that hit nobody.
    pub rules: Vec<RuleSimulated>,
}

/// What one rule would have done, also where another outdid it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleSimulated {
    /// Its name.
    pub rule: String,
    /// Its mode.
    pub mode: Mode,
    /// Subjects.
    pub subjects: u64,
    /// Accounts, those behind networks included.
    pub accounts: u64,
    /// Verified accounts among them.
    pub verified: u64,
    /// Share of verified traffic, in per cent; `None` when the traffic isn't known.
    pub verified_percent: Option<f64>,
    /// By action: a rule may have been held at `challenge`.
    pub actions: BTreeMap<&'static str, u64>,
    /// The first subjects, verified ones first.
    pub named: Vec<Subject>,
    /// The question that the cap would have asked.
    pub stopped: Option<String>,
}

/// Asks all rules about all subjects.
#[must_use]
pub fn simulate(rules: &Rules, facts: &[Facts], verified_requests_per_hour: u64, now: Timestamp) -> Simulated {
    let mut simulated = Simulated { subjects: facts.len() as u64, ..Simulated::default() };
    let mut by_rule: BTreeMap<String, Vec<Proposal>> = BTreeMap::new();
    for facts in facts {
        let judged = rules.judge(facts, now);
        simulated.listed += u64::from(judged.listed.is_some());
        if let Some(holds) = &judged.holds {
            *simulated.holds.entry(holds.action.name()).or_default() += 1;
        }
        for proposal in judged.holds.into_iter().chain(judged.outdone).chain(judged.shadow) {
            by_rule.entry(proposal.rule.clone()).or_default().push(proposal);
        }
    }
    for rule in &rules.rules {
        let mut proposals = by_rule.remove(&rule.name).unwrap_or_default();
        proposals.sort_by(|a, b| (b.verified, &a.subject).cmp(&(a.verified, &b.subject)));
        let requests: u64 = proposals.iter().map(|p| p.verified_requests).sum();
        let mut actions = BTreeMap::new();
        for proposal in &proposals {
            *actions.entry(proposal.action.name()).or_default() += 1;
        }
        // Each rule by itself: the question is which of them would have to be looked at.
        let held = Meter::default().admit(&rules.cap, &rule.name, &proposals, verified_requests_per_hour, now);
        simulated.rules.push(RuleSimulated {
            rule: rule.name.clone(),
            mode: rule.mode,
            subjects: proposals.len() as u64,
            accounts: proposals.iter().map(|p| p.accounts).sum(),
            verified: proposals.iter().map(|p| p.verified).sum(),
            verified_percent: (verified_requests_per_hour > 0)
                .then(|| 100.0 * requests as f64 / verified_requests_per_hour as f64),
            actions,
            named: proposals.into_iter().take(NAMED).map(|p| p.subject).collect(),
            stopped: held.err().map(|stopped| stopped.question),
        });
    }
    simulated
}
