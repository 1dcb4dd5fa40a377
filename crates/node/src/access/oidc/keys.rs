//! Keys: an issuer's public keys (OpenID Connect Discovery 1.0, section 4; JWK: RFC 7517).
//! In: a key's id. Out: the key, and the one kind of signature that it is for.
//! Invariant: the issuer is asked no more often than settings say, whatever tokens come; it is read within bounds; when it is down
//! its last keys are good for a day.
//! Not here: tokens (`mod.rs`).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::config::{Oidc, may_be_asked};
use crate::{Result, outward};

/// How long the issuer has for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer, in bytes.
const MOST: usize = 256 << 10;
/// Most keys of an issuer.
const MOST_KEYS: usize = 100;
/// After so long keys are asked for again: one that the issuer took back is believed for no longer.
const FRESH: Duration = Duration::from_secs(3_600);
/// After so long they aren't believed any more.
const STALE: Duration = Duration::from_secs(24 * 3_600);

/// One key.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// What the issuer said last.
#[derive(Clone, Default)]
struct Said {
    keys: HashMap<String, Key>,
    at: Option<Instant>,
}

/// An issuer's keys.
pub(super) struct Keys {
    issuer: String,
    client: Client,
    pause: Duration,
    said: RwLock<Said>,
    /// When it was last asked; held while it is.
    asked: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Keys").field(&self.issuer).finish()
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Keys {
    pub(super) fn new(settings: &Oidc) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            issuer: settings.issuer.clone(),
            client: outward::client(settings.ca.as_deref(), None, PATIENCE)?,
            pause: Duration::from_secs(settings.keys_seconds),
            said: RwLock::default(),
            asked: Mutex::default(),
        }))
    }

    /// The key with that id.
    pub(super) async fn of(self: &Arc<Self>, kid: &str) -> Option<Key> {
        let (known, age) = self.look(kid);
        if let Some(known) = known.filter(|_| age < STALE) {
            if age > FRESH {
                // Nobody waits for it while the old ones are good.
                let keys = Arc::clone(self);
                tokio::spawn(async move { keys.ask(|keys| keys.look("").1 > FRESH).await });
            }
            return Some(known);
        }
        self.ask(|keys| keys.look(kid).0.is_none()).await;
        let (known, age) = self.look(kid);
        known.filter(|_| age < STALE)
    }

    fn look(&self, kid: &str) -> (Option<Key>, Duration) {
        let said = self.said.read().unwrap_or_else(PoisonError::into_inner);
        (said.keys.get(kid).cloned(), said.at.map_or(Duration::MAX, |at| at.elapsed()))
    }

    /// Asks the issuer, unless it was asked a moment ago, or another who asked meanwhile got what is needed.
    async fn ask(&self, is_needed: impl Fn(&Self) -> bool) {
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < self.pause) || !is_needed(self) {
            return;
        }
        *asked = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                let said = Said { keys, at: Some(Instant::now()) };
                *self.said.write().unwrap_or_else(PoisonError::into_inner) = said;
            }
            Err(why) => tracing::warn!(issuer = self.issuer, why, "the issuer's keys can't be had"),
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Key>, String> {
        let at = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let told: Discovery = serde_json::from_slice(&self.get(&at).await?).map_err(|e| format!("`{at}`: {e}"))?;
        if told.issuer != self.issuer {
            return Err(format!("`{at}` tells of another issuer"));
        }
        if !may_be_asked(&told.jwks_uri) || (self.issuer.starts_with("https:") && !told.jwks_uri.starts_with("https:"))
        {
            return Err("its keys would come in the clear".to_owned());
        }
        let all: Value = serde_json::from_slice(&self.get(&told.jwks_uri).await?)
            .map_err(|e| format!("`{}`: {e}", told.jwks_uri))?;
        let all = all["keys"].as_array().ok_or_else(|| format!("`{}` has no keys", told.jwks_uri))?;
        // A key that isn't understood is none; it doesn't cost the others.
        Ok(all.iter().take(MOST_KEYS).filter_map(key).collect())
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let failed = |e: reqwest::Error| format!("`{url}`: {}", told(&e));
        let mut answer = self.client.get(url).header("accept", "application/json").send().await.map_err(failed)?;
        if answer.status().as_u16() != 200 {
            return Err(format!("`{url}` answers {}", answer.status()));
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            if bytes.len() + piece.len() > MOST {
                return Err(format!("`{url}` answers more than {MOST} bytes"));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

/// A key for signatures, with its id.
fn key(told: &Value) -> Option<(String, Key)> {
    let jwk: Jwk = serde_json::from_value(told.clone()).ok()?;
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(p) if p.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let is_for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|for_| *for_ == PublicKeyUse::Signature);
    let is_for_these = jwk.common.key_algorithm.as_ref().is_none_or(|other| *other == named);
    if !is_for_signatures || !is_for_these {
        return None;
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some((jwk.common.key_id?, Key { algorithm, key }))
}

/// What happened, to the cause.
fn told(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
