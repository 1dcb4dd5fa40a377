//! Cap: how much may be hit in an hour, and stopping when it is more.
//! In: proposals of one rule, the verified traffic, the time. Out: let through whole, or held whole until a person says so.
//! Invariant: a rule that was stopped stays stopped until it is released; no batch is applied in part; the hour is counted over all rules.
//! Not here: what is proposed (`evaluate.rs`).

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::error::{GateError, Result};
use crate::rules::Proposal;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The cap, as `[cap]` says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cap {
    /// Accounts that all rules together may newly hit in an hour.
    pub accounts_per_hour: u64,
    /// Share of the requests of verified accounts that they may newly hit in an hour, in per cent.
    pub verified_percent_per_hour: f64,
}

impl Default for Cap {
    fn default() -> Self {
        Cap { accounts_per_hour: 100, verified_percent_per_hour: 0.5 }
    }
}

impl Cap {
    pub(crate) fn check(self) -> Result<()> {
        if !(0.0..=100.0).contains(&self.verified_percent_per_hour) {
            return Err(GateError::new("a share in per cent is 0 to 100").field("cap.verified_percent_per_hour"));
        }
        Ok(())
    }
}

/// What was hit in the last hour, and which rules are stopped; kept over restarts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    hits: VecDeque<Hit>,
    stopped: BTreeMap<String, Stopped>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Hit {
    at: Timestamp,
    accounts: u64,
    verified_requests: u64,
}

/// A rule that was stopped, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Since when.
    pub at: Timestamp,
    /// The question to the operator.
    pub question: String,
}

impl Meter {
    /// Lets a rule's proposals through, or stops the rule.
    ///
    /// `verified_requests_per_hour`: requests of all verified accounts in an hour; 0 when it isn't known, and then any hit on a verified
    /// account's traffic is over the cap.
    ///
    /// # Errors
    /// Why the rule is stopped; none of the proposals may be applied.
    pub fn admit(
        &mut self,
        cap: &Cap,
        rule: &str,
        proposals: &[Proposal],
        verified_requests_per_hour: u64,
        now: Timestamp,
    ) -> Result<(), Stopped> {
        if let Some(stopped) = self.stopped.get(rule) {
            return Err(stopped.clone());
        }
        let hits = || proposals.iter().filter(|p| p.action != Action::Allow);
        let add = |sum: u64, more: u64| sum.saturating_add(more);
        let accounts = hits().map(|p| p.accounts).fold(0, add);
        let requests = hits().map(|p| p.verified_requests).fold(0, add);
        // A hit that lies in the future (the clock was moved back) counts until it is an hour old.
        self.hits.retain(|hit| now.duration_since(hit.at) < HOUR);
        let all = self.hits.iter().map(|hit| hit.accounts).fold(accounts, add);
        let all_requests = self.hits.iter().map(|hit| hit.verified_requests).fold(requests, add);
        let share =
            if all_requests == 0 { 0.0 } else { 100.0 * all_requests as f64 / verified_requests_per_hour as f64 };
        let question = if accounts > 0 && all > cap.accounts_per_hour {
            let of = cap.accounts_per_hour;
            format!(
                "rule `{rule}` would hit {accounts} accounts, {all} within an hour; the cap is {of}. Is that meant?"
            )
        } else if requests > 0 && share > cap.verified_percent_per_hour {
            let of = cap.verified_percent_per_hour;
            format!(
                "rule `{rule}` would hit {share:.2} % of verified traffic within an hour; the cap is {of} %. Is that meant?"
            )
        } else {
            if accounts > 0 {
                self.hits.push_back(Hit { at: now, accounts, verified_requests: requests });
            }
            return Ok(());
        };
        let stopped = Stopped { at: now, question };
        self.stopped.insert(rule.to_owned(), stopped.clone());
        Err(stopped)
    }

    /// Rules that are stopped, each with the question to the operator.
    #[must_use]
    pub fn stopped(&self) -> &BTreeMap<String, Stopped> {
        &self.stopped
    }

    /// A person says that a rule may go on under the same cap; false when it wasn't stopped.
    pub fn release(&mut self, rule: &str) -> bool {
        self.stopped.remove(rule).is_some()
    }

    /// A person says that just these proposals are meant, whatever the cap: they are counted, the rule may go on.
    pub fn approve(&mut self, rule: &str, proposals: &[Proposal], now: Timestamp) {
        self.stopped.remove(rule);
        let hits = || proposals.iter().filter(|p| p.action != Action::Allow);
        let accounts = hits().map(|p| p.accounts).fold(0, u64::saturating_add);
        let verified_requests = hits().map(|p| p.verified_requests).fold(0, u64::saturating_add);
        self.hits.push_back(Hit { at: now, accounts, verified_requests });
    }
}
