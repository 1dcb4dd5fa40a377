//! Envoy: `ext_authz` v3 (envoy/service/auth/v3/external_auth.proto), as far as it is no protobuf.
//! In: what a `CheckRequest` says of source, what the operator told, and headers. Out: what a `CheckResponse` says.
//! Invariant: headers of ours that a client sent are removed or overwritten before anything upstream sees them; where the operator
//! told who asks, no header does.
//! Not here: the gRPC service and its messages (`stillwatch-envoy`).

use std::net::IpAddr;

use crate::action::Action;
use crate::decide::{Answer, Request};
use crate::enforce::forward;
use crate::enforce::headers::headers;

/// What a `CheckResponse` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// gRPC code of `status`: 0 OK, 7 PERMISSION_DENIED, 16 UNAUTHENTICATED.
    pub code: i32,
    /// `ok_response.headers` or `denied_response.headers`; each overwrites what a client sent.
    pub headers: Vec<(&'static str, String)>,
    /// `ok_response.headers_to_remove`: none that is set, since Envoy removes after it set.
    pub remove: Vec<&'static str>,
    /// HTTP status of `denied_response`; `None`: it is served.
    pub denied: Option<u16>,
    /// Body of `denied_response`.
    pub body: String,
}

/// Headers that only the gate may set.
const OURS: [&str; 8] = [
    "x-stillwatch-action",
    "x-stillwatch-code",
    "x-stillwatch-ttl",
    "x-stillwatch-decision",
    "x-stillwatch-requests-per-minute",
    "x-stillwatch-withhold-reasoning",
    "x-stillwatch-withhold-logprobs",
    "x-stillwatch-max-output-tokens",
];

/// Names under which it is told who asks.
const WHO: [&str; 3] = [forward::ACCOUNT, forward::CLIENT, forward::JA4];

/// The request of a `CheckRequest`. `source`: `attributes.source.address`, which is the peer of Envoy's connection whatever hops it
/// trusts. `told`: what no client can write, the surest first: `attributes.context_extensions`, `attributes.metadata_context`.
/// `header`: `attributes.request.http.headers` (lower-case names), looked at only where none of account, client and fingerprint is
/// told, not even empty; and never for the address.
#[must_use]
pub fn request<'a>(
    source: Option<IpAddr>,
    told: impl Fn(&str) -> [Option<&'a str>; 2],
    header: impl Fn(&str) -> Option<&'a str>,
) -> Request {
    let is_told = WHO.iter().any(|name| told(name).iter().any(Option::is_some));
    let found = |name: &str| {
        if is_told { told(name).into_iter().flatten().find(|value| !value.trim().is_empty()) } else { header(name) }
    };
    let address = told(forward::ADDRESS).into_iter().flatten().find_map(|text| text.trim().parse().ok());
    let who = forward::request(|name| if WHO.contains(&name) { found(name) } else { None });
    Request { ip: address.or(source), ..who }
}

/// The answer of a `CheckResponse`.
#[must_use]
pub fn check(answer: &Answer) -> Check {
    let mut headers = headers(answer);
    let (code, denied) = match answer.action {
        Action::Allow | Action::Throttle { .. } | Action::Degrade { .. } => (0, None),
        Action::Challenge => (16, Some(401)),
        Action::Block => (7, Some(403)),
    };
    if denied.is_some() {
        let body = format!(r#"{{"error":"{}","decision":{}}}"#, answer.code, answer.decision.unwrap_or(0));
        headers.push(("content-type", "application/json".to_owned()));
        return Check { code, headers, remove: Vec::new(), denied, body };
    }
    let remove = OURS.into_iter().filter(|ours| headers.iter().all(|(name, _)| name != ours)).collect();
    Check { code, headers, remove, denied, body: String::new() }
}
