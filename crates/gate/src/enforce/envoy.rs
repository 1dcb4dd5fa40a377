//! Envoy: `ext_authz` v3 (envoy/service/auth/v3/external_auth.proto), as far as it is no protobuf.
//! In: what a `CheckRequest` says of source and headers. Out: what a `CheckResponse` says.
//! Invariant: headers of ours that a client sent are removed before anything upstream sees them.
//! Not here: the gRPC service and its messages (`node`).

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
    /// `ok_response.headers` or `denied_response.headers`.
    pub headers: Vec<(&'static str, String)>,
    /// `ok_response.headers_to_remove`.
    pub remove: &'static [&'static str],
    /// HTTP status of `denied_response`; `None`: it is served.
    pub denied: Option<u16>,
    /// Body of `denied_response`.
    pub body: String,
}

/// Headers that only the gate may set.
const OURS: [&str; 6] = [
    "x-stillwatch-requests-per-minute",
    "x-stillwatch-withhold-reasoning",
    "x-stillwatch-withhold-logprobs",
    "x-stillwatch-max-output-tokens",
    "x-stillwatch-decision",
    "x-stillwatch-code",
];

/// The request of a `CheckRequest`: `attributes.source.address` and `attributes.request.http.headers` (lower-case names).
#[must_use]
pub fn request<'a>(source: Option<IpAddr>, header: impl Fn(&str) -> Option<&'a str>) -> Request {
    // The address is the one that Envoy saw (or took from its trusted hops), never a header's.
    let request = forward::request(header);
    Request { ip: source, ..request }
}

/// The answer of a `CheckResponse`.
#[must_use]
pub fn check(answer: &Answer) -> Check {
    let headers = headers(answer);
    let (code, denied) = match answer.action {
        Action::Allow | Action::Throttle { .. } | Action::Degrade { .. } => (0, None),
        Action::Challenge => (16, Some(401)),
        Action::Block => (7, Some(403)),
    };
    let body = denied.map(|_| format!(r#"{{"error":"{}","decision":{}}}"#, answer.code, answer.decision.unwrap_or(0)));
    let remove: &[&str] = if denied.is_none() { &OURS } else { &[] };
    Check { code, headers, remove, denied, body: body.unwrap_or_default() }
}
