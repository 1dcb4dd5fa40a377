//! Key: who asks, by `X-Api-Key` (as CrowdSec's bouncers send it) or `Authorization: Bearer`.
//! In: headers. Out: the point's name, or a refusal.
//! Invariant: keys are compared by their hash, each lying somewhere else in the map, so that time tells nothing of them.
//! Not here: making and revoking keys; the check is handed in.

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use stillwatch_gate::enforce::crowdsec::ErrorResponse;

use crate::gate::Gate;

/// From a key to the name of the point that it was given to.
pub type Keys = Arc<dyn Fn(&str) -> Option<Arc<str>> + Send + Sync>;

/// Longest key that is looked at.
const LONGEST: usize = 512;

/// The point that asks.
#[derive(Debug)]
pub(crate) struct Point(pub(crate) Arc<str>);

/// A check of keys against their SHA-256 hashes, in hexadecimal.
#[must_use]
pub fn hashed(known: impl IntoIterator<Item = (String, String)>) -> Keys {
    let known: std::collections::HashMap<String, Arc<str>> =
        known.into_iter().map(|(hash, name)| (hash.to_ascii_lowercase(), name.into())).collect();
    Arc::new(move |key| known.get(&hex::encode(Sha256::digest(key.as_bytes()))).cloned())
}

/// Whose request it is.
pub(super) fn point(headers: &HeaderMap, keys: &Keys) -> Option<Arc<str>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = || text("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = text("x-api-key").or_else(bearer).filter(|key| !key.is_empty() && key.len() <= LONGEST)?;
    keys(key)
}

impl FromRequestParts<Arc<Gate>> for Point {
    type Rejection = (StatusCode, Json<ErrorResponse>);

    async fn from_request_parts(parts: &mut Parts, gate: &Arc<Gate>) -> Result<Self, Self::Rejection> {
        // The status and words of CrowdSec's own server: bouncers know them.
        let refused = || (StatusCode::FORBIDDEN, Json(ErrorResponse { message: "access forbidden".to_owned() }));
        gate.point(&parts.headers).map(Point).ok_or_else(refused)
    }
}
