//! Read: what a `CheckRequest` asks (envoy/service/auth/v3/attribute_context.proto).
//! In: the message. Out: a request of the gate.
//! Invariant: what is absent or no text is no key; nothing of the message is copied but what is looked up.
//! Not here: which of several places counts (`stillwatch_gate::enforce::envoy`).

use std::net::IpAddr;

use envoy_types::pb::envoy::config::core::v3::address::Address;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Peer};
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use envoy_types::pb::google::protobuf::value::Kind;
use stillwatch_gate::Request;
use stillwatch_gate::enforce::envoy;

/// The namespace of Envoy's dynamic metadata in which its filters may say who asks.
const NAMESPACE: &str = "stillwatch";

pub(crate) fn request(check: &CheckRequest) -> Request {
    let Some(attributes) = &check.attributes else { return Request::default() };
    let http = attributes.request.as_ref().and_then(|request| request.http.as_ref());
    let told = |name: &str| [attributes.context_extensions.get(name).map(String::as_str), metadata(attributes, name)];
    envoy::request(attributes.source.as_ref().and_then(address), told, |name| header(http?, name))
}

/// The address that Envoy saw, or took from hops that it trusts.
fn address(source: &Peer) -> Option<IpAddr> {
    match source.address.as_ref()?.address.as_ref()? {
        Address::SocketAddress(socket) => socket.address.parse().ok(),
        Address::Pipe(_) | Address::EnvoyInternalAddress(_) => None,
    }
}

/// What Envoy's filters said; what is there and no text is told as empty.
fn metadata<'a>(attributes: &'a AttributeContext, name: &str) -> Option<&'a str> {
    let said = attributes.metadata_context.as_ref()?.filter_metadata.get(NAMESPACE)?.fields.get(name)?;
    match &said.kind {
        Some(Kind::StringValue(text)) => Some(text),
        _ => Some(""),
    }
}

/// A header, as text or (`encode_raw_headers`) as bytes; there the last of several, which Envoy's own filters wrote.
fn header<'a>(http: &'a HttpRequest, name: &str) -> Option<&'a str> {
    if let Some(value) = http.headers.get(name) {
        return Some(value);
    }
    let mut all = http.header_map.as_ref()?.headers.iter().rev();
    let found = all.find(|header| header.key.eq_ignore_ascii_case(name))?;
    if found.raw_value.is_empty() { Some(&found.value) } else { std::str::from_utf8(&found.raw_value).ok() }
}
