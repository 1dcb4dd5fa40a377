//! Filter: what a bouncer asks for.
//! In: the query of `/v1/decisions` or `/v1/decisions/stream`. Out: which decisions; those for one address or key.
//! Invariant: parameters as the swagger file names them; `scopes` is `ip,range` unless given, as CrowdSec has it.
//! Not here: what changed since (`stream.rs`).

use std::net::IpAddr;

use crate::enforce::crowdsec::{Decision, ORIGIN, remediation, said};
use crate::error::{GateError, Result};
use crate::subject::{Kind, Subject};
use crate::table::Table;
use crate::table::row::Key;

/// Longest list in a query.
const MOST: usize = 64;

/// Which decisions a bouncer wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    scopes: Vec<String>,
    origins: Vec<String>,
    containing: Vec<String>,
    not_containing: Vec<String>,
}

/// For whom a bouncer asks at `/v1/decisions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `ip`.
    pub ip: Option<String>,
    /// `range`.
    pub range: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// `value`.
    pub value: Option<String>,
    /// `type`.
    pub remediation: Option<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            scopes: vec!["ip".to_owned(), "range".to_owned()],
            origins: Vec::new(),
            containing: Vec::new(),
            not_containing: Vec::new(),
        }
    }
}

impl Filter {
    /// From a query's parameters; those that aren't known are passed over, as CrowdSec does.
    #[must_use]
    pub fn of<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut filter = Filter::default();
        for (name, value) in parameters {
            let words =
                || value.split(',').map(|word| word.trim().to_ascii_lowercase()).filter(|word| !word.is_empty());
            let list = || words().take(MOST).collect::<Vec<_>>();
            match name {
                "scopes" if !value.is_empty() => filter.scopes = list(),
                "origins" => filter.origins = list(),
                "scenarios_containing" => filter.containing = list(),
                "scenarios_not_containing" => filter.not_containing = list(),
                _ => {}
            }
        }
        filter
    }

    /// Whether keys of this kind are wanted.
    #[must_use]
    pub fn wants(&self, key: &Key<'_>) -> bool {
        let scope = match key {
            Key::Network(net) if net.prefix_len() == net.max_prefix_len() => "ip",
            Key::Network(_) => "range",
            Key::Exact(kind, _) => kind.name(),
        };
        self.scopes.iter().any(|wanted| wanted == scope)
    }

    /// Whether decisions with a reason code are wanted.
    #[must_use]
    pub fn wants_code(&self, code: &str) -> bool {
        let all = self.origins.is_empty() && self.containing.is_empty() && self.not_containing.is_empty();
        all || self.wants_scenario(&format!("{ORIGIN}/{code}"))
    }

    /// The same, for a scenario as bouncers read it.
    #[must_use]
    pub fn wants_scenario(&self, scenario: &str) -> bool {
        let in_scenario = |part: &String| scenario.contains(part.as_str());
        (self.origins.is_empty() || self.origins.iter().any(|origin| origin == ORIGIN))
            && (self.containing.is_empty() || self.containing.iter().any(in_scenario))
            && !self.not_containing.iter().any(in_scenario)
    }
}

impl Asked {
    /// What holds for whom is asked for. Nobody named: nothing, where CrowdSec would hand out all it has.
    ///
    /// # Errors
    /// When an address or network can't be read.
    pub fn find<'a>(&'a self, table: &'a Table, now: i64) -> Result<Option<Decision<'a>>> {
        let Some(key) = self.key()? else { return Ok(None) };
        let Some(best) = table.find(key, now) else { return Ok(None) };
        let Some(word) = remediation(best.action) else { return Ok(None) };
        if self.remediation.as_deref().is_some_and(|wanted| wanted != word) {
            return Ok(None);
        }
        Ok(Some(said(best.line.key, word, &best, now)))
    }

    fn key(&self) -> Result<Option<Key<'_>>> {
        let no_address = |text: &str| GateError::new(format!("`{}` is no address", text.escape_debug()));
        if let Some(ip) = &self.ip {
            return Ok(Some(Key::address(ip.parse::<IpAddr>().map_err(|_| no_address(ip))?)));
        }
        let network = |text: &str| match Subject::new(Kind::Network, text)? {
            Subject::Network(net) => Ok(Some(Key::Network(net))),
            Subject::Account(_) | Subject::Client(_) | Subject::Ja4(_) => Err(no_address(text)),
        };
        if let Some(range) = &self.range {
            return network(range);
        }
        let (Some(scope), Some(value)) = (&self.scope, &self.value) else { return Ok(None) };
        match scope.to_ascii_lowercase().as_str() {
            "ip" | "range" => network(value),
            "account" => Ok(Some(Key::Exact(Kind::Account, value))),
            "client" => Ok(Some(Key::Exact(Kind::Client, value))),
            "ja4" => Ok(Some(Key::Exact(Kind::Ja4, value))),
            _ => Ok(None),
        }
    }
}
