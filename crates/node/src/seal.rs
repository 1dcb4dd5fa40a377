//! Seal: a bundle for named recipients only, which whoever passes it on can't read.
//! In: a bundle and public keys; or a sealed object and a secret key. Out: an artifact that may travel; the same bundle again.
//! Invariant: what is opened is byte for byte what was sealed, or nothing; sizes are bounded before anything is worked on.
//! Not here: who the recipients are (`track::groups`), whether it may leave at all (`share`, `release`).
//!
//! The form is [age](https://c2sp.org/age) with X25519 recipients, in a STIX `artifact` (STIX 2.1, section 6.2). age has no media
//! type that is registered; `application/x-age` is what is said here. age says nothing of who sealed: that is the sender's word.

mod fault;
mod key;

pub use fault::Fault;
pub use key::{Identity, Recipient};

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use stillwatch_model::canonical;
use stillwatch_stix::bundle::Pieces;
use stillwatch_stix::marking::Tlp;
use stillwatch_stix::{Limits, Object, id};

/// The media type of what is sealed.
pub const AGE: &str = "application/x-age";
/// That the media type says how it is encrypted (STIX 2.1, section 10.8, `encryption-algorithm-enum`).
const INDICATED: &str = "mime-type-indicated";
/// Bytes of a bundle that is sealed.
pub const MOST_BYTES: usize = 8 << 20;
/// Recipients of one object: their header stays below [`MOST_HEADER`].
pub const MOST_RECIPIENTS: usize = 256;
/// Bytes of age's header: one recipient takes 103, and what age adds to fill up less than 1,000.
const MOST_HEADER: usize = 32 << 10;
/// Lines of age's header, two a recipient: after each, age reads it from its beginning.
const MOST_LINES: usize = 3 * MOST_RECIPIENTS;
/// Bytes of an age file: its header, a nonce, and 16 bytes more for every 64 KiB.
const MOST_SEALED: usize = MOST_HEADER + 16 + MOST_BYTES + (MOST_BYTES / (64 << 10) + 1) * 16;

/// Seals a bundle to recipients; gives the artifact, canonical JSON, marked TLP:GREEN. Each time it is another one, with another id.
///
/// # Errors
/// When it is no whole bundle, is too large, or there is no recipient, or are too many.
pub fn seal(bundle: &str, to: &[Recipient]) -> Result<String, Fault> {
    if to.is_empty() || to.len() > MOST_RECIPIENTS {
        return Err(Fault::Recipients(to.len()));
    }
    whole(bundle)?;
    let recipients = to.iter().map(|one| &one.0 as &dyn age::Recipient);
    let failed = |error: &dyn std::fmt::Display| Fault::Failed(error.to_string());
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(|e| failed(&e))?;
    let mut sealed = Vec::with_capacity(bundle.len() + 200 * (to.len() + 2));
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|e| failed(&e))?;
    writer.write_all(bundle.as_bytes()).map_err(|e| failed(&e))?;
    writer.finish().map_err(|e| failed(&e))?;
    artifact(&sealed)
}

/// The artifact of an age file. Its id is made from the file, as the standard says (STIX 2.1, sections 2.9 and 6.2).
fn artifact(sealed: &[u8]) -> Result<String, Fault> {
    let mut content = Map::new();
    content.insert("hashes".into(), json!({ "SHA-256": hex::encode(Sha256::digest(sealed)) }));
    content.insert("payload_bin".into(), STANDARD.encode(sealed).into());
    let id = id::observable("artifact", &content).unwrap_or_default();
    content.insert("type".into(), "artifact".into());
    content.insert("spec_version".into(), "2.1".into());
    content.insert("id".into(), id.into());
    content.insert("mime_type".into(), AGE.into());
    content.insert("encryption_algorithm".into(), INDICATED.into());
    content.insert("object_marking_refs".into(), json!([Tlp::Green.id()]));
    let bytes = canonical::encode(&content).map_err(|e| Fault::Failed(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| Fault::Failed(e.to_string()))
}

/// What is read of an artifact.
#[derive(Debug, Deserialize)]
struct Artifact {
    id: String,
    mime_type: Option<String>,
    payload_bin: Option<String>,
    hashes: Option<Map<String, Value>>,
    encryption_algorithm: Option<String>,
}

/// Whether an object is a sealed one: an artifact of age's media type.
#[must_use]
pub fn is_sealed(object: &str) -> bool {
    object.len() <= MOST_SEALED.div_ceil(3) * 4 + 10_000
        && Object::read(object, 8).is_ok_and(|read| read.head.kind == "artifact")
        && serde_json::from_str::<Artifact>(object).is_ok_and(|read| read.mime_type.as_deref() == Some(AGE))
}

/// Opens a sealed object: one layer, and never by itself what is sealed within.
///
/// # Errors
/// When it is no sealed object, isn't sealed to this identity, is too large, or is not byte for byte what was sealed.
pub fn open(artifact: &str, identity: &Identity) -> Result<String, Fault> {
    // Text of base64, and a few properties.
    if artifact.len() > MOST_SEALED.div_ceil(3) * 4 + 10_000 {
        return Err(Fault::TooLarge);
    }
    let read = Object::read(artifact, 8).map_err(|e| Fault::None(e.to_string()))?;
    if read.head.kind != "artifact" {
        return Err(Fault::None(format!("it is a `{}`", read.head.kind)));
    }
    let read: Artifact = serde_json::from_str(artifact).map_err(|e| Fault::None(e.to_string()))?;
    if read.mime_type.as_deref() != Some(AGE) || read.encryption_algorithm.as_deref() != Some(INDICATED) {
        return Err(Fault::None(format!("its `mime_type` isn't `{AGE}`, or its `encryption_algorithm` `{INDICATED}`")));
    }
    let (Some(payload), Some(hashes)) = (read.payload_bin, read.hashes) else {
        return Err(Fault::None("`payload_bin` or `hashes` is missing".to_owned()));
    };
    let sealed = STANDARD.decode(&payload).map_err(|_| Fault::Damaged("`payload_bin` is no base64"))?;
    if hashes.get("SHA-256").and_then(Value::as_str) != Some(&hex::encode(Sha256::digest(&sealed))) {
        return Err(Fault::Damaged("its SHA-256 isn't the one that it names"));
    }
    let content = Map::from_iter([("hashes".to_owned(), hashes.into()), ("payload_bin".to_owned(), payload.into())]);
    if id::observable("artifact", &content).as_deref() != Some(&read.id) {
        return Err(Fault::Damaged("its id isn't the one that its content has"));
    }
    unseal(&sealed, identity)
}

fn unseal(sealed: &[u8], identity: &Identity) -> Result<String, Fault> {
    if sealed.len() > MOST_SEALED {
        return Err(Fault::TooLarge);
    }
    // The header ends with a line that begins so (C2SP age, "Header"); age reads on until it comes.
    let start = sealed.get(..MOST_HEADER.min(sealed.len())).unwrap_or_default();
    let Some(end) = start.windows(5).position(|part| part == b"\n--- ") else {
        return Err(if sealed.len() > MOST_HEADER { Fault::TooLarge } else { Fault::Damaged("its header has no end") });
    };
    if start.iter().take(end).filter(|byte| **byte == b'\n').count() > MOST_LINES {
        return Err(Fault::TooLarge);
    }
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|_| Fault::Damaged("its header can't be read"))?;
    let mut reader = decryptor.decrypt(std::iter::once(&identity.0 as &dyn age::Identity)).map_err(|e| match e {
        age::DecryptError::NoMatchingKeys => Fault::NotForUs,
        _ => Fault::Damaged("its header was changed"),
    })?;
    let mut plain = Vec::new();
    let most = MOST_BYTES as u64 + 1;
    let changed = Fault::Damaged("its content was changed or cut, or something follows it");
    if reader.by_ref().take(most).read_to_end(&mut plain).is_err() {
        return Err(changed);
    }
    if plain.len() > MOST_BYTES {
        return Err(Fault::TooLarge);
    }
    let bundle = String::from_utf8(plain).map_err(|_| Fault::NoBundle("it is no text".to_owned()))?;
    whole(&bundle)?;
    Ok(bundle)
}

/// Checks that a text is one bundle and nothing more; its objects are read by who takes them.
fn whole(bundle: &str) -> Result<(), Fault> {
    if bundle.len() > MOST_BYTES {
        return Err(Fault::TooLarge);
    }
    let wrong = |fault: &stillwatch_stix::Fault| Fault::NoBundle(fault.to_string());
    let mut pieces = Pieces::of(bundle.as_bytes(), &Limits::default()).map_err(|fault| wrong(&fault))?;
    for piece in pieces.by_ref() {
        if let Err(fault) = &piece.object
            && piece.raw.is_empty()
        {
            return Err(wrong(fault));
        }
    }
    let is_bundle = pieces.own.iter().any(|(name, value)| *name == "\"type\"" && *value == "\"bundle\"");
    if pieces.listed() && is_bundle { Ok(()) } else { Err(Fault::NoBundle("its `type` isn't `bundle`".to_owned())) }
}
