//! Token: what a client shows to be let in.
//! In: the system's randomness, or what somebody showed. Out: a token once; ever after its SHA-256 only.
//! Invariant: 256 bits; a token is never printed by `Debug` and never kept.
//! Not here: whose it is (`book.rs`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};

/// By which people, and programs that look for secrets in public places, know it.
const PREFIX: &str = "swt_";

/// A new token, to be printed once.
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// Makes one.
    #[must_use]
    pub fn make() -> Self {
        let mut bytes = [0u8; 32];
        OsRng.fill_bytes(&mut bytes);
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The token itself.
    #[must_use]
    pub fn show(&self) -> &str {
        &self.0
    }

    /// What is kept of it: SHA-256, hexadecimal.
    #[must_use]
    pub fn kept(&self) -> String {
        hex::encode(hash(&self.0))
    }
}

/// SHA-256 of what was shown. A token is 256 random bits: it needs no slow hash, and nothing to try.
#[must_use]
pub fn hash(shown: &str) -> [u8; 32] {
    Sha256::digest(shown.as_bytes()).into()
}

/// By what a certificate is known: SHA-256 of its DER.
#[must_use]
pub fn fingerprint(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_do_not_show() {
        let (one, two) = (Token::make(), Token::make());
        assert!(one.show() != two.show() && one.show().len() == 47 && one.show().starts_with(PREFIX));
        assert_eq!(format!("{one:?}"), "Token");
        assert_eq!(one.kept(), hex::encode(hash(one.show())));
    }
}
