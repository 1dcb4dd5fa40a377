//! Forms: texts that can't say anything, by what they look like.
//! In: a text. Out: whether it is an id, a time, a slot, a token, a short number; or a pattern or address with nothing else in it.
//! Invariant: what has a form here is what the whole look finds nothing in, names apart (a law in `tests/it/scanning.rs`).
//! Not here: looking.

/// Whether a text is of a form that can't say anything: ids, timestamps, slots, tokens, short numbers.
pub(super) fn is_harmless(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [b'0'..=b'9', ..] if bytes.len() <= 6 && bytes.iter().all(u8::is_ascii_digit) => true,
        [b't', b'o', b'k', b'e', b'n', b'-', rest @ ..] if rest.len() == 32 && rest.iter().all(is_hex) => true,
        _ if bytes.len() == 8 && bytes.iter().all(is_hex) => true,
        _ => is_time(bytes) || is_id(bytes),
    }
}

/// Whether a JSON number can't say anything: a short one, or a private system's (ten digits, as some telephone numbers have).
pub(super) fn is_number(number: &str) -> bool {
    is_harmless(number) || is_private_system(number)
}

/// The number of a private network: 4200000000 to 4294967294 (RFC 6996, section 5).
fn is_private_system(number: &str) -> bool {
    number.len() == 10 && number.parse::<u32>().is_ok_and(|number| (4_200_000_000..=4_294_967_294).contains(&number))
}

/// Whether a text is one word of small letters, as properties and vocabularies have them.
pub(super) fn is_word(text: &str) -> bool {
    text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Whether a text is a JA4 fingerprint of a TLS hello.
pub(super) fn is_ja4(text: &str) -> bool {
    stillwatch_stix::extension::is_ja4(text)
}

/// Whether a text is an IPv4 address or network, or one of the exported patterns (`docs/stix.md`) with an IPv4 address, the
/// number of a network, or hashes of a text in it. Only the lab's own names can be in such a text.
pub(super) fn is_technical(text: &str) -> bool {
    if is_v4(text) {
        return true;
    }
    let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else { return false };
    if let Some(rest) = inner.strip_prefix("ipv4-addr:value ") {
        let value = rest.strip_prefix("= '").or_else(|| rest.strip_prefix("ISSUBSET '"));
        return value.and_then(|value| value.strip_suffix('\'')).is_some_and(is_v4);
    }
    if let Some(number) = inner.strip_prefix("autonomous-system:number = ") {
        return ((1..=9).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()))
            || is_private_system(number);
    }
    inner.split(" OR ").all(is_slots)
}

/// `network-traffic:extensions.'extension-definition--…'.body[*] IN ('0123abcd','…')`, or one slot.
fn is_slots(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("network-traffic:extensions.'") else { return false };
    let Some((id, rest)) = rest.split_once("'.") else { return false };
    if !(id.starts_with("extension-definition--") && is_id(id.as_bytes())) {
        return false;
    }
    let Some((place, values)) = rest.split_once(' ') else { return false };
    let slot = |text: &str| {
        let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        inner.is_some_and(|slot| slot.len() == 8 && slot.as_bytes().iter().all(is_hex))
    };
    matches!(place, "body[*]" | "system[*]" | "head" | "tail")
        && match values.strip_prefix("= ") {
            Some(value) => slot(value),
            None => values
                .strip_prefix("IN (")
                .and_then(|values| values.strip_suffix(')'))
                .is_some_and(|values| values.split(',').all(slot)),
        }
}

fn is_v4(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let small = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.len() <= 18
        && address.split('.').count() == 4
        && address.split('.').all(|part| small(part, 3))
        && length.is_none_or(|length| small(length, 2))
}

/// `2026-05-01T10:11:12.500Z`, with at most six digits behind the point.
fn is_time(text: &[u8]) -> bool {
    let Some((moment, rest)) = text.split_at_checked(19) else { return false };
    let fraction = match rest {
        [b'Z'] => true,
        [b'.', digits @ .., b'Z'] => (1..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    fraction
        && moment.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            10 => *byte == b'T',
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        })
}

/// `type--UUID`
fn is_id(text: &[u8]) -> bool {
    let Some((kind, uuid)) = text.len().checked_sub(36).and_then(|at| text.split_at_checked(at)) else { return false };
    let Some((kind, b"--")) = kind.len().checked_sub(2).and_then(|at| kind.split_at_checked(at)) else { return false };
    (3..=32).contains(&kind.len())
        && kind.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && uuid.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => is_hex(byte),
        })
}

fn is_hex(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}
