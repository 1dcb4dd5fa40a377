//! Id: identifiers of STIX objects, checked and made.
//! In: a text, or the properties that make an id. Out: whether it is one; the deterministic id.
//! Invariant: the same content has the same id on every machine.
//! Not here: versions of one object (`version.rs`).

use serde_json::{Map, Value};
use stillwatch_model::canonical;
use uuid::Uuid;

/// Namespace of the ids of cyber-observable objects (STIX 2.1, section 2.9).
const OBSERVABLE: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// The properties that an observable's id is made from (STIX 2.1, section 6, 'ID Contributing Properties').
const CONTRIBUTING: [(&str, &[&str]); 18] = [
    ("artifact", &["hashes", "payload_bin"]),
    ("autonomous-system", &["number"]),
    ("directory", &["path"]),
    ("domain-name", &["value"]),
    ("email-addr", &["value"]),
    ("email-message", &["from_ref", "subject", "body"]),
    ("file", &["hashes", "name", "extensions", "parent_directory_ref"]),
    ("ipv4-addr", &["value"]),
    ("ipv6-addr", &["value"]),
    ("mac-addr", &["value"]),
    ("mutex", &["name"]),
    ("network-traffic", &["start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"]),
    ("software", &["name", "cpe", "swid", "vendor", "version"]),
    ("url", &["value"]),
    ("user-account", &["account_type", "user_id", "account_login"]),
    ("windows-registry-key", &["key", "values"]),
    ("x509-certificate", &["hashes", "serial_number"]),
    ("process", &[]),
];

/// Checks that `id` is `type--UUID` (STIX 2.1, section 2.9), of that type where one is given.
///
/// # Errors
/// What is wrong, a sentence.
pub fn check(id: &str, kind: Option<&str>) -> Result<(), String> {
    let Some((before, uuid)) = id.split_once("--") else {
        return Err(format!("`{}` is no id: it should be a type, `--` and a UUID", cut(id)));
    };
    if let Some(kind) = kind
        && before != kind
    {
        return Err(format!("the id `{}` begins with `{}`, but the object is a `{}`", cut(id), cut(before), cut(kind)));
    }
    if !is_type(before) {
        return Err(format!("`{}` in the id is no type name", cut(before)));
    }
    if !is_uuid(uuid) {
        return Err(format!("`{}` in the id is no UUID", cut(uuid)));
    }
    Ok(())
}

/// The type that an id names.
#[must_use]
pub fn kind(id: &str) -> &str {
    id.split_once("--").map_or("", |(kind, _)| kind)
}

/// A type name: lower-case letters, digits and single hyphens, 3 to 250 characters (STIX 2.1, section 3.1).
#[must_use]
pub fn is_type(name: &str) -> bool {
    (3..=250).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.contains("--")
}

/// A UUID of RFC 4122: hyphens at their places, a version of 1 to 5 and the RFC's variant. Version 6 to 8 came later and pass too.
fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => matches!(byte, b'1'..=b'8'),
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The version digit of an id's UUID.
#[must_use]
pub fn uuid_version(id: &str) -> Option<char> {
    id.split_once("--").and_then(|(_, uuid)| uuid.chars().nth(14))
}

/// The id of a domain or relationship object that we make: version 5 over the canonical form of what makes it that object.
#[must_use]
pub fn domain(kind: &str, content: &Value) -> String {
    canonical::id(kind, content)
}

/// The id of a relationship: it is what it ties, and how.
#[must_use]
pub fn relationship(source: &str, kind: &str, target: &str) -> String {
    domain("relationship", &serde_json::json!([source, kind, target]))
}

/// The id of a cyber-observable object (STIX 2.1, section 2.9): version 5 over the canonical form of the contributing
/// properties that it has. `None` where the type has none of them: such an object has a random id.
#[must_use]
pub fn observable(kind: &str, properties: &Map<String, Value>) -> Option<String> {
    let (_, contributing) = CONTRIBUTING.iter().find(|(name, _)| *name == kind)?;
    let mut content = Map::new();
    for name in *contributing {
        if let Some(value) = properties.get(*name) {
            let value = if *name == "hashes" { strongest(value) } else { value.clone() };
            content.insert((*name).to_owned(), value);
        }
    }
    if content.is_empty() {
        return None;
    }
    let bytes = canonical::encode(&content).ok()?;
    Some(format!("{kind}--{}", Uuid::new_v5(&OBSERVABLE, &bytes)))
}

/// Of several hashes one contributes: the first of this order that is there, else the first by name (section 2.9).
fn strongest(hashes: &Value) -> Value {
    let Some(all) = hashes.as_object() else { return hashes.clone() };
    let mut names: Vec<_> = all.keys().collect();
    names.sort();
    let first = ["MD5", "SHA-1", "SHA-256", "SHA-512"].into_iter().find(|name| all.contains_key(*name));
    let Some(name) = first.or(names.first().map(|name| name.as_str())) else { return hashes.clone() };
    let mut one = Map::new();
    one.insert(name.to_owned(), all.get(name).cloned().unwrap_or_default());
    Value::Object(one)
}

/// What is quoted of other people's text in a sentence.
pub(crate) fn cut(text: &str) -> String {
    if text.chars().count() <= 80 {
        return text.to_owned();
    }
    text.chars().take(79).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Those that OASIS' own library makes (`stix2` 3.0.2 for Python); the specification's examples were made before its rule.
    #[test]
    fn observables_have_the_ids_that_oasis_makes() {
        for (kind, content, id) in [
            ("ipv4-addr", json!({"value": "198.51.100.3"}), "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"),
            ("domain-name", json!({"value": "example.com"}), "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"),
            (
                "url",
                json!({"value": "https://example.com/research/index.html"}),
                "url--47c3cf9a-5027-5bf0-997a-017c7edc7c55",
            ),
            ("autonomous-system", json!({"number": 15139}), "autonomous-system--3aa27478-50b5-5ab8-9da9-cdc12b657fff"),
            (
                "file",
                json!({"name": "foo.exe", "hashes": {
                    "SHA-256": "6db12788c37247f2316052e142f42f4b259d6561751e5f401a1ae2a6df9c674b",
                    "MD5": "1717b7fff97d37a1e1a0029d83492de1",
                }}),
                "file--ccb7459a-4c7d-511e-b750-7cd176ab4734",
            ),
        ] {
            let properties = content.as_object().cloned().unwrap_or_default();
            assert_eq!(observable(kind, &properties).as_deref(), Some(id));
        }
        assert_eq!(observable("process", &Map::new()), None);
    }

    #[test]
    fn ids_are_checked() {
        assert_eq!(check("tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", Some("tool")), Ok(()));
        for wrong in [
            "tool",
            "--",
            "tool--",
            "Tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "tool--8e2e2d2b17d44cbf938f98ee46b3cd3f",
            "tool--8e2e2d2b-17d4-0cbf-938f-98ee46b3cd3f",
            "tool--8e2e2d2b-17d4-4cbf-c38f-98ee46b3cd3f",
        ] {
            assert!(check(wrong, None).is_err(), "{wrong}");
        }
    }
}
