//! Gate: what `[gate]` of `node.toml` says.
//! In: TOML. Out: where points ask, which rules decide, who is called.
//! Invariant: in the clear on loopback only, unless a proxy is said to stand before it; keys of webhooks are in files.
//! Not here: points and their keys, which are clients of the role `point` in the store.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Error, Result};

/// Decisions: with this section the node makes and serves them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gate {
    /// Where enforcement points ask: address and port.
    pub listen: SocketAddr,
    /// Points ask over TLS, with the certificate of `[tls]`.
    pub tls: bool,
    /// Where Envoy asks (`ext_authz`); without this section it can't.
    pub envoy: Option<Envoy>,
    /// The rules; without them only people decide.
    pub rules: Option<PathBuf>,
    /// Where and to whom the service isn't offered.
    pub access: Option<PathBuf>,
    /// What the lab knows of its accounts: facts, a JSON object a line.
    pub accounts: Option<PathBuf>,
    /// Seconds between rounds in which rules are asked; 0: they aren't.
    pub every_seconds: u64,
    /// Days after which who wasn't seen any more isn't asked about.
    pub days: u32,
    /// Points that are called when something changes.
    pub webhook: Vec<Webhook>,
}

/// Where Envoy asks, over gRPC.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Envoy {
    /// Address and port.
    pub listen: SocketAddr,
    /// Over TLS, with the certificate of `[tls]`.
    pub tls: bool,
}

impl Default for Envoy {
    fn default() -> Self {
        Self { listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090), tls: false }
    }
}

/// A point that is called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its name, as in alarms.
    pub name: String,
    /// Where it listens.
    pub url: String,
    /// The key that calls are signed with: a file, its first line.
    pub key: PathBuf,
    /// Authority of its certificate, PEM; the system's where none is given.
    pub ca: Option<PathBuf>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8089),
            tls: false,
            envoy: None,
            rules: None,
            access: None,
            accounts: None,
            every_seconds: 30,
            days: 30,
            webhook: Vec::new(),
        }
    }
}

impl Gate {
    pub(super) fn within(&mut self, folder: &Path) {
        let files = [&mut self.rules, &mut self.access, &mut self.accounts].into_iter().flatten();
        let hooks = self.webhook.iter_mut().flat_map(|hook| std::iter::once(&mut hook.key).chain(&mut hook.ca));
        for file in files.chain(hooks) {
            *file = folder.join(&file);
        }
    }

    pub(super) fn check(&self, is_hub: bool, has_tls: bool, behind_proxy: bool) -> Result<()> {
        if is_hub {
            return Err(Error::setup("a hub decides about nobody's accounts", "leave `[gate]` to members' nodes"));
        }
        let envoy = self.envoy.iter().map(|envoy| ("gate.envoy", envoy.listen, envoy.tls));
        for (section, listen, tls) in std::iter::once(("gate", self.listen, self.tls)).chain(envoy) {
            if tls && !has_tls {
                return Err(Error::setup(format!("`{section}.tls` is set, and there is no `[tls]`"), "set `[tls]`"));
            }
            if !tls && !behind_proxy && !listen.ip().is_loopback() {
                return Err(Error::setup(
                    format!("keys of points would cross the network in the clear on {listen}"),
                    format!(
                        "set `tls = true` in `[{section}]`, listen on 127.0.0.1, or set `behind_proxy = true` where a proxy ends TLS"
                    ),
                ));
            }
        }
        if self.days == 0 {
            return Err(Error::setup("`gate.days` is 0", "leave the line out for the default"));
        }
        for (at, hook) in self.webhook.iter().enumerate() {
            let url = hook.url.parse::<reqwest::Url>().ok();
            let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
            let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
            let may = url.as_ref().is_some_and(|url| url.scheme() == "https" || (url.scheme() == "http" && is_here));
            if !may {
                return Err(Error::setup(
                    format!("`{}` can't be called", hook.url.escape_debug()),
                    "a webhook's `url` begins with `https://`; `http://` only on this machine",
                ));
            }
            if hook.name.is_empty() || self.webhook.iter().take(at).any(|other| other.name == hook.name) {
                return Err(Error::setup("each `[[gate.webhook]]` has a name of its own", "set `name`"));
            }
        }
        Ok(())
    }
}
