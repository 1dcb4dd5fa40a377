//! Media: which media types a client accepts, and in which it sends (TAXII 2.1, section 1.6.8).
//! In: `Accept`, `Content-Type`. Out: whether TAXII 2.1 is accepted; what the body is.
//! Invariant: a more specific range of media types wins, however they are ordered; names and values are compared without case.
//! Not here: the body.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use mediatype::{MediaType, MediaTypeList, ReadParams};

/// What a body is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// A TAXII envelope.
    Envelope,
    /// A STIX bundle, which some send in its place.
    Bundle,
}

/// Whether the client takes TAXII 2.1; it does where it doesn't say (RFC 9110, section 12.5.1).
#[must_use]
pub fn accepts_taxii(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all(ACCEPT).iter().peekable();
    if said.peek().is_none() {
        return true;
    }
    let all: Option<Vec<&str>> = said.map(|value| value.to_str().ok()).collect();
    all.is_some_and(|all| accepts(&all.join(",")))
}

/// Whether a list of ranges accepts TAXII 2.1.
#[must_use]
pub fn accepts(list: &str) -> bool {
    // How specific the best range is, and its weight; of two alike the heavier.
    let mut best: Option<(u8, u16)> = None;
    for range in MediaTypeList::new(&tidy(list)).flatten() {
        let Some(specific) = specific(&range) else { continue };
        best = best.max(Some((specific, weight(&range))));
    }
    best.is_some_and(|(_, weight)| weight > 0)
}

/// How specifically a range names TAXII 2.1; `None` where it doesn't.
fn specific(range: &MediaType<'_>) -> Option<u8> {
    let is = |is: &str, name: &str| is.eq_ignore_ascii_case(name);
    let suffix = range.suffix.map(|suffix| suffix.as_str().to_ascii_lowercase());
    let specific = match (range.ty.as_str(), range.subty.as_str(), suffix.as_deref()) {
        ("*", "*", None) => 0,
        (ty, "*", None) if is(ty, "application") => 1,
        (ty, subty, Some("json")) if is(ty, "application") && is(subty, "taxii") => 2,
        _ => return None,
    };
    match version(range) {
        None => Some(specific),
        Some(version) if version == "2.1" && specific == 2 => Some(3),
        Some(_) => None,
    }
}

/// The `version` parameter, which stands before the weight.
fn version(range: &MediaType<'_>) -> Option<String> {
    let params = range.params();
    params
        .into_iter()
        .find(|(name, _)| name.as_str().eq_ignore_ascii_case("version"))
        .map(|(_, v)| v.unquoted_str().into())
}

/// The weight in thousandths (RFC 9110, section 12.4.2); what can't be read weighs nothing.
fn weight(range: &MediaType<'_>) -> u16 {
    let Some((_, q)) = range.params().find(|(name, _)| name.as_str().eq_ignore_ascii_case("q")) else { return 1_000 };
    let q = q.unquoted_str();
    let (whole, fraction) = q.split_once('.').unwrap_or((&q, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" if fraction.bytes().all(|b| b == b'0') => 1_000,
        "0" => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// What a body is; `None` where it is nothing that is taken here.
#[must_use]
pub fn sent(headers: &HeaderMap) -> Option<Sent> {
    let mut said = headers.get_all(CONTENT_TYPE).iter();
    let (Some(one), None) = (said.next(), said.next()) else { return None };
    let text = tidy(one.to_str().ok()?);
    let kind = MediaType::parse(&text).ok()?;
    let fits = |name: &str| {
        kind.ty.as_str().eq_ignore_ascii_case("application")
            && kind.subty.as_str().eq_ignore_ascii_case(name)
            && kind.suffix.is_some_and(|s| s.as_str().eq_ignore_ascii_case("json"))
            && version(&kind).is_none_or(|version| version == "2.1")
    };
    if fits("taxii") {
        return Some(Sent::Envelope);
    }
    fits("stix").then_some(Sent::Bundle)
}

/// Without the white space that RFC 9110 allows before `;` and `,`, which the parser doesn't know. None is in quotes here.
fn tidy(list: &str) -> String {
    let mut tidy = String::with_capacity(list.len());
    let mut quoted = false;
    for c in list.chars() {
        match c {
            '"' => quoted = !quoted,
            ';' | ',' if !quoted => tidy.truncate(tidy.trim_end_matches([' ', '\t']).len()),
            _ => {}
        }
        tidy.push(c);
    }
    tidy.trim_matches([' ', '\t']).to_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accept_is_read_as_http_says() {
        for (list, expected) in [
            ("application/taxii+json;version=2.1", true),
            ("application/taxii+json; version=2.1", true),
            ("application/taxii+json ; version=2.1", true),
            ("application/taxii+json;version=\"2.1\"", true),
            ("Application/TAXII+JSON;Version=2.1", true),
            ("application/taxii+json", true),
            ("application/*", true),
            ("*/*", true),
            ("text/html, application/taxii+json;version=2.0, application/taxii+json;version=2.1;q=0.1", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/taxii+json;version=2.1;q=0", false),
            ("application/taxii+json;version=2.1;q=0.000, */*", false),
            ("*/*;q=0, application/taxii+json", true),
            ("application/taxii+json;q=0,application/taxii+json;version=2.1", true),
            ("application/taxii+json;version=2.0", false),
            ("application/taxii+json;version=2.2", false),
            ("application/vnd.oasis.taxii+json;version=2.0", false),
            ("application/json", false),
            ("text/html", false),
            ("application/taxii+json;version=2.1;q=nonsense", false),
            ("", false),
            (",,", false),
            ("nonsense", false),
            ("a/b, nonsense, application/taxii+json", true),
        ] {
            assert_eq!(accepts(list), expected, "{list}");
        }
    }

    #[test]
    fn content_types_are_told_apart() {
        for (text, expected) in [
            ("application/taxii+json;version=2.1", Some(Sent::Envelope)),
            ("application/taxii+json", Some(Sent::Envelope)),
            ("application/taxii+json ; charset=utf-8 ; version=2.1", Some(Sent::Envelope)),
            ("application/stix+json;version=2.1", Some(Sent::Bundle)),
            ("application/stix+json", Some(Sent::Bundle)),
            ("application/taxii+json;version=2.0", None),
            ("application/stix+json;version=2.0", None),
            ("application/json", None),
            ("text/plain", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(text));
            assert_eq!(sent(&headers), expected, "{text}");
        }
        assert_eq!(sent(&HeaderMap::new()), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(list in "[ -~\t]{0,60}") {
            let _ = accepts(&list);
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_str(&list) {
                headers.insert(CONTENT_TYPE, value);
                let _ = sent(&headers);
            }
        }

        #[test]
        fn what_else_is_accepted_does_not_matter(
            others in prop::collection::vec("(text/html|image/\\*;q=0\\.[0-9]|application/json ;a=\"b,c\")", 0..4),
            at in 0usize..4,
            space in "[ \t]{0,2}",
        ) {
            let mut all = others.clone();
            all.insert(at.min(all.len()), format!("application/taxii+json{space};{space}version=2.1"));
            prop_assert!(accepts(&all.join(",")));
            prop_assert!(!accepts(&others.join(",")));
        }
    }
}
