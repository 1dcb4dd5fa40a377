//! Shown: an element as people write it, and whether bytes have the form of one.
//! In: canonical bytes. Out: text.
//! Invariant: what has the form is shown without control characters; `normalise` makes the same element of the text again.
//! Not here: making the form (`normalise`).

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::Namespace;
use crate::templates::{ANCHORS, BANDS};

/// Whether canonical bytes, without the namespace, are as `normalise` or `templates` would give them.
pub(super) fn has_form(namespace: Namespace, canonical: &[u8]) -> bool {
    match namespace {
        Namespace::Address => matches!(canonical, [4, _, _, _, _] | [6, _, _, _, _, _, _, _, _]),
        Namespace::Prefix => {
            matches!(canonical, [4, _, _, _, _, 8..=32] | [6, _, _, _, _, _, _, _, _, 19..=64])
        }
        Namespace::Email => std::str::from_utf8(canonical)
            .is_ok_and(|text| !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace())),
        Namespace::Template => {
            // Of a fingerprint, or of a text sketch.
            let is_band = |band: usize| band < BANDS || (128..128 + ANCHORS / 2).contains(&band);
            canonical.len() == 17 && is_band(usize::from(canonical[0]))
        }
        Namespace::Domain
        | Namespace::Phone
        | Namespace::PhonePrefix
        | Namespace::Payment
        | Namespace::Ja4
        | Namespace::Device => !canonical.is_empty() && canonical.iter().all(u8::is_ascii_graphic),
    }
}

/// The text of an element, of which the first byte is the namespace.
pub(super) fn shown(element: &[u8]) -> String {
    let (namespace, canonical) = element.split_first().map_or((0, element), |(first, rest)| (*first, rest));
    let is = |expected: Namespace| namespace == expected as u8;
    match canonical {
        &[4, a, b, c, d] if is(Namespace::Address) => Ipv4Addr::new(a, b, c, d).to_string(),
        [6, half @ ..] if is(Namespace::Address) => format!("{}/64", v6(half)),
        &[4, a, b, c, d, length] if is(Namespace::Prefix) => format!("{}/{length}", Ipv4Addr::new(a, b, c, d)),
        [6, half @ .., length] if is(Namespace::Prefix) => format!("{}/{length}", v6(half)),
        [band, hash @ ..] if is(Namespace::Template) => format!("band {band} of {}", hex(hash)),
        _ => std::str::from_utf8(canonical).map_or_else(|_| hex(canonical), str::to_owned),
    }
}

/// The address of which these are the first eight bytes.
fn v6(half: &[u8]) -> Ipv6Addr {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(half).for_each(|(to, from)| *to = *from);
    Ipv6Addr::from(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
