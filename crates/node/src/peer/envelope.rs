//! Envelope: a page of a peer's.
//! In: bytes. Out: its pieces, and how it goes on.
//! Invariant: what is no object is a piece by itself; a page that can't be read as a whole is a failure of the peer.
//! Not here: which pieces are taken (`judge.rs`).

use serde::Deserialize;
use serde::de::IgnoredAny;
use stillwatch_stix::bundle::{Piece, Pieces};
use stillwatch_stix::{Fault, Limits, Object};

use super::ask::{Failure, MOST_BYTES};

/// Bounds for a page.
pub(super) const BOUNDS: Limits = Limits { bytes: MOST_BYTES, objects: 20_000, depth: 64, faults: 1 };

/// How a page goes on (TAXII 2.1, section 3.7).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Envelope {
    #[serde(default)]
    pub(super) more: bool,
    pub(super) next: Option<String>,
    objects: Option<IgnoredAny>,
}

/// A piece of a page: its text, and the object that it is.
pub(super) type Came<'a> = (&'a str, Result<Object<'a>, Fault>);

/// Reads a page.
pub(super) fn read(bytes: &[u8]) -> Result<(Envelope, Vec<Came<'_>>), Failure> {
    let envelope: Envelope =
        serde_json::from_slice(bytes).map_err(|e| Failure::broken(format!("its page can't be read: {e}")))?;
    // Without a list there is nothing on it (an empty page has none, TAXII 2.1, section 3.7).
    if envelope.objects.is_none() {
        return Ok((envelope, Vec::new()));
    }
    let pieces =
        Pieces::of(bytes, &BOUNDS).map_err(|fault| Failure::broken(format!("its page can't be read: {fault}")))?;
    let mut all = Vec::new();
    for Piece { index, raw, object, .. } in pieces {
        match object {
            Err(_) if index >= BOUNDS.objects => {
                return Err(Failure::broken(format!("its page has more than {} objects", BOUNDS.objects)));
            }
            Err(fault) if raw.is_empty() => return Err(Failure::broken(format!("its page can't be read: {fault}"))),
            object => all.push((raw, object)),
        }
    }
    Ok((envelope, all))
}
