//! Forward: the question of a proxy before it serves (nginx `auth_request`, Caddy `forward_auth`, Traefik ForwardAuth).
//! In: the headers of the proxy's question. Out: a request; status and headers of the answer.
//! Invariant: 200 or served-with-headers, 401 for `challenge`, 403 for `block`: the codes that all three proxies understand.
//! Not here: which headers to trust: the proxy sets them, and the node takes them from the proxy alone.

use std::net::IpAddr;

use crate::action::Action;
use crate::decide::{Answer, Request};
use crate::enforce::headers::headers;

/// Header with the account; the proxy sets it.
pub const ACCOUNT: &str = "x-stillwatch-account";
/// Header with the client.
pub const CLIENT: &str = "x-stillwatch-client";
/// Header with the JA4 fingerprint.
pub const JA4: &str = "x-stillwatch-ja4";
/// Header with the address, before `x-real-ip` and the last of `x-forwarded-for`.
pub const ADDRESS: &str = "x-stillwatch-ip";

/// Status and headers for a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
}

/// The request that a proxy asks about. An empty header counts as absent.
#[must_use]
pub fn request<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Request {
    let given = |name: &str| header(name).map(str::trim).filter(|value| !value.is_empty());
    // The last address is the one that the proxy itself saw; those before it anybody can write.
    let forwarded = || given("x-forwarded-for").and_then(|list| list.rsplit(',').next()).map(str::trim);
    let address = given(ADDRESS).or_else(|| given("x-real-ip")).or_else(forwarded);
    Request {
        account: given(ACCOUNT).map(str::to_owned),
        client: given(CLIENT).map(str::to_owned),
        ja4: given(JA4).map(str::to_owned),
        ip: address.and_then(|text| text.parse::<IpAddr>().ok()),
    }
}

/// The reply to a proxy.
#[must_use]
pub fn reply(answer: &Answer) -> Reply {
    Reply { status: status(answer.action), headers: headers(answer) }
}

/// The status that goes with an action.
#[must_use]
pub fn status(action: Action) -> u16 {
    match action {
        Action::Allow | Action::Throttle { .. } | Action::Degrade { .. } => 200,
        Action::Challenge => 401,
        Action::Block => 403,
    }
}
