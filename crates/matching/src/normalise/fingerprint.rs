//! Fingerprint: JA4, and fingerprints that are compared as given.
//! In: text. Out: the same text, in lower case for JA4.
//! Invariant: nothing is guessed about a fingerprint of another's making.
//! Not here: making fingerprints.

type Canonical = std::result::Result<String, &'static str>;

/// JA4 (TLS client): protocol, version, SNI, counts of ciphers and extensions, first ALPN; then two hashes of 12 hex digits.
pub(super) fn ja4(value: &str) -> Canonical {
    let value = value.to_ascii_lowercase();
    let bad = "it isn't JA4 like `t13d1516h2_8daaf6152771_e5627efa2ab1`";
    let mut parts = value.split('_');
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(bad);
    };
    let &[protocol, v1, v2, sni, c1, c2, e1, e2, p1, p2] = a.as_bytes() else { return Err(bad) };
    let version = [v1, v2];
    let versions: [&[u8; 2]; 10] = [b"13", b"12", b"11", b"10", b"s3", b"s2", b"d1", b"d2", b"d3", b"00"];
    let holds = b"tqd".contains(&protocol)
        && versions.contains(&&version)
        && b"di".contains(&sni)
        && [c1, c2, e1, e2].iter().all(u8::is_ascii_digit)
        && [p1, p2].iter().all(u8::is_ascii_alphanumeric)
        && [b, c].iter().all(|hash| hash.len() == 12 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if holds { Ok(value) } else { Err(bad) }
}

/// 8 to 256 visible ASCII characters: shorter ones would be guessable, and anything else was garbled on its way.
pub(super) fn as_given(value: &str) -> Canonical {
    if !(8..=256).contains(&value.len()) {
        return Err("it isn't 8 to 256 characters long");
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it has spaces, or characters outside ASCII");
    }
    Ok(value.to_owned())
}
