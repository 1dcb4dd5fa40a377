//! Ask: one request to a peer, and its answer.
//! In: a peer, a path, a query or a body. Out: status, bytes and TAXII's headers; or how it failed.
//! Invariant: an answer has no more bytes than allowed, also when it is unpacked, and no more time; a token is in no error.
//! Not here: what is asked (`walk.rs`, `push.rs`).

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;
use stillwatch_track::peers::Peer;

use crate::http::answer::TAXII;
use crate::outward;
use crate::{Error, Result};

/// Bytes of an answer.
pub(super) const MOST_BYTES: usize = 32 << 20;
/// How long a whole answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a walk may take: whoever answers slowly, page after page, keeps nobody else waiting for longer.
const WALK: Duration = Duration::from_secs(600);

/// Asks one peer.
#[derive(Debug, Clone)]
pub struct Asker {
    client: Client,
    root: Url,
    username: Option<String>,
    secret: Option<String>,
    patience: Duration,
    pub(super) walk: Duration,
}

/// What a peer answered, of a status that means it went well.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Reply {
    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.bytes).map_err(|e| Failure::broken(format!("its answer is no JSON: {e}")))
    }
}

/// Why there is no answer to use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{because}")]
pub struct Failure {
    /// What happened, for people.
    pub because: String,
    /// HTTP's status, where there was an answer.
    pub status: Option<u16>,
    /// Seconds after which the peer wants to be asked again.
    pub after: Option<u64>,
}

impl Failure {
    /// An answer that can't be read.
    pub(super) fn broken(because: impl Into<String>) -> Self {
        Self { because: because.into(), status: None, after: None }
    }
}

impl Asker {
    /// Reads the peer's files, so that it can be asked.
    ///
    /// # Errors
    /// When a file can't be read, the address is none, or a token would cross the network in the clear.
    pub fn of(peer: &Peer) -> Result<Self> {
        let root = address(&peer.url)?;
        let path = |text: &Option<String>| text.as_ref().map(|text| Path::new(text).to_owned());
        let (ca, certificate, key) = (path(&peer.ca), path(&peer.certificate), path(&peer.key));
        let identity = certificate.as_deref().zip(key.as_deref());
        let secret = peer.token_file.as_ref().map(|file| token(Path::new(file))).transpose()?;
        let client = outward::client(ca.as_deref(), identity, PATIENCE)?;
        Ok(Self { client, root, username: peer.username.clone(), secret, patience: PATIENCE, walk: WALK })
    }

    /// With other patience than a minute for a whole answer, and ten for a walk.
    #[must_use]
    pub fn patient(self, answer: Duration, walk: Duration) -> Self {
        Self { patience: answer, walk, ..self }
    }

    /// The address of something under the API root.
    fn under(&self, path: &str) -> Result<Url, Failure> {
        self.root.join(path).map_err(|e| Failure::broken(format!("`{path}` is no path: {e}")))
    }

    /// GET under the API root.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply, Failure> {
        let mut url = self.under(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(self.client.request(Method::GET, url).header(ACCEPT, TAXII)).await
    }

    /// POST under the API root, or where the path begins with `/`, under the server's.
    pub(super) async fn post(&self, path: &str, kind: &'static str, body: String) -> Result<Reply, Failure> {
        let url = self.under(path)?;
        let request = self.client.request(Method::POST, url).header(ACCEPT, TAXII).header(CONTENT_TYPE, kind);
        self.send(request.body(body)).await
    }

    /// POST of bytes under the server's root; the bytes that come back.
    ///
    /// # Errors
    /// When it can't be reached, or says no.
    pub(crate) async fn bytes(&self, path: &str, kind: &'static str, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let request = self.client.request(Method::POST, self.under(path)?).header(ACCEPT, kind);
        Ok(self.send(request.header(CONTENT_TYPE, kind).body(body)).await?.bytes)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Reply, Failure> {
        let request = request.timeout(self.patience);
        let request = match (&self.username, &self.secret) {
            (Some(name), secret) => request.basic_auth(name, secret.as_ref()),
            (None, Some(secret)) => request.bearer_auth(secret),
            (None, None) => request,
        };
        let mut answer = request.send().await.map_err(away)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(away)? {
            if bytes.len() + chunk.len() > MOST_BYTES {
                return Err(Failure::broken(format!("its answer has more than {MOST_BYTES} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(Reply { headers, bytes });
        }
        let after = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let told: Option<Value> = serde_json::from_slice(&bytes).ok();
        let text = |key: &str| told.as_ref().and_then(|told| told.get(key)).and_then(Value::as_str);
        let words: Vec<&str> = [text("title"), text("description")].into_iter().flatten().collect();
        let mut because = format!("it answered {}", status.as_u16());
        if !words.is_empty() {
            let words: String = words.join(": ").chars().filter(|c| !c.is_control()).take(300).collect();
            because.push_str(&format!(" ({words})"));
        }
        Err(Failure { because, status: Some(status.as_u16()), after })
    }
}

/// The address of an API root: `https`, or `http` on this machine; with a last slash.
pub(super) fn address(text: &str) -> Result<Url> {
    let how = "give its API root, such as https://node.example/trust/";
    let mut url = Url::parse(text).map_err(|e| Error::setup(format!("`{text}` is no address: {e}"), how))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if is_here => {}
        "http" => {
            let told = format!("a token would cross the network in the clear to `{text}`");
            return Err(Error::setup(told, "give an address with https"));
        }
        _ => return Err(Error::setup(format!("`{text}` is no address of a server"), how)),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::setup("the address has a password in it", "give `--user` and `--token-file`"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

fn token(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        Error::setup(format!("cannot read the token in `{}`: {e}", file.display()), "give `--token-file` anew")
    })?;
    let text = text.trim();
    if text.is_empty() || text.len() > 8_192 || text.contains(char::is_control) {
        return Err(Error::setup(format!("`{}` holds no token", file.display()), "put the token alone on one line"));
    }
    Ok(text.to_owned())
}

/// The failure of the network, without the address, which may hold what others must not read.
fn away(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut because = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        because = inner.to_string();
        cause = inner.source();
    }
    Failure::broken(format!("it can't be reached: {because}"))
}
