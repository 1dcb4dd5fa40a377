//! Network: IPv4 and IPv6 addresses and CIDR (STIX 2.1, 9.6, `ISSUBSET` and `ISSUPERSET`).
//! In: text. Out: a network; an address alone is one of full length.
//! Invariant: host bits are cut off; IPv4 never lies in IPv6.
//! Not here: many networks at once (`index.rs`).

use std::net::IpAddr;

use ipnet::IpNet;

/// The network that a text names.
pub(crate) fn parse(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address)),
        Err(_) => text.parse::<IpNet>().ok().map(|network| network.trunc()),
    }
}

/// Whether `inner` lies in `outer`.
pub(crate) fn holds(outer: &IpNet, inner: &IpNet) -> bool {
    outer.contains(inner)
}
