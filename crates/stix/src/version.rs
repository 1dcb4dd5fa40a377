//! Version: when an object is a new version of itself.
//! In: what was sent before, what would be sent now, the time. Out: the old text, or a new version of it.
//! Invariant: the same content is the same version; changed content has a later `modified`; `created` never changes.
//! Not here: whose object it is (only its creator may make versions; STIX 2.1, section 3.6).

use serde_json::{Map, Value, json};
use stillwatch_model::canonical;

use crate::made::text;
use crate::object::NotAnObject;

/// The version to send: `before` unchanged where `now_says` has the same content, else `now_says` with the `created` of
/// `before` and a later `modified`: the time `at`, or a millisecond after the last where `at` isn't later.
///
/// # Errors
/// When one of the texts is no STIX object.
pub fn next(before: &str, now_says: &str, at: &str) -> Result<String, NotAnObject> {
    let (old, mut new) = (map(before)?, map(now_says)?);
    let dated = |object: &Map<String, Value>| {
        let mut content = object.clone();
        content.remove("created");
        content.remove("modified");
        canonical::encode(&content).unwrap_or_default()
    };
    if dated(&old) == dated(&new) {
        return Ok(before.to_owned());
    }
    for name in ["created", "modified"] {
        if let Some(value) = old.get(name) {
            new.insert(name.to_owned(), value.clone());
        }
    }
    if new.contains_key("modified") {
        new.insert("modified".to_owned(), json!(later(new.get("modified").and_then(Value::as_str), at)));
    }
    Ok(text(&new))
}

/// A version that takes the object back (STIX 2.1, section 3.6.3): the same content, `revoked`, later.
/// A revoked object stays as it is.
///
/// # Errors
/// When the text is no STIX object, or one that has no versions.
pub fn revoke(before: &str, at: &str) -> Result<String, NotAnObject> {
    let mut object = map(before)?;
    if object.get("revoked") == Some(&Value::Bool(true)) {
        return Ok(before.to_owned());
    }
    let Some(modified) = object.get("modified").and_then(Value::as_str).map(str::to_owned) else {
        return Err(NotAnObject {
            at: 0,
            property: Some("modified"),
            code: "required",
            because: "an object without `modified` has no versions and can't be revoked".to_owned(),
            hint: Some("revoke the objects that refer to it"),
        });
    };
    object.insert("revoked".to_owned(), Value::Bool(true));
    object.insert("modified".to_owned(), json!(later(Some(&modified), at)));
    Ok(text(&object))
}

fn map(raw: &str) -> Result<Map<String, Value>, NotAnObject> {
    crate::Object::read(raw, crate::Limits::default().depth)?;
    serde_json::from_str(raw).map_err(|error| NotAnObject {
        at: 0,
        property: None,
        code: "syntax",
        because: error.to_string(),
        hint: None,
    })
}

/// `at`, but later than `before`.
fn later(before: Option<&str>, at: &str) -> String {
    let before = before.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let at = at.parse::<jiff::Timestamp>().ok().or(before).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    match before {
        Some(before) if at.as_millisecond() <= before.as_millisecond() => write(before.as_millisecond() + 1),
        _ => write(at.as_millisecond()),
    }
}

/// A timestamp as STIX wants it: UTC, milliseconds (STIX 2.1, section 3.2: `created` and `modified` have at least three digits).
#[must_use]
pub fn timestamp(text: &str) -> Option<String> {
    text.parse::<jiff::Timestamp>().ok().map(|time| write(time.as_millisecond()))
}

fn write(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = r#"{"type":"tool","id":"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","spec_version":"2.1","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-02T00:00:00.000Z","name":"a"}"#;

    #[test]
    fn the_same_content_is_the_same_version() -> Result<(), NotAnObject> {
        let same = FIRST.replace("2026-01-02", "2026-05-05");
        assert_eq!(next(FIRST, &same, "2026-06-01T00:00:00Z")?, FIRST);
        Ok(())
    }

    #[test]
    fn other_content_is_a_later_version() -> Result<(), NotAnObject> {
        let other = FIRST.replace("\"a\"", "\"b\"").replace("2026-01-01", "2026-03-03");
        let made = next(FIRST, &other, "2026-06-01T00:00:00Z")?;
        assert!(made.contains(r#""created":"2026-01-01T00:00:00.000Z""#), "{made}");
        assert!(made.contains(r#""modified":"2026-06-01T00:00:00.000Z""#), "{made}");
        // A clock that went back still makes a later version.
        assert!(next(FIRST, &other, "2020-01-01T00:00:00Z")?.contains("2026-01-02T00:00:00.001Z"));
        Ok(())
    }

    #[test]
    fn what_is_taken_back_says_so_once() -> Result<(), NotAnObject> {
        let revoked = revoke(FIRST, "2026-06-01T00:00:00Z")?;
        assert!(revoked.contains(r#""revoked":true"#) && revoked.contains("2026-06-01T00:00:00.000Z"));
        assert_eq!(revoke(&revoked, "2026-07-01T00:00:00Z")?, revoked);
        assert!(revoke(r#"{"type":"ipv4-addr","id":"ipv4-addr--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f"}"#, "").is_err());
        Ok(())
    }
}
