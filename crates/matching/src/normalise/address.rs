//! Address: IPv4 and IPv6 addresses and prefixes.
//! In: text. Out: `4` and four bytes, or `6` and the eight of the /64; for a prefix also its length.
//! Invariant: an IPv4 address written as IPv6 is the IPv4 address; what isn't routed publicly is refused.
//! Not here: who holds an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

type Canonical = std::result::Result<Vec<u8>, &'static str>;

pub(super) fn address(value: &str) -> Canonical {
    // A /64 is written as one where addresses are shown: one subscriber, as any address in it.
    let (value, subscriber) = value.strip_suffix("/64").map_or((value, false), |before| (before, true));
    let address: IpAddr = value.parse().map_err(|_| "it is no IPv4 or IPv6 address")?;
    match address.to_canonical() {
        IpAddr::V4(_) if subscriber => Err("it is a prefix, not an address"),
        IpAddr::V4(v4) if public4(v4) => Ok([&[4], v4.octets().as_slice()].concat()),
        IpAddr::V6(v6) if public6(v6) => Ok([&[6], &v6.octets()[..8]].concat()),
        _ => Err("it isn't an address of the public internet"),
    }
}

/// Shortest prefixes: a /8 and a /19 are the largest blocks that registries hand out; wider ones say nothing about an operator.
pub(super) fn prefix(value: &str) -> Canonical {
    let net: IpNet = value.parse().map_err(|_| "it is no prefix like `192.0.2.0/24`")?;
    match net.trunc() {
        IpNet::V4(v4) if v4.prefix_len() < 8 => Err("it is wider than /8"),
        IpNet::V6(v6) if v6.prefix_len() < 19 => Err("it is wider than /19"),
        IpNet::V6(v6) if v6.prefix_len() > 64 => Err("it is narrower than /64, which one subscriber has"),
        IpNet::V4(v4) if public4(v4.network()) => {
            Ok([&[4], v4.network().octets().as_slice(), &[v4.prefix_len()]].concat())
        }
        IpNet::V6(v6) if public6(v6.network()) => Ok([&[6], &v6.network().octets()[..8], &[v6.prefix_len()]].concat()),
        _ => Err("it isn't a prefix of the public internet"),
    }
}

/// Special-purpose blocks (IANA, RFC 6890) are refused, except those for documentation, which examples and tests need.
fn public4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    !(a == 0
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b)))
}

fn public6(address: Ipv6Addr) -> bool {
    // 2000::/3 is what is routed globally; 64:ff9b::/96 and the like embed IPv4 and are no subscriber's.
    address.segments()[0] & 0xe000 == 0x2000
}
