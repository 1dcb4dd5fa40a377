//! Decided: networks that this lab acts against, for its own tools that read STIX.
//! In: networks, what is done, until when. Out: a bundle of indicators marked TLP:RED.
//! Invariant: no account and no client of the lab's is in it; it is marked so that no profile lets it leave.
//! Not here: which decisions hold (`gate`); telling others, which goes the way of any release.

use serde_json::json;

use crate::campaign::Producer;
use crate::made::Made;
use crate::marking::Tlp;
use crate::{id, version};

/// One network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// In CIDR notation.
    pub network: String,
    /// Whether it is IPv4.
    pub v4: bool,
    /// What is done: a word of the gate's.
    pub action: String,
    /// The decision's number.
    pub decision: u64,
    /// From when, RFC 3339.
    pub since: String,
    /// Until when, RFC 3339; never, where there is none.
    pub until: Option<String>,
}

/// A bundle of indicators (STIX 2.1, section 4.7), one a network; `at`: when it was written, RFC 3339.
#[must_use]
pub fn bundle(by: &Producer, decided: &[Decided], at: &str) -> String {
    let created = if by.created.is_empty() { at.to_owned() } else { by.created.clone() };
    let identity = Producer { created, ..by.clone() }.object(Tlp::Red);
    let mut objects = vec![Tlp::Red.object(), identity];
    objects.extend(decided.iter().map(|one| indicator(by, one, at)));
    crate::bundle::write(objects.iter().map(String::as_str))
}

fn indicator(by: &Producer, one: &Decided, at: &str) -> String {
    let at = version::timestamp(at).unwrap_or_default();
    let since = version::timestamp(&one.since).unwrap_or_default();
    let kind = if one.v4 { "ipv4-addr" } else { "ipv6-addr" };
    let whole = if one.v4 { "/32" } else { "/128" };
    // A single address is compared, a network contains (STIX 2.1, section 9.6.1).
    let pattern = match one.network.strip_suffix(whole) {
        Some(address) => format!("[{kind}:value = '{address}']"),
        None => format!("[{kind}:value ISSUBSET '{}']", one.network),
    };
    // What ended before it began is no indicator's time.
    let until = one.until.as_deref().and_then(version::timestamp).filter(|until| *until > since);
    Made::new(
        "indicator",
        &id::domain("indicator", &json!({"decision": one.decision, "network": one.network, "by": by.id()})),
    )
    .dated(&since, &at.max(since.clone()))
    .with("created_by_ref", json!(by.id()))
    .with("object_marking_refs", json!([Tlp::Red.id()]))
    .with("name", json!(format!("{} by decision {}", one.action, one.decision)))
    .with("description", json!("A network that this lab acts against; for its own tools, not to be passed on."))
    .with("indicator_types", json!(["malicious-activity"]))
    .with("pattern", json!(pattern))
    .with("pattern_type", json!("stix"))
    .with("valid_from", json!(since))
    .with("valid_until", json!(until))
    .with("labels", json!([one.action]))
    .text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_has_no_fault_and_no_account() {
        let one = |network: &str, v4, decision| Decided {
            network: network.into(),
            v4,
            action: "block".into(),
            decision,
            since: "2026-06-01T12:00:00Z".into(),
            until: (decision != 3).then(|| "2026-06-08T12:00:00.5Z".into()),
        };
        let all = [one("203.0.113.0/24", true, 1), one("203.0.113.9/32", true, 2), one("2001:db8::/48", false, 3)];
        let by = Producer { name: "Harbor Lab".into(), created: String::new() };
        let text = bundle(&by, &all, "2026-06-02T00:00:00Z");
        assert!(text.contains("ISSUBSET '203.0.113.0/24'") && text.contains("= '203.0.113.9'"), "{text}");
        assert!(text.contains("[ipv6-addr:value ISSUBSET '2001:db8::/48']"), "{text}");
        assert_eq!(text.matches("\"valid_until\"").count(), 2);
        let faults = crate::validate::validate(text.as_bytes(), &crate::validate::Rules::default());
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(bundle(&by, &all, "2026-06-02T00:00:00Z"), text);
    }
}
