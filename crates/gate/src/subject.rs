//! Subject: about whom a decision is: an account, a client, a TLS fingerprint, a network.
//! In: what a file or a request says. Out: a key that is safe to write into any export.
//! Invariant: no control characters, at most 256 bytes; networks have no host bits, IPv4 in IPv6 is IPv4.
//! Not here: looking keys up (`table.rs`).

use std::fmt::{self, Display};
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{GateError, Result};

/// Longest key, in bytes.
pub const MAX_KEY: usize = 256;

/// About whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Said", into = "Said")]
#[schemars(with = "Said")]
pub enum Subject {
    /// Identity that is billed or banned; a user inside an aggregator is `account/end_user`.
    Account(String),
    /// A client, by whatever name the gateway gives it (an API key's hash, an application).
    Client(String),
    /// JA4 fingerprint of the TLS client (FoxIO, JA4 technical details).
    Ja4(String),
    /// Addresses with a common prefix; one address is a /32 or /128.
    Network(IpNet),
}

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// See [`Subject::Account`].
    Account,
    /// See [`Subject::Client`].
    Client,
    /// See [`Subject::Ja4`].
    Ja4,
    /// See [`Subject::Network`].
    Network,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Account, Kind::Client, Kind::Ja4, Kind::Network];

    /// Days for which one may be decided on at most: addresses pass on to the innocent.
    #[must_use]
    pub fn longest_days(self) -> i64 {
        if self == Kind::Network { 30 } else { 365 }
    }

    /// The name as in JSON and exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Account => "account",
            Kind::Client => "client",
            Kind::Ja4 => "ja4",
            Kind::Network => "network",
        }
    }
}

/// A subject as it is written: its kind and its value.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// What kind of key.
    pub kind: Kind,
    /// The account, client or fingerprint; an address or network in CIDR notation.
    pub value: String,
}

impl Subject {
    /// A subject from its kind and text.
    ///
    /// # Errors
    /// When the text is empty, too long, has control characters, or is no network where one is wanted.
    pub fn new(kind: Kind, value: &str) -> Result<Self> {
        if value.is_empty() || value.len() > MAX_KEY {
            return Err(GateError::new(format!("the key of a subject ({}) has 1 to {MAX_KEY} bytes", kind.name())));
        }
        if value.chars().any(char::is_control) {
            return Err(GateError::new(format!("the key of a subject ({}) has no control characters", kind.name())));
        }
        Ok(match kind {
            Kind::Account => Subject::Account(value.to_owned()),
            Kind::Client => Subject::Client(value.to_owned()),
            Kind::Ja4 => Subject::Ja4(value.to_owned()),
            Kind::Network => Subject::Network(network(value)?),
        })
    }

    /// The network of one address.
    #[must_use]
    pub fn address(ip: IpAddr) -> Self {
        Subject::Network(IpNet::from(ip.to_canonical()))
    }

    /// What kind of key.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Subject::Account(_) => Kind::Account,
            Subject::Client(_) => Kind::Client,
            Subject::Ja4(_) => Kind::Ja4,
            Subject::Network(_) => Kind::Network,
        }
    }

    /// The value as text; a single address without its prefix length.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Subject::Account(value) | Subject::Client(value) | Subject::Ja4(value) => value.clone(),
            Subject::Network(net) => shown(*net),
        }
    }
}

/// A network as text: one address is written without `/32`.
pub(crate) fn shown(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

fn network(value: &str) -> Result<IpNet> {
    let wrong = || {
        GateError::new(format!("`{value}` is no address and no network"))
            .hint("write `203.0.113.7`, `203.0.113.0/24` or `2001:db8::/48`")
    };
    if let Ok(ip) = value.parse::<IpAddr>() {
        return Ok(IpNet::from(ip.to_canonical()));
    }
    let net: IpNet = value.parse().map_err(|_| wrong())?;
    Ok(plain(net))
}

/// Without host bits; IPv4 mapped into IPv6 (RFC 4291, section 2.5.5.2) as IPv4.
pub(crate) fn plain(net: IpNet) -> IpNet {
    let mapped = match net {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => v6.addr().to_ipv4_mapped().map(|ip| (ip, v6.prefix_len() - 96)),
        IpNet::V6(_) | IpNet::V4(_) => None,
    };
    match mapped.and_then(|(ip, length)| ipnet::Ipv4Net::new(ip, length).ok()) {
        Some(v4) => IpNet::V4(v4.trunc()),
        None => net.trunc(),
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind().name(), self.value())
    }
}

impl TryFrom<Said> for Subject {
    type Error = GateError;

    fn try_from(said: Said) -> Result<Self> {
        Subject::new(said.kind, &said.value)
    }
}

impl From<Subject> for Said {
    fn from(subject: Subject) -> Self {
        Said { kind: subject.kind(), value: subject.value() }
    }
}
