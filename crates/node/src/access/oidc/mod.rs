//! OIDC: people, by tokens of an issuer (OpenID Connect Core 1.0, JWT: RFC 7519, best practice: RFC 8725).
//! In: a token. Out: a person with a role and rights, or nobody.
//! Invariant: nobody is known by what a token says before its signature, issuer, audience and times hold; the kind of signature is
//! that of the issuer's key, never what the token asks for.
//! Not here: tokens that this node gives (`token.rs`).

mod claims;
mod keys;
mod verify;

use std::sync::Arc;

use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::{Book, Known};
use crate::Result;
use crate::config::Oidc;

/// The longest token that is looked at, in bytes.
pub(crate) const LONGEST: usize = 8 << 10;

/// By how many seconds the issuer's clock and ours may differ.
const LEEWAY: u64 = 30;

/// People of one issuer.
#[derive(Debug)]
pub struct People {
    settings: Oidc,
    keys: Arc<keys::Keys>,
}

impl People {
    /// Nothing is asked before the first token comes: an issuer that is down keeps no node from starting.
    ///
    /// # Errors
    /// When the issuer's authority can't be read.
    pub fn new(settings: &Oidc) -> Result<Self> {
        verify::install();
        Ok(Self { settings: settings.clone(), keys: keys::Keys::new(settings)? })
    }

    /// Whose token it is.
    pub async fn who(&self, token: &str, book: &Book) -> Option<Arc<Known>> {
        match self.read(token).await {
            Ok((name, role)) => Some(Arc::new(book.person(name, role))),
            Err(why) => {
                // For who runs the node; the other side isn't told.
                tracing::info!(why, "a token of a person was refused");
                None
            }
        }
    }

    async fn read(&self, token: &str) -> Result<(String, super::Role), String> {
        let header = decode_header(token).map_err(|e| format!("no header: {e}"))?;
        if header.crit.is_some() {
            return Err("it has extensions that must be understood (`crit`)".to_owned());
        }
        let kid =
            header.kid.filter(|kid| kid.len() <= 300).ok_or("it doesn't say by which key it is signed (`kid`)")?;
        let key = self.keys.of(&kid).await.ok_or("it is signed by a key that the issuer doesn't have")?;
        let mut rules = Validation::new(key.algorithm);
        rules.set_issuer(&[&self.settings.issuer]);
        rules.set_audience(&[&self.settings.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        rules.validate_nbf = true;
        rules.leeway = LEEWAY;
        let told = decode::<Map<String, Value>>(token, &key.key, &rules).map_err(|e| e.to_string())?;
        claims::person(&told.claims, &self.settings)
    }
}

/// Whether it may be a token of an issuer: three parts (RFC 7515, section 3.1).
pub(crate) fn is_one(shown: &str) -> bool {
    shown.len() <= LONGEST && shown.bytes().filter(|b| *b == b'.').count() == 2
}
