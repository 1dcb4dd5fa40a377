//! Headers: an answer as HTTP headers, the same at every point.
//! In: an answer. Out: names and values.
//! Invariant: values are ASCII without control characters; no rule, reason or threshold.
//! Not here: which status goes with them (`forward.rs`, `envoy.rs`).

use crate::action::Action;
use crate::decide::Answer;

/// What is to be done: `allow`, `challenge`, `throttle`, `degrade`, `block`.
pub const ACTION: &str = "x-stillwatch-action";

/// The headers of an answer.
#[must_use]
pub fn headers(answer: &Answer) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        (ACTION, answer.action.name().to_owned()),
        ("x-stillwatch-code", answer.code.clone()),
        ("x-stillwatch-ttl", answer.ttl.to_string()),
    ];
    if let Some(decision) = answer.decision {
        headers.push(("x-stillwatch-decision", decision.to_string()));
    }
    match answer.action {
        Action::Throttle { requests_per_minute } => {
            headers.push(("x-stillwatch-requests-per-minute", requests_per_minute.to_string()));
        }
        Action::Degrade { withhold_reasoning, max_output_tokens, withhold_logprobs } => {
            if withhold_reasoning {
                headers.push(("x-stillwatch-withhold-reasoning", "1".to_owned()));
            }
            if withhold_logprobs {
                headers.push(("x-stillwatch-withhold-logprobs", "1".to_owned()));
            }
            if let Some(tokens) = max_output_tokens {
                headers.push(("x-stillwatch-max-output-tokens", tokens.to_string()));
            }
        }
        Action::Allow | Action::Challenge | Action::Block => {}
    }
    headers
}
