//! AWS WAF: IP sets as `aws wafv2 create-ip-set --cli-input-json` reads them (WAFV2 API reference, `CreateIPSet`).
//! In: a table, an action, a name, the time. Out: sets of at most 10,000 networks of one family each.
//! Invariant: no /0, which AWS WAF refuses: it is left out and counted; those that are let through are cut out.
//! Not here: calling AWS.

use serde::Serialize;

use crate::enforce::at;
use crate::enforce::carve::{Allowed, networks};
use crate::table::Table;

/// Networks that a set may hold (AWS WAF quotas).
const MOST: usize = 10_000;

/// One IP set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct IpSet {
    /// Its name.
    pub name: String,
    /// `REGIONAL` or `CLOUDFRONT`.
    pub scope: String,
    /// What it is.
    pub description: String,
    /// `IPV4` or `IPV6`.
    #[serde(rename = "IPAddressVersion")]
    pub version: &'static str,
    /// CIDR notation.
    pub addresses: Vec<String>,
}

/// The sets of networks for which an action of this name wins, and how many can't be said.
#[must_use]
pub fn ip_sets(table: &Table, action: &str, name: &str, scope: &str, now: i64) -> (Vec<IpSet>, usize) {
    let allowed = Allowed::of(table, now);
    let hit = networks(table, &allowed, now).filter(|(_, best)| best.action.name() == action);
    let mut nets: Vec<_> = hit.map(|(net, _)| net).collect();
    nets.sort_unstable();
    nets.dedup();
    let all = nets.len();
    nets.retain(|net| net.prefix_len() > 0);
    let mut sets = Vec::new();
    for (version, short, v4) in [("IPV4", "v4", true), ("IPV6", "v6", false)] {
        let family: Vec<String> =
            nets.iter().filter(|net| net.addr().is_ipv4() == v4).map(ToString::to_string).collect();
        for (at_set, addresses) in family.chunks(MOST).enumerate() {
            sets.push(IpSet {
                name: format!("{name}-{action}-{short}-{}", at_set + 1),
                scope: scope.to_owned(),
                description: format!("stillwatch: {action}, change {}, {}", table.number(), at(now)),
                version,
                addresses: addresses.to_vec(),
            });
        }
    }
    (sets, all - nets.len())
}
