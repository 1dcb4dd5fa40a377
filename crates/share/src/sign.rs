//! Sign: who answers for a profile, and whether it is still what they signed.
//! In: a draft, keys, the time, the last version seen. Out: a signature file; a `Profile` that may release.
//! Invariant: what is signed is canonical JSON (RFC 8785) of every file's hash; an unsigned, altered, expired, early or
//! rolled-back profile does not load.
//! Not here: where keys and versions are kept (the caller).

use std::collections::BTreeMap;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stillwatch_model::canonical;
use zeroize::Zeroizing;

use crate::draft::{Draft, Files};
use crate::error::PolicyError;

/// Name of the signature's file in the profile's directory.
pub const SIGNATURE: &str = "profile.sig";
/// Said before what is signed, so that the signature can't be used for anything else.
const CONTEXT: &[u8] = b"stillwatch profile 1\n";

/// What is signed: name, version, and the SHA-256 of every file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the profile.
    pub name: String,
    /// Version of the profile.
    pub version: u64,
    /// SHA-256 of every file but the signature, in hexadecimal, by name.
    pub files: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest of a profile.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let files = draft.files().iter().filter(|(name, _)| *name != SIGNATURE);
        Manifest {
            name: draft.about.name.clone(),
            version: draft.about.version,
            files: files.map(|(name, bytes)| (name.clone(), hex::encode(Sha256::digest(bytes)))).collect(),
        }
    }

    /// SHA-256 of the canonical manifest: which profile exactly, for ledgers.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.message()))
    }

    fn message(&self) -> Vec<u8> {
        let mut message = CONTEXT.to_vec();
        // Strings and numbers: they always encode.
        message.extend(canonical::encode(self).unwrap_or_default());
        message
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureFile {
    manifest: Manifest,
    key: String,
    signature: String,
}

/// A key that signs, from PKCS #8 PEM (RFC 8410).
///
/// # Errors
/// When it is none.
pub fn signing_key(pem: &str) -> Result<SigningKey, PolicyError> {
    SigningKey::from_pkcs8_pem(pem).map_err(|error| PolicyError::Key(error.to_string()))
}

/// A pair of keys for signing profiles, from 32 random bytes: the private half as PKCS #8 PEM, the public half as PEM (RFC 8410).
///
/// # Errors
/// When they can't be written as PEM.
pub fn key_pair(random: &[u8; 32]) -> Result<(Zeroizing<String>, String), PolicyError> {
    let key = SigningKey::from_bytes(random);
    let failed = |error: &dyn std::fmt::Display| PolicyError::Key(error.to_string());
    let private = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| failed(&e))?;
    let public = key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|e| failed(&e))?;
    Ok((private, public))
}

/// A key that is trusted, from PEM (RFC 8410) or 64 hexadecimal digits.
///
/// # Errors
/// When it is none.
pub fn public_key(text: &str) -> Result<VerifyingKey, PolicyError> {
    let text = text.trim();
    if text.starts_with("-----") {
        return VerifyingKey::from_public_key_pem(text).map_err(|error| PolicyError::Key(error.to_string()));
    }
    let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let bytes = bytes.ok_or_else(|| PolicyError::Key("neither PEM nor 64 hexadecimal digits".to_owned()))?;
    VerifyingKey::from_bytes(&bytes).map_err(|error| PolicyError::Key(error.to_string()))
}

/// Signs a profile; what comes back is the content of `profile.sig`.
#[must_use]
pub fn sign(draft: &Draft, key: &SigningKey) -> Vec<u8> {
    let manifest = Manifest::of(draft);
    let signature = key.sign(&manifest.message());
    let file = SignatureFile {
        key: hex::encode(key.verifying_key().as_bytes()),
        signature: hex::encode(signature.to_bytes()),
        manifest,
    };
    let mut bytes = canonical::encode(&file).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// What the caller knows when it loads a profile.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// Keys of those who may sign.
    pub keys: &'a [VerifyingKey],
    /// The time.
    pub now: Timestamp,
    /// The highest version of this profile that was in force here; `None`: it was never seen.
    pub last_seen: Option<u64>,
}

/// A profile in force: signed by somebody trusted, unaltered, valid now, not rolled back. Only this can release.
#[derive(Debug)]
pub struct Profile {
    draft: Draft,
    digest: String,
    signer: VerifyingKey,
    now: Timestamp,
}

impl Profile {
    /// Loads a profile.
    ///
    /// # Errors
    /// Why it does not load.
    pub fn load(files: Files, trust: &Trust<'_>) -> Result<Self, PolicyError> {
        let draft = Draft::read(files)?;
        let name = draft.about.name.clone();
        let signed = draft.files().get(SIGNATURE).ok_or_else(|| PolicyError::Unsigned(name.clone()))?;
        let untrusted = || PolicyError::Untrusted(name.clone());
        let file: SignatureFile = serde_json::from_slice(signed).map_err(|_| untrusted())?;
        let signer = public_key(&file.key).map_err(|_| untrusted())?;
        let signature = hex::decode(&file.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        let signature = signature.ok_or_else(untrusted)?;
        if !trust.keys.contains(&signer) || signer.verify_strict(&file.manifest.message(), &signature).is_err() {
            return Err(untrusted());
        }
        let manifest = Manifest::of(&draft);
        if let Some(what) = difference(&file.manifest, &manifest) {
            return Err(PolicyError::Altered { profile: name, what });
        }
        let about = &draft.about;
        if trust.now < about.valid_from {
            return Err(PolicyError::NotYet { profile: name, from: about.valid_from });
        }
        if trust.now >= about.valid_until {
            return Err(PolicyError::Expired { profile: name, until: about.valid_until });
        }
        if let Some(seen) = trust.last_seen.filter(|seen| *seen > about.version) {
            return Err(PolicyError::RolledBack { profile: name, version: about.version, seen });
        }
        Ok(Profile { digest: manifest.digest(), draft, signer, now: trust.now })
    }

    /// What it says.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// SHA-256 of what was signed.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Who signed it.
    #[must_use]
    pub fn signer(&self) -> &VerifyingKey {
        &self.signer
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }
}

fn difference(signed: &Manifest, is: &Manifest) -> Option<String> {
    for (name, hash) in &signed.files {
        match is.files.get(name) {
            None => return Some(format!("`{name}` is missing")),
            Some(other) if other != hash => return Some(format!("`{name}` has another content")),
            Some(_) => {}
        }
    }
    let more = is.files.keys().find(|name| !signed.files.contains_key(*name));
    more.map(|name| format!("`{name}` was added"))
        .or_else(|| (signed != is).then(|| "name or version differ".to_owned()))
}
