//! OIDC: which issuer's tokens people may show, as `node.toml` says it.
//! In: `[oidc]`. Out: an `Oidc` that can be.
//! Invariant: an issuer is asked over HTTPS, or on this machine; no claim makes a person a member or a hub.
//! Not here: tokens (`access/oidc`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::access::Role;
use crate::{Error, Result};

/// Whose tokens people may show (OpenID Connect Core 1.0; RFC 9068).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oidc {
    /// The issuer, as `iss` of its tokens names it; its keys are found by `ISSUER/.well-known/openid-configuration`.
    pub issuer: String,
    /// What `aud` of its tokens names for this node.
    pub audience: String,
    /// The claim that names a person. What is in it must never become another person's: `sub` never does.
    pub name_claim: String,
    /// The claim that says which roles a person has: text or a list; dots lead into objects, as in `realm_access.roles`.
    pub role_claim: String,
    /// From what is in that claim to roles here.
    pub roles: BTreeMap<String, String>,
    /// The issuer's authority, PEM; without it those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Seconds between two questions for the issuer's keys, at least, when a token names one that isn't known.
    pub keys_seconds: u64,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            audience: String::new(),
            name_claim: "sub".into(),
            role_claim: "roles".into(),
            roles: BTreeMap::new(),
            ca: None,
            keys_seconds: 60,
        }
    }
}

/// Roles that people have; where a token gives several, the first of these counts.
pub(crate) const PEOPLE: [Role; 5] = [Role::Admin, Role::Analyst, Role::Approver, Role::Auditor, Role::Viewer];

impl Oidc {
    pub(super) fn check(&self) -> Result<()> {
        if !may_be_asked(&self.issuer) || self.issuer.contains(['?', '#']) {
            let how = "give the issuer's URL as it stands in `iss` of its tokens: https://…";
            return Err(Error::setup(format!("`{}` can't be an issuer", self.issuer.escape_debug()), how));
        }
        if self.audience.is_empty() || self.name_claim.is_empty() || self.role_claim.is_empty() {
            let how =
                "`audience` is what `aud` of tokens for this node says; `name_claim`, `role_claim` are names of claims";
            return Err(Error::setup("`[oidc]` lacks `audience`, or a claim's name is empty", how));
        }
        if self.roles.is_empty() || self.keys_seconds == 0 {
            let how = "set `roles`, such as { \"stillwatch-analysts\" = \"analyst\" }; `keys_seconds` is 1 at least";
            return Err(Error::setup("`[oidc]` lets nobody in", how));
        }
        match self.roles.values().find(|name| !PEOPLE.iter().any(|role| role.name() == name.as_str())) {
            Some(name) => Err(Error::setup(
                format!("`{}` is no role of people", name.escape_debug()),
                format!("people are {}", PEOPLE.map(Role::name).join(", ")),
            )),
            None => Ok(()),
        }
    }
}

/// Whether what is at this URL may be believed: it comes over TLS, or from this machine.
pub(crate) fn may_be_asked(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return false;
    }
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    scheme == "https" || (scheme == "http" && matches!(host, "127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_asked_over_tls_or_on_this_machine() {
        for url in ["https://login.example/realms/lab", "http://127.0.0.1:80/x", "http://localhost", "http://[::1]:1"] {
            assert!(may_be_asked(url), "{url}");
        }
        for url in [
            "",
            "login.example",
            "http://login.example",
            "http://127.0.0.1@login.example",
            "ftp://localhost",
            "https://",
        ] {
            assert!(!may_be_asked(url), "{url}");
        }
    }
}
