//! Content: values that have a form or parts of their own.
//! In: a value and the name of its shape. Out: faults.
//! Invariant: every shape that the table names is here.
//! Not here: plain values (`value.rs`).

use super::{Path, Report, Rules, object, value};
use crate::id;
use crate::json::{Node, Value};

/// Shapes that this file knows.
#[cfg(test)]
pub(super) const KNOWN: [&str; 21] = [
    "references",
    "phases",
    "granular",
    "extensions",
    "hashes",
    "dict",
    "record",
    "records",
    "objects",
    "contents",
    "hex",
    "binary",
    "url",
    "ipv4",
    "ipv6",
    "mac",
    "mime",
    "cpe",
    "lang",
    "type",
    "semver",
];

pub(super) fn check(shape: &str, node: &Node<'_>, path: &Path<'_>, rules: &Rules<'_>, report: &mut Report<'_>) {
    match shape {
        "references" => value::each(node, path, report, external),
        "phases" => value::each(node, path, report, phase),
        "granular" => value::each(node, path, report, granular),
        "hashes" => hashes(node, path, report),
        "dict" => dictionary(node, path, report),
        // What is in extensions is looked at by `extensions.rs`.
        "record" | "extensions" => {
            record(node, path, report);
        }
        "records" => value::each(node, path, report, |item, path, report| {
            record(item, path, report);
        }),
        "contents" => contents(node, path, report),
        "objects" => {
            if record(node, path, report) {
                for member in node.members() {
                    let inner = path.key(&member.key);
                    if member.node.field("id").is_some() {
                        object::check(&member.node, &inner, rules, report);
                    }
                }
            }
        }
        form => {
            if let Some(text) = value::text(node, path, report)
                && let Some(should) = misfit(form, text)
            {
                report.error(node.at, path, "form", format!("`{}` should be {should}", id::cut(text)));
            }
        }
    }
}

/// What a text should be that isn't.
fn misfit(form: &str, text: &str) -> Option<&'static str> {
    let (fits, should): (bool, &str) = match form {
        "hex" => (!text.is_empty() && text.len().is_multiple_of(2) && hex(text), "hexadecimal, two digits a byte"),
        "binary" => (base64(text), "base64"),
        "url" => (is_url(text), "a URL"),
        "ipv4" => (network::<std::net::Ipv4Addr>(text, 32), "an IPv4 address or CIDR range"),
        "ipv6" => (network::<std::net::Ipv6Addr>(text, 128), "an IPv6 address or CIDR range"),
        "mac" => (mac(text), "six pairs of lower-case hexadecimal digits with colons between"),
        "mime" => (mime(text), "a media type"),
        "cpe" => (text.starts_with("cpe:2.3:") && text.matches(':').count() >= 12, "a CPE 2.3 name"),
        "lang" => (language(text), "a language tag of RFC 5646"),
        "type" => (
            !text.is_empty() && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')),
            "lower-case letters, digits and hyphens",
        ),
        "semver" => {
            (text.split('.').count() == 3 && text.starts_with(|c: char| c.is_ascii_digit()), "a version such as 1.0.0")
        }
        _ => (true, ""),
    };
    (!fits).then_some(should)
}

/// External references (section 2.5).
fn external(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    if !record(node, path, report) {
        return;
    }
    let Some(source) = node.field("source_name") else {
        report.error(node.at, path, "required", "`source_name` is missing");
        return;
    };
    let source = value::text(source, &path.key("source_name"), report).unwrap_or_default();
    for name in ["description", "external_id"] {
        if let Some(field) = node.field(name) {
            value::text(field, &path.key(name), report);
        }
    }
    if ["description", "url", "external_id"].iter().all(|name| node.field(name).is_none()) {
        report.error(node.at, path, "required", "one of these is missing: description, url, external_id");
    }
    if let Some(field) = node.field("external_id")
        && let Some(external) = field.text()
    {
        let number = |prefix: &str| {
            external.strip_prefix(prefix).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
        };
        if (source == "cve" && !number("CVE-")) || (source == "capec" && !number("CAPEC-")) {
            report.error(
                field.at,
                &path.key("external_id"),
                "form",
                format!("`{}` is no id of `{source}`", id::cut(external)),
            );
        }
    }
    if let Some(url) = node.field("url") {
        let path = path.key("url");
        match value::text(url, &path, report) {
            Some(text) if !is_url(text) => {
                report.error(url.at, &path, "form", format!("`{}` should be a URL", id::cut(text)))
            }
            Some(_) if node.field("hashes").is_none() => {
                report.warn(url.at, &path, "recommended", "a `url` should come with `hashes`")
            }
            _ => {}
        }
    }
    if let Some(field) = node.field("hashes") {
        hashes(field, &path.key("hashes"), report);
    }
}

/// Kill-chain phases (section 2.11).
fn phase(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    if !record(node, path, report) {
        return;
    }
    for name in ["kill_chain_name", "phase_name"] {
        let path = path.key(name);
        match node.field(name) {
            None => report.error(node.at, &path, "required", format!("`{name}` is missing")),
            Some(field) => {
                if let Some(text) = value::text(field, &path, report)
                    && text.chars().any(|c| c.is_uppercase() || c == '_' || c == ' ')
                {
                    report.warn(
                        field.at,
                        &path,
                        "vocabulary-form",
                        "should be in lower case, with hyphens between words",
                    );
                }
            }
        }
    }
}

/// Granular markings (section 7.2.3).
fn granular(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    if !record(node, path, report) {
        return;
    }
    match node.field("selectors") {
        None => report.error(node.at, path, "required", "`selectors` is missing"),
        Some(field) => value::each(field, &path.key("selectors"), report, |item, path, report| {
            value::text(item, path, report);
        }),
    }
    match (node.field("marking_ref"), node.field("lang")) {
        (None, None) => report.error(node.at, path, "required", "one of these is missing: marking_ref, lang"),
        (Some(_), Some(lang)) => {
            report.error(lang.at, path, "excluded", "only one of these may be there: marking_ref, lang")
        }
        (Some(field), None) => {
            let path = path.key("marking_ref");
            if let Some(text) = value::text(field, &path, report)
                && let Err(because) = id::check(text, Some("marking-definition"))
            {
                report.error(field.at, &path, "reference", because);
            }
        }
        (None, Some(lang)) => {
            value::text(lang, &path.key("lang"), report);
        }
    }
}

/// Hashes (section 2.7): of the algorithms that are known, the length and digits are.
pub(super) fn hashes(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    if !record(node, path, report) {
        return;
    }
    for member in node.members() {
        let path = path.key(&member.key);
        let Some(text) = value::text(&member.node, &path, report) else { continue };
        let digits = match member.key.as_ref() {
            "MD5" => 32,
            "SHA-1" => 40,
            "SHA-256" | "SHA3-256" => 64,
            "SHA-512" | "SHA3-512" => 128,
            "SSDEEP" if text.len() <= 148 => continue,
            "TLSH" if matches!(text.len(), 70 | 72) => continue,
            "SSDEEP" | "TLSH" => {
                report.error(member.node.at, &path, "hash", format!("is no {}", member.key));
                continue;
            }
            other => {
                if !(3..=250).contains(&other.len())
                    || !other.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
                {
                    report.error(
                        member.key_at,
                        &path,
                        "key",
                        "a hash's name is 3 to 250 letters, digits, hyphens and underscores",
                    );
                } else {
                    report.warn(
                        member.key_at,
                        &path,
                        "vocabulary",
                        "is not in the open vocabulary `hash-algorithm-ov`",
                    );
                }
                continue;
            }
        };
        if text.len() != digits || !hex(text) {
            report.error(member.node.at, &path, "hash", format!("a {} has {digits} hexadecimal digits", member.key));
        }
    }
}

/// Dictionaries (section 2.4): keys of 1 to 250 letters, digits, hyphens and underscores.
fn dictionary(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    if !record(node, path, report) {
        return;
    }
    for member in node.members() {
        let path = path.key(&member.key);
        let key = member.key.as_ref();
        if !(1..=250).contains(&key.len())
            || !key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        {
            report.error(member.key_at, &path, "key", "a key is 1 to 250 letters, digits, hyphens and underscores");
        }
        if matches!(member.node.value, Value::Null) {
            report.error(member.node.at, &path, "null", "null is no value; leave the key out");
        }
    }
}

/// Translations (section 7.1): language tags, and in each properties.
fn contents(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) {
    if !record(node, path, report) {
        return;
    }
    for member in node.members() {
        let path = path.key(&member.key);
        if !language(&member.key) {
            report.error(member.key_at, &path, "key", "should be a language tag of RFC 5646");
        }
        record(&member.node, &path, report);
    }
}

/// An object that isn't empty.
pub(super) fn record(node: &Node<'_>, path: &Path<'_>, report: &mut Report<'_>) -> bool {
    match &node.value {
        Value::Object(members) if members.is_empty() => {
            report.error(node.at, path, "empty", "must not be empty; leave the property out");
            false
        }
        Value::Object(_) => true,
        _ => {
            report.kind(node, path, "an object");
            false
        }
    }
}

fn hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// A scheme, a colon, something, and no white space (RFC 3986, section 3).
fn is_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
            && !rest.is_empty()
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

fn network<A: std::str::FromStr>(text: &str, most: u8) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    // An IPv6 zone names an interface, not an address; it is let through.
    let address = address.split_once('%').map_or(address, |(address, _)| if most == 128 { address } else { "" });
    address.parse::<A>().is_ok() && bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most))
}

fn mac(text: &str) -> bool {
    text.len() == 17
        && text.split(':').count() == 6
        && text.split(':').all(|pair| pair.len() == 2 && pair.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

fn mime(text: &str) -> bool {
    text.split_once('/').is_some_and(|(kind, rest)| {
        ["application", "audio", "font", "image", "message", "model", "multipart", "text", "video"].contains(&kind)
            && !rest.is_empty()
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'_' | b'-'))
    })
}

/// The form of a tag: a language of 2 to 8 letters, then subtags of 1 to 8 letters or digits.
fn language(text: &str) -> bool {
    let mut tags = text.split('-');
    tags.next().is_some_and(|first| (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic()))
        && tags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()))
}
