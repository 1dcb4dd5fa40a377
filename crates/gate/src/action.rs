//! Action: what is done about an account, client or network.
//! In: nothing. Out: the five actions, in order of how hard they hit.
//! Invariant: `rank` orders all actions; `allow` is the weakest, `block` the strongest.
//! Not here: who decides (`rules.rs`), how a point carries it out (`enforce/`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Served as always; as a decision: let through whatever else says otherwise.
    Allow,
    /// The identity is to be verified first.
    Challenge,
    /// Served at no more than a rate.
    Throttle {
        /// Requests that are served a minute.
        requests_per_minute: u32,
    },
    /// Served, but worth less to train on.
    Degrade {
        /// Reasoning traces are left out.
        withhold_reasoning: bool,
        /// Output is cut at so many tokens.
        max_output_tokens: Option<u32>,
        /// Log-probabilities are left out.
        withhold_logprobs: bool,
    },
    /// Not served.
    Block,
}

impl Action {
    /// The name as in rules, JSON and headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Action::Allow => "allow",
            Action::Challenge => "challenge",
            Action::Throttle { .. } => "throttle",
            Action::Degrade { .. } => "degrade",
            Action::Block => "block",
        }
    }

    /// How hard it hits: first by kind, then by its figures.
    #[must_use]
    pub fn rank(self) -> (u8, u64) {
        match self {
            Action::Allow => (0, 0),
            Action::Challenge => (1, 0),
            Action::Throttle { requests_per_minute } => (2, u64::from(u32::MAX - requests_per_minute)),
            Action::Degrade { withhold_reasoning, max_output_tokens, withhold_logprobs } => {
                let cut = u64::from(u32::MAX - max_output_tokens.unwrap_or(u32::MAX));
                (3, (u64::from(withhold_reasoning) << 33) | (u64::from(withhold_logprobs) << 32) | cut)
            }
            Action::Block => (4, 0),
        }
    }

    /// Whether it hits harder than `challenge`: what received intelligence alone never does.
    #[must_use]
    pub fn beyond_challenge(self) -> bool {
        self.rank().0 > Action::Challenge.rank().0
    }
}
