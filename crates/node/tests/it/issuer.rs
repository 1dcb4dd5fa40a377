//! Issuer: a small OpenID Connect issuer on loopback, and tokens, good and forged.
//! In: which keys it shows, whether it answers. Out: discovery, keys; tokens.
//! Invariant: signs with `ring`, so that what the node checks with isn't what made it.
//! Not here: what is tested (`people.rs`).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use stillwatch_node::config::Oidc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::lab::Tested;

/// A key made for these tests, of no use elsewhere: nothing here makes one of RSA.
const RSA: &str = include_str!("../data/issuer_rsa.txt");

/// A key with which an issuer signs.
pub(crate) enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    pub(crate) fn rsa() -> Tested<Self> {
        let der = STANDARD.decode(RSA.split_whitespace().collect::<String>())?;
        Ok(Self::Rsa(RsaKeyPair::from_pkcs8(&der).map_err(|e| e.to_string())?))
    }

    pub(crate) fn ec() -> Tested<Self> {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|e| e.to_string())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random);
        Ok(Self::Ec(pair.map_err(|e| e.to_string())?))
    }

    pub(crate) fn ed() -> Tested<Self> {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|e| e.to_string())?;
        Ok(Self::Ed(Ed25519KeyPair::from_pkcs8(der.as_ref()).map_err(|e| e.to_string())?))
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Key::Rsa(_) => "RS256",
            Key::Ec(_) => "ES256",
            Key::Ed(_) => "EdDSA",
        }
    }

    /// Its public half (RFC 7517).
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Key::Rsa(pair) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                let (n, e) = (text(&n), text(&e));
                json!({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": n, "e": e})
            }
            Key::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "kid": kid, "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Key::Ed(pair) => json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": text(pair.public_key().as_ref())}),
        }
    }

    fn sign(&self, message: &[u8]) -> Tested<Vec<u8>> {
        let random = SystemRandom::new();
        Ok(match self {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|e| e.to_string())?;
                signature
            }
            Key::Ec(pair) => pair.sign(&random, message).map_err(|e| e.to_string())?.as_ref().to_vec(),
            Key::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        })
    }

    /// A token that it signed.
    pub(crate) fn token(&self, kid: &str, claims: &Value) -> Tested<String> {
        self.with(&json!({"typ": "JWT", "alg": self.algorithm(), "kid": kid}), claims)
    }

    /// A token with that header that it signed.
    pub(crate) fn with(&self, header: &Value, claims: &Value) -> Tested<String> {
        let message = message(header, claims);
        let signature = self.sign(message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Header and claims, to be signed.
pub(crate) fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// What an issuer answers.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) keys: Mutex<Vec<Value>>,
    pub(crate) discovery: Mutex<Value>,
    pub(crate) is_down: AtomicBool,
    /// How often its keys were asked for.
    pub(crate) asked: AtomicUsize,
}

/// An issuer that listens.
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) shown: Arc<Shown>,
    runs: JoinHandle<()>,
}

impl Issuer {
    pub(crate) async fn new() -> Tested<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shown = Arc::new(Shown::default());
        *held(&shown.discovery) = json!({"issuer": url, "jwks_uri": format!("{url}/keys")});
        let (first, second) = (Arc::clone(&shown), Arc::clone(&shown));
        let discovery = move || {
            let shown = Arc::clone(&first);
            async move { said(&shown, held(&shown.discovery).to_string()) }
        };
        let keys = move || {
            let shown = Arc::clone(&second);
            async move {
                shown.asked.fetch_add(1, Ordering::SeqCst);
                said(&shown, json!({"keys": *held(&shown.keys)}).to_string())
            }
        };
        let app = Router::new().route("/.well-known/openid-configuration", get(discovery)).route("/keys", get(keys));
        let runs = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { url, shown, runs })
    }

    /// Shows these keys from now on.
    pub(crate) fn show(&self, keys: &[Value]) {
        *held(&self.shown.keys) = keys.to_vec();
    }

    pub(crate) fn asked(&self) -> usize {
        self.shown.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn down(&self, is_down: bool) {
        self.shown.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Settings of a node that trusts it, and asks as often as it likes.
    pub(crate) fn settings(&self) -> Oidc {
        let roles = [("watch", "analyst"), ("look", "viewer"), ("check", "auditor"), ("run", "admin")];
        Oidc {
            issuer: self.url.clone(),
            audience: "stillwatch".into(),
            roles: roles.map(|(from, to)| (from.to_owned(), to.to_owned())).into(),
            keys_seconds: 0,
            ..Oidc::default()
        }
    }

    /// Claims that hold for an hour.
    pub(crate) fn claims(&self, name: &str, role: &str) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({
            "iss": self.url, "aud": "stillwatch", "sub": name, "roles": [role],
            "iat": now, "nbf": now - 5, "exp": now + 3_600,
        })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.runs.abort();
    }
}

pub(crate) fn held<T>(what: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn said(shown: &Shown, text: String) -> (StatusCode, String) {
    if shown.is_down.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    (StatusCode::OK, text)
}
