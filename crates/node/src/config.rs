//! Config: what `node.toml` says.
//! In: TOML. Out: a `Config` in which everything is set.
//! Invariant: unknown keys are refused; without TLS it listens on loopback only, unless a proxy is said to end TLS before it.
//! Not here: clients and collections, which are in the store.

mod gate;
mod oidc;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::{Error, Result};

pub use gate::{Envoy, Gate, Webhook};
pub use oidc::Oidc;
pub(crate) use oidc::{PEOPLE, may_be_asked};

/// Settings of a node; each key of `node.toml` is a field here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What this node is to others.
    pub role: Part,
    /// The store: a folder, beside this file unless the path is absolute, or a URL of PostgreSQL.
    pub data: String,
    /// Where to listen: address and port.
    pub listen: SocketAddr,
    /// A proxy before this node ends TLS: then plain HTTP is spoken on any address, and one address may hold all connections.
    pub behind_proxy: bool,
    /// The node's name as others see it: source of what it publishes itself.
    pub name: String,
    /// Title of the server (TAXII 2.1, section 4.1).
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whom to ask, such as an address for mail.
    pub contact: Option<String>,
    /// API roots; the first is the default one.
    #[serde(rename = "root")]
    pub roots: Vec<Root>,
    /// The ledger, in which releases are, and a hub keeps receipts: a folder, beside this file unless the path is absolute.
    pub ledger: Option<PathBuf>,
    /// The ledger's key; the folder's name and `.key` where it isn't said.
    pub ledger_key: Option<PathBuf>,
    /// The key that opens what others sealed to this node; none: it stays closed.
    pub sealing_key: Option<PathBuf>,
    /// The key of this node's channels for private matching; none: nothing is matched.
    pub matching_key: Option<PathBuf>,
    /// A file to which everything is appended that comes to this node for matching, as it came: to show what it could learn.
    pub matching_transcript: Option<PathBuf>,
    /// How it follows others.
    pub federation: Federation,
    /// Certificate and key.
    pub tls: Option<Tls>,
    /// Whose tokens people may show.
    pub oidc: Option<Oidc>,
    /// Decisions: how they are made, and where points ask for them.
    pub gate: Option<Gate>,
    /// Bounds for what one client may ask.
    pub limits: Limits,
}

/// What a node is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// An organisation's own: what is too strict for a collection is kept, and shown to nobody.
    #[default]
    Member,
    /// In the middle: what its sender's marking forbids to pass on is refused (`docs/hub.md`).
    Hub,
}

/// How a member follows others; a hub doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Federation {
    /// Seconds between rounds of fetching and handing over; 0: only `stillwatch peer sync` does.
    pub every_seconds: u64,
    /// Objects that one client may put into a collection here in an hour before a person has to look.
    pub hourly: u64,
}

impl Default for Federation {
    fn default() -> Self {
        Self { every_seconds: 60, hourly: 100_000 }
    }
}

/// An API root (TAXII 2.1, section 4.2).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its path: one word, `https://node.example/WORD/`.
    pub path: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
}

/// Files in PEM, beside `node.toml` unless their paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate, followed by those that lead to a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities whose certificates clients may show in place of a token (RFC 8446, section 4.3.2).
    pub client_ca: Option<PathBuf>,
    /// What those authorities revoked (RFC 5280, section 5), a list of each.
    pub client_crl: Option<PathBuf>,
}

impl Tls {
    /// All its files.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.certificate, &self.key].into_iter().chain(&self.client_ca).chain(&self.client_crl)
    }
}

/// Bounds for what one client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request's body, before and after decompression (`max_content_length` of TAXII).
    pub body_bytes: usize,
    /// Requests whose bodies are read at once, half of them of one client at most; others wait.
    pub bodies: usize,
    /// Objects in one request.
    pub objects: usize,
    /// Objects and lists within each other in one STIX object.
    pub depth: usize,
    /// Objects on a page when the client doesn't say.
    pub page: usize,
    /// Objects on a page at most.
    pub page_most: usize,
    /// Bytes of objects on a page.
    pub page_bytes: usize,
    /// Seconds for a whole request.
    pub seconds: u64,
    /// Milliseconds for a handshake, for a request's header, and for an idle connection.
    pub idle_milliseconds: u64,
    /// Requests a second of one client, over time.
    pub requests_per_second: u32,
    /// Requests that a client may make at once.
    pub burst: u32,
    /// Failed log-ins a second from one address.
    pub strangers_per_second: u32,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            bodies: 16,
            objects: 20_000,
            depth: 64,
            page: 100,
            page_most: 1_000,
            page_bytes: 8 << 20,
            seconds: 30,
            idle_milliseconds: 10_000,
            requests_per_second: 2_000,
            burst: 4_000,
            strangers_per_second: 10,
            connections: 2_048,
            connections_per_address: 256,
        }
    }
}

impl Limits {
    /// How long a whole request may take.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// How long nothing may come.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_milliseconds)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            role: Part::Member,
            data: "data".into(),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443),
            behind_proxy: false,
            name: "this-node".into(),
            title: "Stillwatch".into(),
            description: None,
            contact: None,
            roots: vec![Root { path: "trust".into(), title: "Trust group".into(), description: None }],
            ledger: None,
            ledger_key: None,
            sealing_key: None,
            matching_key: None,
            matching_transcript: None,
            federation: Federation::default(),
            tls: None,
            oidc: None,
            gate: None,
            limits: Limits::default(),
        }
    }
}

/// Paths that are the server's own.
const TAKEN: [&str; 5] = ["api", "taxii2", "healthz", "readyz", "metrics"];

impl Config {
    /// Reads a file; paths in it are taken from its folder.
    ///
    /// # Errors
    /// When it can't be read, or what it says can't be.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            Error::setup(format!("cannot read `{}`: {e}", path.display()), "`stillwatch init DIR` writes one")
        })?;
        let mut config = Self::parse(&text).map_err(|e| {
            let hint = e.hint().unwrap_or_default();
            Error::setup(format!("`{}`: {e}", path.display()), hint)
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if !config.data.contains("://") {
            config.data = folder.join(&config.data).display().to_string();
        }
        for file in [
            &mut config.ledger,
            &mut config.ledger_key,
            &mut config.sealing_key,
            &mut config.matching_key,
            &mut config.matching_transcript,
        ]
        .into_iter()
        .flatten()
        {
            *file = folder.join(&*file);
        }
        if let Some(tls) = &mut config.tls {
            let others = tls.client_ca.iter_mut().chain(&mut tls.client_crl);
            for file in [&mut tls.certificate, &mut tls.key].into_iter().chain(others) {
                *file = folder.join(&file);
            }
        }
        if let Some(ca) = config.oidc.as_mut().and_then(|oidc| oidc.ca.as_mut()) {
            *ca = folder.join(&ca);
        }
        if let Some(gate) = &mut config.gate {
            gate.within(folder);
        }
        Ok(config)
    }

    /// The folder of what matches need on the disk: beside the key, by its name.
    #[must_use]
    pub fn matching_folder(&self, key: &Path) -> PathBuf {
        key.with_extension("rounds")
    }

    /// Reads TOML, and checks what it says.
    ///
    /// # Errors
    /// When a key is unknown, or a value can't be.
    pub fn parse(text: &str) -> Result<Self> {
        const KEYS: &str = "the file that `stillwatch init` writes names every key";
        let config: Self = toml::from_str(text).map_err(|e| Error::setup(e.to_string().trim_end(), KEYS))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        if self.roots.is_empty() {
            return Err(Error::setup("there is no `[[root]]`", "TAXII has at least one API root"));
        }
        for (at, root) in self.roots.iter().enumerate() {
            let is_word = !root.path.is_empty()
                && root.path.len() <= 60
                && root.path.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
            if !is_word || TAKEN.contains(&root.path.as_str()) {
                return Err(Error::setup(
                    format!("`{}` can't be the path of a root", root.path.escape_debug()),
                    format!("use one word of a-z, 0-9, `-` and `_`, other than {}", TAKEN.join(", ")),
                ));
            }
            if self.roots.iter().take(at).any(|other| other.path == root.path) {
                return Err(Error::setup(
                    format!("there are two roots `{}`", root.path),
                    "give each a path of its own",
                ));
            }
        }
        let limits = &self.limits;
        let sizes = [
            limits.body_bytes,
            limits.bodies,
            limits.objects,
            limits.depth,
            limits.page,
            limits.page_most,
            limits.page_bytes,
            limits.connections,
        ];
        let rates = [limits.requests_per_second, limits.burst, limits.strangers_per_second];
        if sizes.contains(&0) || rates.contains(&0) || limits.seconds == 0 || limits.idle_milliseconds == 0 {
            return Err(Error::setup("a limit is 0", "leave the line out for the default"));
        }
        if self.ledger_key.is_some() && self.ledger.is_none() {
            return Err(Error::setup("there is a `ledger_key` and no `ledger`", "name the ledger's folder too"));
        }
        if self.tls.as_ref().is_some_and(|tls| tls.client_crl.is_some() && tls.client_ca.is_none()) {
            return Err(Error::setup(
                "`client_crl` says what was revoked, and no `client_ca` by whom",
                "set `client_ca` in `[tls]` to the authority of clients' certificates",
            ));
        }
        self.oidc.as_ref().map_or(Ok(()), Oidc::check)?;
        if let Some(gate) = &self.gate {
            gate.check(self.role == Part::Hub, self.tls.is_some(), self.behind_proxy)?;
        }
        if self.tls.is_none() && !self.behind_proxy && !self.listen.ip().is_loopback() {
            return Err(Error::setup(
                format!("tokens would cross the network in the clear on {}", self.listen),
                "set `[tls]`, listen on 127.0.0.1, or set `behind_proxy = true` where a proxy ends TLS",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(Config::parse("").is_ok());
        for (text, part) in [
            ("listen = \"0.0.0.0:80\"", "in the clear"),
            ("lisen = \"127.0.0.1:80\"", "lisen"),
            ("root = []", "no `[[root]]`"),
            ("[[root]]\npath = \"taxii2\"\ntitle = \"x\"", "can't be the path"),
            ("[[root]]\npath = \"a/b\"\ntitle = \"x\"", "can't be the path"),
            ("[[root]]\npath = \"api\"\ntitle = \"x\"", "can't be the path"),
            ("[limits]\npage = 0", "limit is 0"),
            ("role = \"king\"", "king"),
            ("ledger_key = \"record.key\"", "no `ledger`"),
            ("[tls]\ncertificate = \"c\"\nkey = \"k\"\nclient_crl = \"r\"", "by whom"),
            ("[gate]\nlisten = \"0.0.0.0:80\"", "in the clear"),
            ("[gate]\ntls = true", "no `[tls]`"),
            ("[gate.envoy]\nlisten = \"0.0.0.0:80\"", "in the clear"),
            ("[gate.envoy]\ntls = true", "`gate.envoy.tls`"),
            ("role = \"hub\"\n[gate]", "a hub decides"),
            ("[[gate.webhook]]\nname = \"a\"\nurl = \"http://edge.example\"\nkey = \"k\"", "can't be called"),
            ("[oidc]\nissuer = \"http://login.example\"", "can't be an issuer"),
            ("[oidc]\nissuer = \"https://login.example\"", "lacks `audience`"),
            ("[oidc]\nissuer = \"https://login.example\"\naudience = \"a\"", "lets nobody in"),
            ("[oidc]\nissuer = \"https://a\"\naudience = \"a\"\nroles = { x = \"hub\" }", "no role of people"),
        ] {
            let told = Config::parse(text).map_err(|e| e.to_string());
            assert!(told.as_ref().is_err_and(|told| told.contains(part)), "{text}: {told:?}");
        }
        assert!(Config::parse("listen = \"0.0.0.0:80\"\nbehind_proxy = true").is_ok());
    }
}
