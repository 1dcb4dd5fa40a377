//! Indicator: what an indicator is about, and for how long that tells something.
//! In: nothing. Out: `IndicatorKind`.
//! Invariant: ordered by how fast it goes stale, fastest first: of a pattern about several things the first is its kind.
//! Not here: reading patterns (`stix`), what follows from age (`gate`).

use serde::{Deserialize, Serialize};

/// What an indicator is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndicatorKind {
    /// An address that is said to be a proxy's, a VPN's or another exit (`anonymization`, STIX 2.1, section 10.12).
    Proxy,
    /// An address or a range of addresses.
    Address,
    /// An autonomous system.
    Network,
    /// An account.
    Account,
    /// A URL.
    Url,
    /// A domain name.
    Domain,
    /// A user agent.
    Agent,
    /// A JA4 fingerprint of a TLS client.
    Ja4,
    /// A sketch of a text.
    Template,
    /// A means of payment.
    Payment,
    /// Something else, or a pattern that isn't STIX.
    Other,
}

impl IndicatorKind {
    /// All of them.
    pub const ALL: [IndicatorKind; 11] = [
        IndicatorKind::Proxy,
        IndicatorKind::Address,
        IndicatorKind::Network,
        IndicatorKind::Account,
        IndicatorKind::Url,
        IndicatorKind::Domain,
        IndicatorKind::Agent,
        IndicatorKind::Ja4,
        IndicatorKind::Template,
        IndicatorKind::Payment,
        IndicatorKind::Other,
    ];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            IndicatorKind::Proxy => "proxy",
            IndicatorKind::Address => "address",
            IndicatorKind::Network => "network",
            IndicatorKind::Account => "account",
            IndicatorKind::Url => "url",
            IndicatorKind::Domain => "domain",
            IndicatorKind::Agent => "agent",
            IndicatorKind::Ja4 => "ja4",
            IndicatorKind::Template => "template",
            IndicatorKind::Payment => "payment",
            IndicatorKind::Other => "other",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
